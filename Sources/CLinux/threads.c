#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* A camera's driver or a TLS handshake may want more stack than a kernel does. */
#ifdef __OPTIMIZE__
#define STACK_BYTES (512 * 1024)
#else
/* Kernels of a debug build need up to 1 MB. */
#define STACK_BYTES (4 * 1024 * 1024)
#endif

struct cl_thread {
  pthread_t thread;
  void (*body)(void *context);
  void *context;
};

static void *start(void *argument) {
  struct cl_thread *thread = argument;
  thread->body(thread->context);
  return NULL;
}

int cl_thread_start(const char *name, void (*body)(void *context), void *context,
                    cl_thread **out) {
  struct cl_thread *thread = malloc(sizeof *thread);
  if (!thread) return ENOMEM;
  thread->body = body;
  thread->context = context;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  /* Signals are the main thread's. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int error = pthread_create(&thread->thread, &attributes, start, thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error) {
    free(thread);
    return error;
  }
  pthread_setname_np(thread->thread, name);
  *out = thread;
  return 0;
}

void cl_thread_join(cl_thread *thread) {
  if (!thread) return;
  pthread_join(thread->thread, NULL);
  free(thread);
}

struct cl_monitor {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
};

cl_monitor *cl_monitor_create(void) {
  struct cl_monitor *monitor = malloc(sizeof *monitor);
  if (!monitor) return NULL;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&monitor->mutex, NULL);
  pthread_cond_init(&monitor->condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return monitor;
}

void cl_monitor_destroy(cl_monitor *monitor) {
  if (!monitor) return;
  pthread_cond_destroy(&monitor->condition);
  pthread_mutex_destroy(&monitor->mutex);
  free(monitor);
}

void cl_monitor_enter(cl_monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }

void cl_monitor_leave(cl_monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }

void cl_monitor_notify(cl_monitor *monitor) { pthread_cond_broadcast(&monitor->condition); }

int cl_monitor_wait(cl_monitor *monitor, int64_t deadline_nanoseconds) {
  if (deadline_nanoseconds < 0)
    return pthread_cond_wait(&monitor->condition, &monitor->mutex) == 0;
  struct timespec deadline = {.tv_sec = (time_t)(deadline_nanoseconds / 1000000000),
                              .tv_nsec = (long)(deadline_nanoseconds % 1000000000)};
  return pthread_cond_timedwait(&monitor->condition, &monitor->mutex, &deadline) == 0;
}
