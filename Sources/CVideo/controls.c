#include "camera.h"
#include <errno.h>

static const uint32_t identifiers[] = {
    [CV_EXPOSURE_MODE] = V4L2_CID_EXPOSURE_AUTO,
    [CV_EXPOSURE] = V4L2_CID_EXPOSURE_ABSOLUTE,
    [CV_GAIN_MODE] = V4L2_CID_AUTOGAIN,
    [CV_GAIN] = V4L2_CID_GAIN,
    [CV_ANALOGUE_GAIN] = V4L2_CID_ANALOGUE_GAIN,
    [CV_WHITE_BALANCE_MODE] = V4L2_CID_AUTO_WHITE_BALANCE,
    [CV_WHITE_BALANCE] = V4L2_CID_WHITE_BALANCE_TEMPERATURE,
};

int cv_control_range(cv_camera *camera, int control, int32_t *minimum, int32_t *maximum) {
  struct v4l2_queryctrl query = {.id = identifiers[control]};
  int error = cv_ioctl(camera, VIDIOC_QUERYCTRL, &query);
  if (error) return error;
  if (query.flags & V4L2_CTRL_FLAG_DISABLED) return EINVAL;
  *minimum = query.minimum;
  *maximum = query.maximum;
  return 0;
}

int cv_control_set(cv_camera *camera, int control, int32_t value) {
  struct v4l2_control setting = {.id = identifiers[control], .value = value};
  return cv_ioctl(camera, VIDIOC_S_CTRL, &setting);
}
