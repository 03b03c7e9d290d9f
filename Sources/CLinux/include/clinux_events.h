/* What a thread waits on beside its sockets. */
#ifndef CLINUX_EVENTS_H
#define CLINUX_EVENTS_H
#include <stdint.h>

/* A descriptor that can be read once it has been signalled, until it is cleared. −1 where there is none left. Signalling
 * never blocks. Close it as a file. */
int cl_event_create(void);
void cl_event_signal(int event);
void cl_event_clear(int event);

/* What poll(2) takes; an item with a negative descriptor is passed over. */
typedef struct {
  int32_t descriptor;
  int16_t wanted, found;
} cl_poll_item;
enum { CL_POLL_READ = 1, CL_POLL_WRITE = 4, CL_POLL_ERROR = 8, CL_POLL_HANGUP = 16 };
/* Waits until something is found, or so many milliseconds (negative: for ever). Returns the number of items with something
 * found, 0 also after a signal; then their `found` is 0. */
int cl_poll(cl_poll_item *items, int count, int milliseconds);

#endif
