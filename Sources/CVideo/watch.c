#include "camera.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

struct cv_watch {
  int wake;
  int nodes; /* -1 where the kernel has no inotify or no room for another one */
};

int cv_watch_create(cv_watch **out) {
  cv_watch *watch = malloc(sizeof *watch);
  if (!watch) return ENOMEM;
  watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (watch->wake < 0) {
    int error = errno;
    free(watch);
    return error;
  }
  watch->nodes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  /* udev sets owner and mode of a node after the kernel has made it. */
  if (watch->nodes >= 0)
    inotify_add_watch(watch->nodes, "/dev", IN_CREATE | IN_ATTRIB | IN_MOVED_TO);
  *out = watch;
  return 0;
}

void cv_watch_destroy(cv_watch *watch) {
  if (!watch) return;
  if (watch->nodes >= 0) close(watch->nodes);
  close(watch->wake);
  free(watch);
}

void cv_watch_wake(cv_watch *watch) {
  uint64_t one = 1;
  while (write(watch->wake, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

static int take_wake(cv_watch *watch, short events) {
  uint64_t count;
  if (!(events & POLLIN)) return 0;
  return read(watch->wake, &count, sizeof count) > 0 ? CV_WOKEN : 0;
}

int cv_wait(cv_watch *watch, const cv_camera *camera, int milliseconds) {
  struct pollfd polled[] = {{.fd = watch->wake, .events = POLLIN},
                            {.fd = camera->descriptor, .events = POLLIN | POLLPRI}};
  if (poll(polled, 2, milliseconds) <= 0) return 0;
  int seen = take_wake(watch, polled[0].revents);
  if (polled[1].revents & POLLIN) seen |= CV_FRAME;
  if (polled[1].revents & POLLPRI) seen |= CV_CHANGE;
  if (polled[1].revents & (POLLERR | POLLHUP | POLLNVAL)) seen |= CV_TROUBLE;
  return seen;
}

/* Whether one of the changes in /dev is about a video node; takes all of them. */
static int take_nodes(cv_watch *watch) {
  int seen = 0;
  char room[4096] __attribute__((aligned(8)));
  for (ssize_t count; (count = read(watch->nodes, room, sizeof room)) > 0;)
    for (char *at = room; at < room + count;) {
      struct inotify_event *event = (struct inotify_event *)at;
      if (event->len > 0 && strncmp(event->name, "video", 5) == 0) seen = CV_NODES;
      at += sizeof *event + event->len;
    }
  return seen;
}

static int64_t milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int cv_wait_for_nodes(cv_watch *watch, int milliseconds) {
  struct pollfd polled[] = {{.fd = watch->wake, .events = POLLIN},
                            {.fd = watch->nodes, .events = POLLIN}};
  /* Other nodes come and go in /dev. */
  int64_t end = milliseconds_now() + milliseconds;
  for (int64_t left = milliseconds; left > 0; left = end - milliseconds_now()) {
    if (poll(polled, 2, (int)left) <= 0) continue;
    int seen = take_wake(watch, polled[0].revents);
    if (polled[1].revents & POLLIN) seen |= take_nodes(watch);
    if (seen) return seen;
  }
  return 0;
}
