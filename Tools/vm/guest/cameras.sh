# shellcheck shell=sh
# shellcheck disable=SC2034 # variables are for those who source it
# Cameras that are not there, for scripts in the virtual machine: sourced.

pictures=/payload/pictures

# uptime_ms: milliseconds since the machine started, in steps of ten.
uptime_ms() {
  read -r uptime_now _ </proc/uptime
  echo "${uptime_now%.*}${uptime_now#*.}0"
}

# within SECONDS COMMAND...: until the command succeeds; fails when it did not in time.
within() {
  within_end=$(($(uptime_ms) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(uptime_ms)" -lt $within_end ] || return 1
    usleep 20000
  done
}

# node NAME: the first node of the camera whose name begins so.
node() {
  for node_name in /sys/class/video4linux/video*/name; do
    case $(cat "$node_name" 2>/dev/null) in
    "$1"*) node_name=${node_name%/name} && echo "/dev/${node_name##*/}" && return ;;
    esac
  done
  return 1
}
# give NODE: what udev does where it runs: members of the group video may use the camera.
give() { chown root:video "$1" && chmod 660 "$1"; }

# A camera of 640 x 480 that an HDMI cable joins to a player, at /dev/video0 and /dev/video1: hdmi_load FORMAT.
hdmi_load() {
  # 0x101: capture and output; inputs of kind 3, outputs of kind 1: HDMI
  modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=0x3 num_outputs=1 output_types=0x1 \
    vid_cap_nr=0 vid_out_nr=1 || return 1
  hdmi_join "$1"
}
hdmi_join() {
  within 5 test -e /dev/video1 || return 1
  for hdmi_node in 0 1; do v4l2-ctl -d $hdmi_node --set-dv-bt-timings index=0 >/dev/null; done # 640x480
  v4l2-ctl -d 1 --set-fmt-video-out="width=640,height=480,pixelformat=$1"
  v4l2-ctl -d 0 --set-fmt-video="width=640,height=480,pixelformat=$1"
  # Without the text over the picture; the switch of the cable has another name since Linux 6.12.
  v4l2-ctl -d 0 -c osd_text_mode=2
  v4l2-ctl -d 0 -c loop_video=1 2>/dev/null || v4l2-ctl -d 0 -c hdmi_000_0_is_connected_to=2
  # Of 60 frames a second 20, which are less to emulate.
  v4l2-ctl -d 0 -c percentage_of_dropped_buffers=67
  give /dev/video0
}
# hdmi_play FILE: what the player shows from now on.
hdmi_play() {
  hdmi_stop
  v4l2-ctl -d 1 --stream-out-mmap=4 --stream-from="$1" --stream-loop >/dev/null 2>&1 &
  hdmi_player=$!
}
hdmi_stop() {
  [ -z "${hdmi_player:-}" ] || { kill "$hdmi_player" && wait "$hdmi_player"; } 2>/dev/null
  hdmi_player=
}

# usb_plug FILE...: a USB camera of these pictures, of 640 x 480 unless there are options of usb_camera before them. Its node
# is left in $usb_node once it is there, which only root may use before it is given.
usb_plug() {
  modprobe vhci_hcd && modprobe uvcvideo || return 1
  [ -p /tmp/orders ] || mkfifo /tmp/orders
  exec 9<>/tmp/orders
  case $1 in
  -*) ;;
  *) set -- -s 640x480 "$@" ;;
  esac
  (cd "$pictures" && exec /payload/usb_camera "$@" <&9) &
  usb_camera=$!
  within 10 node 'Test camera' || return 1
  usb_node=$(node 'Test camera')
}
usb_unplug() {
  kill "$usb_camera"
  wait "$usb_camera" 2>/dev/null
  within 5 usb_is_gone
}
# shellcheck disable=SC2317 # within calls it
usb_is_gone() { ! node 'Test camera'; }
# usb_order WORDS: see usb_camera.c; for the camera that is there, or the next one.
usb_order() { echo "$*" >&9; }

# hold NODE, let_go: somebody who keeps a node open, so that a camera which comes back gets another one.
hold() {
  # shellcheck disable=SC2217 # it only holds it
  sleep 1000 <"$1" &
  holder=$!
  within 5 holds "$1"
}
# shellcheck disable=SC2317 # within calls it
holds() { [ "$(readlink "/proc/$holder/fd/0")" = "$1" ]; }
let_go() {
  kill "$holder"
  wait "$holder" 2>/dev/null
}
