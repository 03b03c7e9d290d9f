#include "camera.h"
#include <errno.h>
#include <string.h>

static int is_multiplanar(const cv_camera *camera) {
  return camera->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

int cv_format_at(cv_camera *camera, uint32_t index, uint32_t *code) {
  struct v4l2_fmtdesc format = {.index = index, .type = camera->type};
  int error = cv_ioctl(camera, VIDIOC_ENUM_FMT, &format);
  *code = format.pixelformat;
  return error;
}

int cv_sizes_at(cv_camera *camera, uint32_t code, uint32_t index, cv_sizes *sizes) {
  struct v4l2_frmsizeenum answer = {.index = index, .pixel_format = code};
  int error = cv_ioctl(camera, VIDIOC_ENUM_FRAMESIZES, &answer);
  if (error) return error;
  if (answer.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    uint32_t width = answer.discrete.width, height = answer.discrete.height;
    *sizes = (cv_sizes){width, width, 1, height, height, 1};
    return 0;
  }
  /* A range has no second entry; some drivers give the first one for ever. */
  if (index > 0) return EINVAL;
  struct v4l2_frmsize_stepwise range = answer.stepwise;
  uint32_t step_width = range.step_width ? range.step_width : 1;
  uint32_t step_height = range.step_height ? range.step_height : 1;
  *sizes = (cv_sizes){range.min_width, range.max_width,  step_width,
                      range.min_height, range.max_height, step_height};
  return 0;
}

int cv_interval_at(cv_camera *camera, uint32_t code, uint32_t width, uint32_t height,
                   uint32_t index, cv_interval *interval) {
  struct v4l2_frmivalenum answer = {
      .index = index, .pixel_format = code, .width = width, .height = height};
  int error = cv_ioctl(camera, VIDIOC_ENUM_FRAMEINTERVALS, &answer);
  if (error) return error;
  int is_range = answer.type != V4L2_FRMIVAL_TYPE_DISCRETE;
  if (is_range && index > 0) return EINVAL;
  struct v4l2_fract fastest = is_range ? answer.stepwise.min : answer.discrete;
  *interval = (cv_interval){fastest.numerator, fastest.denominator, is_range};
  return 0;
}

/* The defaults of V4L2 where the driver only names a colour space. */
static void take_encoding(cv_layout *layout, uint32_t space, uint32_t encoding,
                          uint32_t quantization) {
  if (encoding == V4L2_YCBCR_ENC_DEFAULT)
    encoding = V4L2_MAP_YCBCR_ENC_DEFAULT((enum v4l2_colorspace)space);
  layout->is_bt709 = encoding == V4L2_YCBCR_ENC_709 || encoding == V4L2_YCBCR_ENC_XV709;
  layout->is_full_range = quantization == V4L2_QUANTIZATION_DEFAULT
                              ? space == V4L2_COLORSPACE_JPEG
                              : quantization == V4L2_QUANTIZATION_FULL_RANGE;
}

/* Keeps what the driver said. Formats in several pieces of memory are not for us. */
static int take(cv_camera *camera, const struct v4l2_format *format, cv_layout *layout) {
  if (is_multiplanar(camera)) {
    const struct v4l2_pix_format_mplane *pixels = &format->fmt.pix_mp;
    if (pixels->num_planes != 1) return EINVAL;
    *layout = (cv_layout){pixels->pixelformat, pixels->width, pixels->height,
                          pixels->plane_fmt[0].bytesperline, pixels->plane_fmt[0].sizeimage,
                          0, 0};
    take_encoding(layout, pixels->colorspace, pixels->ycbcr_enc, pixels->quantization);
  } else {
    const struct v4l2_pix_format *pixels = &format->fmt.pix;
    *layout = (cv_layout){pixels->pixelformat, pixels->width, pixels->height,
                          pixels->bytesperline, pixels->sizeimage, 0, 0};
    /* Old drivers know colour spaces only. */
    int is_told = pixels->priv == V4L2_PIX_FMT_PRIV_MAGIC;
    take_encoding(layout, pixels->colorspace, is_told ? pixels->ycbcr_enc : 0,
                  is_told ? pixels->quantization : 0);
  }
  camera->layout = *layout;
  return 0;
}

int cv_get_layout(cv_camera *camera, cv_layout *layout) {
  struct v4l2_format format = {.type = camera->type};
  int error = cv_ioctl(camera, VIDIOC_G_FMT, &format);
  return error ? error : take(camera, &format, layout);
}

int cv_set_layout(cv_camera *camera, uint32_t code, uint32_t width, uint32_t height,
                  cv_layout *layout) {
  struct v4l2_format format = {.type = camera->type};
  /* Colour space and quantization stay the driver's, where it tells them. */
  if (cv_ioctl(camera, VIDIOC_G_FMT, &format) != 0) {
    memset(&format, 0, sizeof format);
    format.type = camera->type;
  }
  if (is_multiplanar(camera)) {
    struct v4l2_pix_format_mplane *pixels = &format.fmt.pix_mp;
    pixels->pixelformat = code;
    pixels->width = width;
    pixels->height = height;
    pixels->field = V4L2_FIELD_ANY;
    memset(pixels->plane_fmt, 0, sizeof pixels->plane_fmt);
  } else {
    struct v4l2_pix_format *pixels = &format.fmt.pix;
    pixels->pixelformat = code;
    pixels->width = width;
    pixels->height = height;
    pixels->field = V4L2_FIELD_ANY;
    pixels->bytesperline = 0;
    pixels->sizeimage = 0;
  }
  int error = cv_ioctl(camera, VIDIOC_S_FMT, &format);
  return error ? error : take(camera, &format, layout);
}

static int take_interval(const struct v4l2_streamparm *parameters, cv_interval *interval) {
  struct v4l2_fract fraction = parameters->parm.capture.timeperframe;
  if (!(parameters->parm.capture.capability & V4L2_CAP_TIMEPERFRAME)) return ENOTTY;
  *interval = (cv_interval){fraction.numerator, fraction.denominator, 0};
  return 0;
}

int cv_set_interval(cv_camera *camera, cv_interval *interval) {
  struct v4l2_streamparm parameters = {.type = camera->type};
  parameters.parm.capture.timeperframe.numerator = interval->numerator;
  parameters.parm.capture.timeperframe.denominator = interval->denominator;
  int error = cv_ioctl(camera, VIDIOC_S_PARM, &parameters);
  return error ? error : take_interval(&parameters, interval);
}

int cv_get_interval(cv_camera *camera, cv_interval *interval) {
  struct v4l2_streamparm parameters = {.type = camera->type};
  int error = cv_ioctl(camera, VIDIOC_G_PARM, &parameters);
  return error ? error : take_interval(&parameters, interval);
}

int cv_lock_signal(cv_camera *camera) {
  int number;
  if (cv_ioctl(camera, VIDIOC_G_INPUT, &number) != 0) return 0;
  struct v4l2_input input = {.index = (uint32_t)number};
  if (cv_ioctl(camera, VIDIOC_ENUMINPUT, &input) != 0) return 0;
  if (!(input.capabilities & V4L2_IN_CAP_DV_TIMINGS)) return 0;
  struct v4l2_dv_timings seen = {0}, set = {0};
  int error = cv_ioctl(camera, VIDIOC_QUERY_DV_TIMINGS, &seen);
  if (error) return error == ENOTTY || error == ENODATA ? 0 : error;
  if (cv_ioctl(camera, VIDIOC_G_DV_TIMINGS, &set) == 0 && seen.type == set.type &&
      memcmp(&seen.bt, &set.bt, sizeof seen.bt) == 0)
    return 0;
  return cv_ioctl(camera, VIDIOC_S_DV_TIMINGS, &seen);
}
