#include "camera.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define VIDEO_MAJOR 81

int cv_cause_of(int error) {
  switch (error) {
  case EAGAIN: return CV_AGAIN;
  case ENOENT:
  case ENODEV:
  case ENXIO: return CV_ABSENT;
  case EACCES:
  case EPERM: return CV_DENIED;
  case EBUSY: return CV_BUSY;
  case EIO:
  case EPROTO:
  case EILSEQ:
  case ETIMEDOUT:
  case EREMOTEIO:
  case EPIPE:
  case ESHUTDOWN:
  case EOVERFLOW: return CV_BROKEN;
  case ENOLINK:
  case ENOLCK:
  case ERANGE: return CV_NO_SIGNAL;
  case EINVAL:
  case ENOTTY:
  case ENODATA: return CV_UNSUPPORTED;
  case EMEDIUMTYPE: return CV_NOT_CAPTURE;
  case ENOSPC: return CV_NO_ROOM;
  default: return CV_OTHER;
  }
}

int cv_broken_stream(void) { return EIO; }

static int ascending(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

/* The number behind "video", or -1. */
static int number_of(const char *name) {
  if (strncmp(name, "video", 5) != 0 || name[5] < '0' || name[5] > '9') return -1;
  char *end;
  long number = strtol(name + 5, &end, 10);
  return *end == 0 && number < 1 << 20 ? (int)number : -1;
}

int cv_list(int *numbers, int room) {
  DIR *folder = opendir("/dev");
  if (!folder) return 0;
  int count = 0;
  for (struct dirent *entry; count < room && (entry = readdir(folder));) {
    int number = number_of(entry->d_name);
    if (number >= 0) numbers[count++] = number;
  }
  closedir(folder);
  qsort(numbers, (size_t)count, sizeof *numbers, ascending);
  return count;
}

/* The first line of /sys/class/video4linux/video`number`/`name`; empty where there is none. */
static void read_attribute(int number, const char *name, char *text, size_t room) {
  char path[128];
  text[0] = 0;
  snprintf(path, sizeof path, "/sys/class/video4linux/video%d/%s", number, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t count = read(file, text, room - 1);
  close(file);
  text[count > 0 ? count : 0] = 0;
  text[strcspn(text, "\n")] = 0;
}

void cv_node_name(int number, char *name, size_t room) {
  read_attribute(number, "name", name, room);
}

/* The number of the node that a path, perhaps a symbolic link, leads to, or -1. */
static int resolve(const char *path) {
  char real[PATH_MAX];
  if (!realpath(path, real)) return -1;
  return strncmp(real, "/dev/", 5) == 0 ? number_of(real + 5) : -1;
}

int cv_ioctl(const cv_camera *camera, unsigned long request, void *argument) {
  while (ioctl(camera->descriptor, request, argument) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

static uint32_t hexadecimal(int number, const char *name) {
  char text[16];
  read_attribute(number, name, text, sizeof text);
  return (uint32_t)strtoul(text, NULL, 16) & 0xffff;
}

/* A USB device's own words lie in the folder above its interface's. */
static void identify(cv_camera *camera) {
  char text[16];
  read_attribute(camera->number, "index", text, sizeof text);
  camera->index = atoi(text);
  camera->usb = hexadecimal(camera->number, "device/../idVendor") << 16 |
                hexadecimal(camera->number, "device/../idProduct");
  if (camera->usb)
    read_attribute(camera->number, "device/../serial", camera->serial, sizeof camera->serial);
}

static int examine(cv_camera *camera) {
  struct stat status;
  if (fstat(camera->descriptor, &status) != 0) return errno;
  if (!S_ISCHR(status.st_mode) || major(status.st_rdev) != VIDEO_MAJOR) return EMEDIUMTYPE;
  struct v4l2_capability words = {0};
  int error = cv_ioctl(camera, VIDIOC_QUERYCAP, &words);
  if (error) return error == ENOTTY || error == EINVAL ? EMEDIUMTYPE : error;
  uint32_t can = words.capabilities & V4L2_CAP_DEVICE_CAPS ? words.device_caps : words.capabilities;
  uint32_t other = V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_VIDEO_OUTPUT |
                   V4L2_CAP_VIDEO_OUTPUT_MPLANE;
  if (can & other || !(can & V4L2_CAP_STREAMING)) return EMEDIUMTYPE;
  if (can & V4L2_CAP_VIDEO_CAPTURE) camera->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  else if (can & V4L2_CAP_VIDEO_CAPTURE_MPLANE)
    camera->type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
  else return EMEDIUMTYPE;
#ifdef V4L2_CAP_IO_MC
  camera->needs_pipeline = (can & V4L2_CAP_IO_MC) != 0;
#endif
  memcpy(camera->driver, words.driver, 16);
  memcpy(camera->card, words.card, 32);
  memcpy(camera->bus, words.bus_info, 32);
  return 0;
}

int cv_open(const char *path, cv_camera **out) {
  cv_camera *camera = calloc(1, sizeof *camera);
  if (!camera) return ENOMEM;
  do {
    camera->descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  } while (camera->descriptor < 0 && errno == EINTR);
  int error = camera->descriptor < 0 ? errno : examine(camera);
  if (error) {
    if (camera->descriptor >= 0) close(camera->descriptor);
    free(camera);
    return error;
  }
  camera->number = resolve(path);
  identify(camera);
  *out = camera;
  return 0;
}

void cv_close(cv_camera *camera) {
  if (!camera) return;
  cv_stop(camera);
  cv_forget_converter(camera);
  close(camera->descriptor);
  free(camera);
}

const char *cv_driver(const cv_camera *camera) { return camera->driver; }
const char *cv_card(const cv_camera *camera) { return camera->card; }
const char *cv_bus(const cv_camera *camera) { return camera->bus; }
const char *cv_serial(const cv_camera *camera) { return camera->serial; }
uint32_t cv_usb(const cv_camera *camera) { return camera->usb; }
int cv_node_number(const cv_camera *camera) { return camera->number; }
int cv_index(const cv_camera *camera) { return camera->index; }
int cv_needs_pipeline(const cv_camera *camera) { return camera->needs_pipeline; }
