#define _GNU_SOURCE
#include "clinux_events.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Static_assert(sizeof(cl_poll_item) == sizeof(struct pollfd) && CL_POLL_READ == POLLIN &&
                   CL_POLL_WRITE == POLLOUT && CL_POLL_ERROR == POLLERR && CL_POLL_HANGUP == POLLHUP,
               "cl_poll_item is a struct pollfd");

int cl_event_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void cl_event_signal(int event) {
  uint64_t one = 1;
  /* It fails where the counter is full: then whoever waits is awake anyhow. */
  ssize_t count = write(event, &one, sizeof one);
  (void)count;
}

void cl_event_clear(int event) {
  uint64_t value;
  ssize_t count = read(event, &value, sizeof value);
  (void)count;
}

int cl_poll(cl_poll_item *items, int count, int milliseconds) {
  int found = poll((struct pollfd *)items, (nfds_t)count, milliseconds);
  if (found > 0) return found;
  for (int index = 0; index < count; index++) items[index].found = 0;
  return 0;
}
