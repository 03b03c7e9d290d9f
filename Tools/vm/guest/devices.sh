#!/bin/sh
# The cameras themselves: what they are given is what V4L2 delivers, byte for byte.
# shellcheck source=Tools/vm/guest/cameras.sh
. /payload/cameras.sh
failed=0

# same FILE NODE FORMAT: the tenth frame in that format is the file.
same() {
  if v4l2-ctl -d "$2" --set-fmt-video="width=640,height=480,pixelformat=$3" --stream-mmap=4 --stream-skip=10 \
    --stream-count=1 --stream-to=/tmp/frame >/tmp/log 2>&1 && cmp "$1" /tmp/frame; then
    echo "devices: $3: $(stat -c %s /tmp/frame) bytes as played"
  else
    cat /tmp/log
    echo "devices: $3 of $2: other bytes than $1"
    failed=1
  fi
}

for format in YUYV NV12; do
  hdmi_load $format
  suffix=$(echo $format | tr '[:upper:]' '[:lower:]')
  hdmi_play "$pictures/stop.$suffix"
  sleep 0.6
  same "$pictures/stop.$suffix" /dev/video0 $format
  hdmi_stop
  modprobe -r vivid
done
usb_plug yield.jpg yield.yuyv || { echo "devices: no USB camera"; exit 1; }
same "$pictures/yield.jpg" "$usb_node" MJPG
same "$pictures/yield.yuyv" "$usb_node" YUYV
usb_unplug
exit $failed
