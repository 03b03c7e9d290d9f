/* What drivers of the wide world leave out or get wrong, laid over a driver that is right: LD_PRELOAD it. ODD holds the
 * oddities, with commas between them:
 *   sizes intervals rates formats inputs events controls   the driver has no such call
 *   layout       no stride, no size of a frame
 *   clock        timestamps of no clock that is told
 *   future       timestamps of a clock that is not the one it says
 *   sequence     every frame is number 0
 *   short        every third frame ends in its middle; no driver of Debian's kernel gives such a frame without marking it
 *   empty        every third frame has no bytes
 *   all_short    every frame ends early
 *   bandwidth    the first start finds the bus full */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int is_odd(const char *word) {
  const char *words = getenv("ODD");
  size_t length = strlen(word);
  while (words && *words) {
    size_t here = strcspn(words, ",");
    if (here == length && strncmp(words, word, length) == 0) return 1;
    words += here + (words[here] == ',');
  }
  return 0;
}

static const struct {
  unsigned long request;
  const char *word;
  int error;
} absent[] = {
    {VIDIOC_ENUM_FRAMESIZES, "sizes", ENOTTY},   {VIDIOC_ENUM_FRAMEINTERVALS, "intervals", ENOTTY},
    {VIDIOC_G_PARM, "rates", ENOTTY},            {VIDIOC_S_PARM, "rates", ENOTTY},
    {VIDIOC_ENUM_FMT, "formats", EINVAL},        {VIDIOC_G_INPUT, "inputs", ENOTTY},
    {VIDIOC_SUBSCRIBE_EVENT, "events", ENOTTY},  {VIDIOC_QUERYCTRL, "controls", EINVAL},
    {VIDIOC_S_CTRL, "controls", EINVAL},
};

static void spoil(struct v4l2_buffer *buffer) {
  static int count;
  count++;
  if (is_odd("short") && count % 3 == 0) buffer->bytesused /= 2;
  if (is_odd("empty") && count % 3 == 1) buffer->bytesused = 0;
  if (is_odd("all_short")) buffer->bytesused = 100;
  if (is_odd("clock")) {
    buffer->flags &= ~(unsigned)V4L2_BUF_FLAG_TIMESTAMP_MASK;
    memset(&buffer->timestamp, 0, sizeof buffer->timestamp);
  }
  if (is_odd("future")) buffer->timestamp.tv_sec += 100000;
  if (is_odd("sequence")) buffer->sequence = 0;
}

int ioctl(int descriptor, unsigned long request, ...) {
  static int (*real)(int, unsigned long, void *);
  static int starts;
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (!real) real = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
  for (size_t index = 0; index < sizeof absent / sizeof *absent; index++)
    if (absent[index].request == request && is_odd(absent[index].word)) {
      errno = absent[index].error;
      return -1;
    }
  if (request == VIDIOC_STREAMON && is_odd("bandwidth") && starts++ == 0) {
    errno = ENOSPC;
    return -1;
  }
  int result = real(descriptor, request, argument);
  if (result == 0 && request == VIDIOC_DQBUF) spoil(argument);
  if (result == 0 && (request == VIDIOC_S_FMT || request == VIDIOC_G_FMT) && is_odd("layout")) {
    struct v4l2_format *format = argument;
    format->fmt.pix.bytesperline = 0;
    format->fmt.pix.sizeimage = 0;
    format->fmt.pix.priv = 0;
  }
  return result;
}
