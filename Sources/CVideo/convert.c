#include "camera.h"
#include <errno.h>

#ifdef CVIDEO_WITHOUT_V4L2

int cv_converts(cv_camera *camera, uint32_t code) {
  (void)camera, (void)code;
  return 0;
}

int cv_convert(cv_camera *camera, const uint8_t *data, uint32_t bytes, uint8_t *rgb, size_t room) {
  (void)camera, (void)data, (void)bytes, (void)rgb, (void)room;
  return ENOSYS;
}

void cv_forget_converter(cv_camera *camera) { (void)camera; }

#else
#include <libv4lconvert.h>
#include <string.h>

static struct v4l2_format describe(uint32_t code, uint32_t width, uint32_t height, uint32_t stride,
                                   uint32_t size) {
  struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  format.fmt.pix.pixelformat = code;
  format.fmt.pix.width = width;
  format.fmt.pix.height = height;
  format.fmt.pix.bytesperline = stride;
  format.fmt.pix.sizeimage = size;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  return format;
}

static int have_converter(cv_camera *camera) {
  if (!camera->converter) camera->converter = v4lconvert_create(camera->descriptor);
  return camera->converter != NULL;
}

/* The library has no list of what it reads: a trial tells an unknown format from damaged data. */
int cv_converts(cv_camera *camera, uint32_t code) {
  enum { SIDE = 32 };
  static const uint8_t black[SIDE * SIDE * 4];
  uint8_t rgb[SIDE * SIDE * 3];
  if (!have_converter(camera)) return 0;
  struct v4l2_format from = describe(code, SIDE, SIDE, 0, sizeof black);
  struct v4l2_format to = describe(V4L2_PIX_FMT_RGB24, SIDE, SIDE, SIDE * 3, sizeof rgb);
  if (v4lconvert_convert(camera->converter, &from, &to, (uint8_t *)black, sizeof black, rgb,
                         sizeof rgb) >= 0)
    return 1;
  return strstr(v4lconvert_get_error_message(camera->converter), "nknown") == NULL;
}

int cv_convert(cv_camera *camera, const uint8_t *data, uint32_t bytes, uint8_t *rgb, size_t room) {
  const cv_layout *layout = &camera->layout;
  if (!have_converter(camera)) return ENOMEM;
  if (room < (size_t)layout->width * layout->height * 3) return ENOSPC;
  struct v4l2_format from =
      describe(layout->code, layout->width, layout->height, layout->stride, layout->size);
  struct v4l2_format to = describe(V4L2_PIX_FMT_RGB24, layout->width, layout->height,
                                   layout->width * 3, layout->width * layout->height * 3);
  int count = v4lconvert_convert(camera->converter, &from, &to, (uint8_t *)data, (int)bytes, rgb,
                                 (int)room);
  return count == (int)to.fmt.pix.sizeimage ? 0 : EIO;
}

void cv_forget_converter(cv_camera *camera) {
  if (camera->converter) v4lconvert_destroy(camera->converter);
  camera->converter = NULL;
}
#endif
