#!/bin/sh
# A known picture has its label whatever a driver leaves out or gets wrong (odd_driver.c).
# shellcheck source=Tools/vm/guest/cameras.sh
. /payload/cameras.sh
# shellcheck source=Tools/vm/guest/daemon.sh
. /payload/daemon.sh
failed=0

fail() {
  echo "odd_drivers: $*"
  tail -n 5 $log
  failed=1
}
# shellcheck disable=SC2317 # under calls it
says() { tail -n 3 "$log" | grep -q "$1"; }
# under ODDITIES COMMAND...: the command succeeds within ten seconds.
under() {
  export ODD="$1" LD_PRELOAD=/payload/odd_driver.so
  shift
  forget
  daemon_start --device /dev/video0 --set camera.format=YUYV --set camera.gain=3
  unset LD_PRELOAD
  within 10 "$@" || fail "$ODD: not within ten seconds: $*"
  daemon_stop || fail "$ODD: status $daemon_status at its end, expected 0"
}

hdmi_load YUYV || exit 1
hdmi_play $pictures/stop.yuyv
for odd in sizes intervals rates formats inputs events controls layout clock future sequence short empty bandwidth \
  sizes,intervals,rates,formats,inputs,events,controls,layout,clock,sequence,short; do
  under $odd sees stop
done
under bandwidth says 'no bandwidth left'
under all_short says 'no good frame at all for 3000 ms, bad ones [1-9]'
hdmi_stop
modprobe -r vivid
[ $failed = 1 ] || echo "odd_drivers: 15 oddities, the right label with each"
exit $failed
