#!/bin/sh
# Known pictures through V4L2 have their labels; the daemon ends within a second.
# shellcheck source=Tools/vm/guest/cameras.sh
. /payload/cameras.sh
# shellcheck source=Tools/vm/guest/daemon.sh
. /payload/daemon.sh
failed=0

fail() {
  echo "pictures: $*"
  tail -n 5 $log
  failed=1
}
# expect LABEL WHAT: within ten seconds.
expect() {
  forget
  expect_since=$(uptime_ms)
  if within 10 sees "$1"; then
    echo "pictures: $2: $1 after $(($(uptime_ms) - expect_since)) ms"
  else
    fail "$2: '$(label)', expected $1"
  fi
}
stop() {
  daemon_stop || fail "status $daemon_status at its end, expected 0"
  [ "$daemon_took" -le 1000 ] || fail "$daemon_took ms until its end, expected at most 1000"
  echo "pictures: SIGTERM: ended after $daemon_took ms"
}

for format in YUYV NV12; do
  suffix=$(echo $format | tr '[:upper:]' '[:lower:]')
  hdmi_load $format || exit 1
  hdmi_play "$pictures/stop.$suffix"
  daemon_start --device /dev/video0 --set camera.format=$format
  expect stop "HDMI, $format"
  hdmi_play "$pictures/yield.$suffix"
  expect yield "HDMI, $format"
  stop
  hdmi_stop
  modprobe -r vivid
done
daemon_start
sleep 0.5
for file in no-entry.jpg speed-50.yuyv; do
  usb_plug $file || exit 1
  give "$usb_node"
  expect ${file%.*} "USB, ${file#*.}"
  usb_unplug
done
stop
exit $failed
