/* The seam to libc and the kernel. Thin: no policy, no allocation that a comment does not name.
 * Functions that can fail return 0 or an errno value. */
#ifndef CLINUX_H
#define CLINUX_H
#include <stddef.h>
#include <stdint.h>
#include "clinux_events.h"
#include "clinux_files.h"
#include "clinux_sockets.h"

/* Files. */

/* Maps a regular file read-only; an empty one gives base NULL and size 0. The file must not be truncated while mapped. */
int cl_map_file(const char *path, const void **base, size_t *size);
void cl_unmap(const void *base, size_t size);
/* Reads a whole file of at most `limit` bytes (EFBIG beyond) into memory from malloc; free it with cl_free. */
int cl_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *size);
void cl_free(void *memory);
/* Writes all of `bytes` to a file descriptor, 1 is standard output, 2 standard error; goes on after EINTR. */
int cl_write(int descriptor, const void *bytes, size_t size);
/* Whether a file descriptor is a terminal. */
int cl_is_terminal(int descriptor);

/* Memory: zeroed, at a page boundary, from the kernel. NULL where there is none. */
void *cl_allocate(size_t size);
void cl_release(void *memory, size_t size);
/* The same, for tests: behind the last of the `size` bytes lies a page that cannot be touched. */
void *cl_allocate_guarded(size_t size);
void cl_release_guarded(void *memory, size_t size);

/* Process. */

/* Monotonic clock. */
int64_t cl_nanoseconds(void);
/* Arguments without Swift's CommandLine, which Embedded Swift lacks; NULL beyond the last. */
int cl_argument_count(void);
const char *cl_argument(int index);
/* NULL where the variable is not set. */
const char *cl_environment(const char *name);
/* Text of an errno value. */
const char *cl_error_text(int error);
/* Whether an errno value says that nobody reads a pipe any more. */
int cl_is_closed_pipe(int error);
/* Ends the process; what libc has buffered is written first. */
_Noreturn void cl_exit(int status);
/* For tests: where the process touches memory that it must not, or runs an instruction that the CPU lacks, calls `report` with
 * words for that and ends with status 1. */
void cl_on_fault(void (*report)(const char *what));
/* CPUs that this process may run on, at least 1. */
int cl_cpu_count(void);

/* Threads. A pool of `threads` workers of which the caller of cl_pool_run is number 0. Workers spin for some microseconds after a
 * job, then sleep in a futex: an idle pool costs nothing. */
typedef struct cl_pool cl_pool;
/* 2 to 64 threads; allocates here and never again. */
int cl_pool_create(int threads, cl_pool **pool);
/* Calls job(context, 0 … threads − 1), each once, and returns when all have. Thread t makes call t, but the caller makes those of
 * threads that are late. Not reentrant, one caller at a time. */
void cl_pool_run(cl_pool *pool, void (*job)(void *context, int worker), void *context);
void cl_pool_destroy(cl_pool *pool);

/* A thread of its own, with 512 KB of stack and all signals blocked; `name` is shown by ps, at most 15 bytes. */
typedef struct cl_thread cl_thread;
int cl_thread_start(const char *name, void (*body)(void *context), void *context,
                    cl_thread **thread);
/* Waits for its end. */
void cl_thread_join(cl_thread *thread);

/* A lock and a condition in one: enter, wait until something holds, leave. */
typedef struct cl_monitor cl_monitor;
/* NULL where there is no memory. */
cl_monitor *cl_monitor_create(void);
void cl_monitor_destroy(cl_monitor *monitor);
void cl_monitor_enter(cl_monitor *monitor);
void cl_monitor_leave(cl_monitor *monitor);
/* Leaves, waits for cl_monitor_notify until the monotonic clock shows `deadline_nanoseconds` (negative: for ever), and enters.
 * 0 where the time was up; may return early. */
int cl_monitor_wait(cl_monitor *monitor, int64_t deadline_nanoseconds);
/* Wakes all that wait; call it between enter and leave. */
void cl_monitor_notify(cl_monitor *monitor);

/* Services. */

/* The clock of the world, nanoseconds since 1970; it may jump. */
int64_t cl_wall_nanoseconds(void);
void cl_sleep(int64_t nanoseconds);
/* From now on SIGTERM, SIGINT, SIGHUP and SIGUSR1 are only noted, and SIGPIPE is ignored. A second SIGTERM or SIGINT ends. */
void cl_catch_signals(void);
enum { CL_SIGNAL_END, CL_SIGNAL_RELOAD, CL_SIGNAL_USER };
/* Whether one of these came since the last call. */
int cl_take_signal(int which);
/* Tells systemd, where it started the process and wants to know: "READY=1", "WATCHDOG=1" … */
int cl_notify(const char *state);

#endif
