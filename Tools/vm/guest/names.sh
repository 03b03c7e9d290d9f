#!/bin/sh
# Names that stay, with udev: the daemon finds its camera by one after it came back at another node.
# shellcheck source=Tools/vm/guest/cameras.sh
. /payload/cameras.sh
# shellcheck source=Tools/vm/guest/daemon.sh
. /payload/daemon.sh
names=/dev/edgecnn failed=0

fail() {
  echo "names: $*"
  ls -l $names 2>&1
  tail -n 5 $log
  failed=1
}
# leads NAME NODE: a link that members of the group video may use; a name may end in *.
# shellcheck disable=SC2317,SC2086 # called by within; expanded when it is there
leads() { [ "$(readlink -f $names/$1)" = "$2" ] && [ "$(stat -c '%G %a' "$2")" = 'video 660' ]; }
# named NODE: all names lead to it.
named() {
  for name in camera "camera-EdgeCNN_Test_camera_$serial" 'camera-at-*'; do
    within 5 leads "$name" "$1" || fail "$name does not lead to $1"
  done
}

mkdir -p /run/udev/rules.d
cp /payload/*.rules /run/udev/rules.d/
ln -s /usr/bin/udevadm /tmp/systemd-udevd
: >$log
/tmp/systemd-udevd --daemon 2>/dev/null || exit 1
serial=7
usb_plug -i $serial -s 640x480 stop.jpg || exit 1
named "$usb_node"
daemon_start --device $names/camera-EdgeCNN_Test_camera_$serial
within 10 sees stop || fail "'$(label)', expected stop"
echo "names: $(cd $names && echo *) lead to $usb_node, which is seen"

before=$usb_node
hold "$before"
usb_unplug
usb_plug -i $serial -s 640x480 yield.jpg
[ "$usb_node" != "$before" ] || fail "the camera came back as $before"
named "$usb_node"
within 10 sees yield || fail "'$(label)', expected yield"
echo "names: the same lead to $usb_node, which is seen"
let_go
daemon_stop || fail "status $daemon_status at its end, expected 0"
usb_unplug
killall systemd-udevd
exit $failed
