#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { spins = 2000, most_threads = 64 };

struct cl_pool {
  _Atomic uint32_t round;    /* one more a job: what sleeping workers wait on */
  _Atomic uint32_t pending;  /* workers that have not finished: what the caller waits on */
  _Atomic uint32_t sleepers; /* workers that are, or are about to be, in the futex */
  _Atomic bool ending;
  void (*job)(void *, int);
  void *context;
  int threads;
  pthread_t ids[most_threads];
};

typedef struct {
  cl_pool *pool;
  int worker;
} start;

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* Returns when *word is no longer `value`. */
static void wait_change(_Atomic uint32_t *word, uint32_t value, _Atomic uint32_t *sleepers) {
  for (int spin = 0; spin < spins; spin++) {
    if (atomic_load_explicit(word, memory_order_acquire) != value) return;
    relax();
  }
  /* Sequentially consistent: either the waker sees the sleeper, or the sleeper sees the new value. */
  if (sleepers) atomic_fetch_add(sleepers, 1);
  while (atomic_load(word) == value) futex_wait(word, value);
  if (sleepers) atomic_fetch_sub(sleepers, 1);
}

static void *work(void *argument) {
  start mine = *(start *)argument;
  free(argument);
  cl_pool *pool = mine.pool;
  for (uint32_t seen = 0;; seen++) {
    wait_change(&pool->round, seen, &pool->sleepers);
    if (atomic_load_explicit(&pool->ending, memory_order_acquire)) return NULL;
    pool->job(pool->context, mine.worker);
    if (atomic_fetch_sub(&pool->pending, 1) == 1) futex_wake(&pool->pending, 1);
  }
}

static void start_round(cl_pool *pool) {
  atomic_fetch_add(&pool->round, 1);
  if (atomic_load(&pool->sleepers) > 0) futex_wake(&pool->round, INT_MAX);
}

int cl_pool_create(int threads, cl_pool **result) {
  if (threads < 2 || threads > most_threads) return EINVAL;
  cl_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return ENOMEM;
  pool->threads = 1;
  for (int worker = 1; worker < threads; worker++) {
    start *argument = malloc(sizeof *argument);
    int error = argument ? 0 : ENOMEM;
    if (!error) {
      *argument = (start){pool, worker};
      error = pthread_create(&pool->ids[worker], NULL, work, argument);
      if (error) free(argument);
    }
    if (error) {
      cl_pool_destroy(pool);
      return error;
    }
    pool->threads++;
  }
  *result = pool;
  return 0;
}

void cl_pool_run(cl_pool *pool, void (*job)(void *, int), void *context) {
  pool->job = job;
  pool->context = context;
  atomic_store(&pool->pending, (uint32_t)(pool->threads - 1));
  start_round(pool);
  job(context, 0);
  for (;;) {
    uint32_t left = atomic_load_explicit(&pool->pending, memory_order_acquire);
    if (left == 0) return;
    wait_change(&pool->pending, left, NULL);
  }
}

void cl_pool_destroy(cl_pool *pool) {
  atomic_store(&pool->ending, true);
  start_round(pool);
  for (int worker = 1; worker < pool->threads; worker++) pthread_join(pool->ids[worker], NULL);
  free(pool);
}
