# shellcheck shell=sh
# The daemon in front of a camera, for tests in the virtual machine: sourced after cameras.sh.

results=/tmp/results log=/tmp/log

# daemon_start OPTION...: as an ordinary user in the group video, on any camera, each frame by itself.
daemon_start() {
  : >>$log
  chmod 666 $log
  : >$results
  chmod 666 $results
  su -s /bin/sh edgecnn -c "exec /payload/cnncamd /payload/model.bin --json --set http.enabled=no \
    --set results.smoothing=0 --set camera.frozen=1s $* >>$results 2>>$log" &
  daemon=$!
}
# daemon_stop: milliseconds until it ended are left in $daemon_took; fails where its status is not 0.
daemon_stop() {
  daemon_took=$(uptime_ms)
  kill "$daemon"
  wait "$daemon"
  daemon_status=$?
  daemon_took=$(($(uptime_ms) - daemon_took))
  [ $daemon_status = 0 ]
}
daemon_runs() { kill -0 "$daemon" 2>/dev/null; }
# What must not grow: descriptors and mappings.
daemon_holds() {
  set -- "/proc/$daemon/fd"/*
  echo "$# descriptors, $(wc -l <"/proc/$daemon/maps") mappings"
}

# label: that of the last result which is a whole line.
label() {
  tail -n 2 $results | sed -n '1s/.*"class":[0-9]*,"label":"\([^"]*\)","score":[^}]*"changed".*/\1/p'
}
sees() { [ "$(label)" = "$1" ]; }
# has_new: a result since they were forgotten.
forget() { : >$results; }
has_new() { [ -s $results ]; }
