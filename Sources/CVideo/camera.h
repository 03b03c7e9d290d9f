/* What the files of CVideo share. */
#ifndef CVIDEO_CAMERA_H
#define CVIDEO_CAMERA_H
#define _GNU_SOURCE
#include "cvideo.h"
#include <sys/time.h>
#include <time.h>

#include <linux/videodev2.h>

struct cv_mapping {
  uint8_t *base;
  size_t length;
  uint32_t offset; /* of the pixels */
};

struct cv_camera {
  int descriptor;
  uint32_t type; /* V4L2_BUF_TYPE_… */
  int number, index, needs_pipeline;
  char driver[17], card[33], bus[33], serial[64];
  uint32_t usb;
  cv_layout layout;
  struct cv_mapping mappings[CV_MAX_BUFFERS];
  int mapping_count, is_streaming;
  struct v4lconvert_data *converter;
};

/* ioctl that goes on after EINTR; 0 or an errno value. */
int cv_ioctl(const cv_camera *camera, unsigned long request, void *argument);
void cv_forget_converter(cv_camera *camera);

#endif
