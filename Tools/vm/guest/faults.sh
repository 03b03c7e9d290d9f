#!/bin/sh
# Every fault of a camera, again and again: the daemon is back within two seconds of the camera's return, and holds no more than
# it did before.
# Usage: faults.sh NUMBER
# shellcheck source=Tools/vm/guest/cameras.sh
. /payload/cameras.sh
# shellcheck source=Tools/vm/guest/daemon.sh
. /payload/daemon.sh
number=$1
done_so_far=0 failed=0 slowest=0

usb_faults="unplugged elsewhere cut denied frozen busy other_format frozen_briefly garbled flagged short refused"
hdmi_faults="io_error removed flagged_frames start_refused no_frames buffers_refused queue_refused no_signal"

fail() {
  echo "faults: $*"
  tail -n 3 $log
  failed=$((failed + 1))
}

# The faults. Each ends with `returned`: at that moment the camera works again and shows $picture.

returned() {
  forget
  since=$(uptime_ms)
}
# The same where results of frames from before the fault may still come.
returned_at_once() {
  since=$(uptime_ms)
  sleep 0.1
  forget
}
# Plugged in with the other picture, so that an old frame is not taken for a new one: replug [FORMAT].
replug() {
  [ "$picture" = stop ] && picture=yield || picture=stop
  usb_plug "$picture.${1:-jpg}" || fail "the camera does not come back"
}
absent() { # since the daemon started
  sleep 1
  usb_plug stop.jpg || exit 1
  echo 1 >/sys/module/uvcvideo/parameters/nodrop # damaged frames are delivered
  give "$usb_node"
  returned
}
unplugged() {
  usb_unplug
  sleep 0.5
  replug
  give "$usb_node"
  returned
}
elsewhere() { # somebody holds the node, so that it gets another number
  before=$usb_node
  hold "$before"
  usb_unplug
  replug
  give "$usb_node"
  returned
  let_go
  [ "$usb_node" != "$before" ] || fail "the camera came back as $before"
}
other_format() {
  usb_unplug
  replug yuyv
  give "$usb_node"
  returned
}
frozen_briefly() {
  usb_order freeze
  sleep 0.6
  usb_order resume
  returned
}
frozen() {
  usb_order freeze
  sleep 2.5
  usb_order resume
  returned
}
# bad_frames ORDER [FORMAT]: ten of a kind, after which the camera is well.
bad_frames() {
  usb_unplug
  replug "${2:-jpg}"
  give "$usb_node"
  within 5 sees $picture || fail "$fault: not seen before the fault"
  usb_order "$1 10"
  sleep 0.8
  returned
}
cut() { bad_frames cut; }
garbled() { bad_frames garble; }
flagged() { bad_frames flag; }
short() { bad_frames cut yuyv; }
refused() {
  usb_unplug
  usb_order refuse 3
  replug
  give "$usb_node"
  returned
}
busy() { # somebody else is faster
  kill -STOP "$daemon"
  usb_unplug
  replug
  v4l2-ctl -d "$usb_node" --stream-mmap --stream-to=/tmp/other >/dev/null 2>&1 &
  other=$!
  within 5 test -s /tmp/other
  give "$usb_node"
  kill -CONT "$daemon"
  sleep 0.7
  kill $other
  wait $other 2>/dev/null
  rm /tmp/other
  returned
}
denied() { # until udev has given it to the group
  usb_unplug
  replug
  sleep 0.7
  give "$usb_node"
  returned
}

not_loaded() { # when the daemon started
  sleep 1
  hdmi_load YUYV || exit 1
  hdmi_play "$pictures/stop.yuyv"
  returned
}
inject() { v4l2-ctl -d /dev/video0 -c "$1"; }
io_error() { # of the player too
  inject inject_fatal_streaming_error=1
  hdmi_play "$pictures/$picture.yuyv"
  returned_at_once
}
flagged_frames() {
  for _ in 1 2 3 4 5; do inject inject_v4l2_buf_flag_error=1; done
  returned
}
no_frames() {
  inject percentage_of_dropped_buffers=100
  sleep 2.5
  inject percentage_of_dropped_buffers=67
  returned
}
# start_fails CONTROL: the start after the next trouble fails once; the player's would too, so it waits.
start_fails() {
  hdmi_stop
  inject "$1=1"
  inject inject_fatal_streaming_error=1
  returned_at_once
}
start_refused() { start_fails inject_vidioc_streamon_error; }
buffers_refused() { start_fails inject_vidioc_reqbufs_error; }
queue_refused() { start_fails inject_vidioc_qbuf_error; }
removed() { # as a device of the board goes: its driver lets go of it
  hdmi_stop
  echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
  sleep 0.5
  echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
  hdmi_join YUYV
  hdmi_play "$pictures/$picture.yuyv"
  returned
}
no_signal() {
  inject dv_timings_signal_mode=1
  sleep 1
  inject dv_timings_signal_mode=0
  returned
}

# inflict FAULT: and see that it is over in time.
inflict() {
  fault=$1
  $fault
  done_so_far=$((done_so_far + 1))
  if ! daemon_runs; then
    fail "$fault: the daemon has ended"
    exit 1
  fi
  if ! within 10 has_new; then
    fail "$fault: no result after ten seconds"
    return
  fi
  took=$(($(uptime_ms) - since))
  [ $took -le $slowest ] || slowest=$took
  [ $took -le 2000 ] || fail "$fault: back after $took ms, expected at most 2000"
  [ "$daemon_camera" = USB ] || [ -n "$hdmi_player" ] || hdmi_play "$pictures/$picture.yuyv"
  within 5 sees $picture || fail "$fault: '$(label)', expected $picture"
  printf 'faults: %3d %-16s back after %4d ms: %s\n' $done_so_far "$fault" $took "$(tail -n 1 $log)"
}

# settled: what the daemon holds after its first frames.
settled() {
  within 5 sees $picture || fail "'$(label)' before any fault, expected $picture"
  held=$(daemon_holds)
}
finish() {
  within 5 sees $picture
  now=$(daemon_holds)
  [ "$now" = "$held" ] || fail "holds $now, before the faults $held"
  echo "faults: $daemon_camera: holds $now, before the faults $held; $(grep VmRSS /proc/"$daemon"/status | tr -s '\t ' ' ')"
  daemon_stop || fail "status $daemon_status at its end, expected 0"
  [ $daemon_took -le 1000 ] || fail "$daemon_took ms until its end, expected at most 1000"
}

picture=stop daemon_camera=USB
daemon_start
inflict absent
settled
usb_number=$((number * 3 / 5))
while [ $done_so_far -lt $usb_number ]; do
  for fault in $usb_faults; do
    [ $done_so_far -ge $usb_number ] || inflict "$fault"
  done
done
finish
usb_unplug

picture=stop daemon_camera=HDMI
daemon_start --device /dev/video0 --set camera.format=YUYV
inflict not_loaded
settled
while [ $done_so_far -lt "$number" ]; do
  for fault in $hdmi_faults; do
    [ $done_so_far -ge "$number" ] || inflict "$fault"
  done
done
finish
hdmi_stop
modprobe -r vivid

echo "faults: $done_so_far, $failed failed; back after $slowest ms at most"
[ $failed = 0 ]
