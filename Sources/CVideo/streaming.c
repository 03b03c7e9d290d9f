#include "camera.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static int is_multiplanar(const cv_camera *camera) {
  return camera->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

/* Formats in several planes are refused when they are set; the driver may still write about more. */
struct request {
  struct v4l2_buffer buffer;
  struct v4l2_plane planes[VIDEO_MAX_PLANES];
};

static struct v4l2_buffer *describe(struct request *request, const cv_camera *camera,
                                    uint32_t index) {
  memset(request, 0, sizeof *request);
  request->buffer.index = index;
  request->buffer.type = camera->type;
  request->buffer.memory = V4L2_MEMORY_MMAP;
  if (is_multiplanar(camera)) {
    request->buffer.m.planes = request->planes;
    request->buffer.length = VIDEO_MAX_PLANES;
  }
  return &request->buffer;
}

static int map(cv_camera *camera, uint32_t index) {
  struct request request;
  int error = cv_ioctl(camera, VIDIOC_QUERYBUF, describe(&request, camera, index));
  if (error) return error;
  size_t length = is_multiplanar(camera) ? request.planes[0].length : request.buffer.length;
  uint32_t offset =
      is_multiplanar(camera) ? request.planes[0].m.mem_offset : request.buffer.m.offset;
  if (length == 0) return EINVAL;
  void *base = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, camera->descriptor, offset);
  if (base == MAP_FAILED) return errno;
  camera->mappings[index] = (struct cv_mapping){base, length, 0};
  camera->mapping_count = (int)index + 1;
  return 0;
}

int cv_start(cv_camera *camera, int wanted, int *count) {
  struct v4l2_requestbuffers request = {
      .count = (uint32_t)wanted, .type = camera->type, .memory = V4L2_MEMORY_MMAP};
  int error = cv_ioctl(camera, VIDIOC_REQBUFS, &request);
  if (error) return error;
  if (request.count > CV_MAX_BUFFERS) request.count = CV_MAX_BUFFERS;
  for (uint32_t index = 0; !error && index < request.count; index++) error = map(camera, index);
  if (!error && camera->mapping_count < 2) error = ENOMEM;
  /* Drivers without the event say so; they are not asked again. */
  struct v4l2_event_subscription change = {.type = V4L2_EVENT_SOURCE_CHANGE};
  if (!error) cv_ioctl(camera, VIDIOC_SUBSCRIBE_EVENT, &change);
  for (int index = 0; !error && index < camera->mapping_count; index++)
    error = cv_queue(camera, (uint32_t)index);
  if (!error) {
    int type = (int)camera->type;
    error = cv_ioctl(camera, VIDIOC_STREAMON, &type);
    camera->is_streaming = !error;
  }
  if (error) cv_stop(camera);
  *count = camera->mapping_count;
  return error;
}

void cv_stop(cv_camera *camera) {
  int type = (int)camera->type;
  if (camera->mapping_count > 0) cv_ioctl(camera, VIDIOC_STREAMOFF, &type);
  camera->is_streaming = 0;
  for (int index = 0; index < camera->mapping_count; index++)
    munmap(camera->mappings[index].base, camera->mappings[index].length);
  if (camera->mapping_count > 0) {
    struct v4l2_requestbuffers none = {.type = camera->type, .memory = V4L2_MEMORY_MMAP};
    cv_ioctl(camera, VIDIOC_REQBUFS, &none);
  }
  camera->mapping_count = 0;
}

int cv_dequeue(cv_camera *camera, cv_buffer *out) {
  struct request request;
  struct v4l2_buffer *buffer = describe(&request, camera, 0);
  int error = cv_ioctl(camera, VIDIOC_DQBUF, buffer);
  if (error) return error;
  if (buffer->index >= (uint32_t)camera->mapping_count) return EIO;
  struct cv_mapping *mapping = &camera->mappings[buffer->index];
  uint32_t bytes = buffer->bytesused, offset = 0;
  if (is_multiplanar(camera)) {
    bytes = request.planes[0].bytesused;
    offset = request.planes[0].data_offset;
  }
  if (bytes > mapping->length) bytes = (uint32_t)mapping->length;
  if (offset > bytes) offset = bytes;
  mapping->offset = offset;
  int is_monotonic =
      (buffer->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  *out = (cv_buffer){
      .index = buffer->index,
      .bytes = bytes - offset,
      .sequence = buffer->sequence,
      .is_flagged = (buffer->flags & V4L2_BUF_FLAG_ERROR) != 0,
      .timestamp_nanoseconds = is_monotonic ? (int64_t)buffer->timestamp.tv_sec * 1000000000 +
                                                  (int64_t)buffer->timestamp.tv_usec * 1000
                                            : -1,
  };
  return 0;
}

int cv_queue(cv_camera *camera, uint32_t index) {
  struct request request;
  return cv_ioctl(camera, VIDIOC_QBUF, describe(&request, camera, index));
}

const uint8_t *cv_data(const cv_camera *camera, uint32_t index) {
  return camera->mappings[index].base + camera->mappings[index].offset;
}

int cv_take_source_change(cv_camera *camera) {
  int is_changed = 0;
  /* At most as many as a driver keeps; a broken one must not hold us here. */
  for (int count = 0; count < 64; count++) {
    struct v4l2_event event = {0};
    if (cv_ioctl(camera, VIDIOC_DQEVENT, &event) != 0) break;
    is_changed |= event.type == V4L2_EVENT_SOURCE_CHANGE;
  }
  return is_changed;
}
