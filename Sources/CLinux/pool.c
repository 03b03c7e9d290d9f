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

/* How long a thread looks for work before it sleeps: waking it takes some six microseconds, and between two jobs of a
 * frame the caller may do small ones alone. Looking at the clock takes about as long as some spins. */
enum { spin_nanoseconds = 50000, spins_a_look = 64, most_threads = 64 };

struct cl_pool {
  /* What the caller writes. */
  _Atomic uint32_t round;    /* one more a job: what sleeping workers wait on */
  _Atomic bool ending;
  void (*job)(void *, int);
  void *context;
  int threads;
  char own_line[64];
  /* What workers write: not in a cache line with the above. */
  _Atomic uint32_t pending;  /* workers that have not finished: what the caller waits on */
  _Atomic uint32_t sleepers; /* workers that are, or are about to be, in the futex */
  _Atomic uint32_t waiting;  /* whether the caller is, or is about to be, in the futex */
  struct worker {
    cl_pool *pool;
    int number;
    pthread_t id;
  } workers[];
};

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
  int64_t start = cl_nanoseconds();
  do {
    for (int spin = 0; spin < spins_a_look; spin++) {
      if (atomic_load_explicit(word, memory_order_acquire) != value) return;
      relax();
    }
  } while (cl_nanoseconds() - start < spin_nanoseconds);
  /* Sequentially consistent: either the waker sees the sleeper, or the sleeper sees the new value. */
  atomic_fetch_add(sleepers, 1);
  while (atomic_load(word) == value) futex_wait(word, value);
  atomic_fetch_sub(sleepers, 1);
}

static void *work(void *argument) {
  const struct worker *mine = argument;
  cl_pool *pool = mine->pool;
  for (uint32_t seen = 0;; seen++) {
    wait_change(&pool->round, seen, &pool->sleepers);
    if (atomic_load_explicit(&pool->ending, memory_order_acquire)) return NULL;
    pool->job(pool->context, mine->number);
    bool is_last = atomic_fetch_sub(&pool->pending, 1) == 1;
    if (is_last && atomic_load(&pool->waiting) > 0) futex_wake(&pool->pending, 1);
  }
}

/* Optimized kernels need up to 9 KB of stack, those of a debug build up to 1 MB. The rest is for a program's thread-local
 * variables, which lie on it with glibc; where they leave too little, the thread gets the usual stack. */
static int start_thread(struct worker *worker) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
#ifdef __OPTIMIZE__
  error = pthread_attr_setstacksize(&attributes, 128 << 10);
#else
  error = pthread_attr_setstacksize(&attributes, 4 << 20);
#endif
  if (!error) error = pthread_create(&worker->id, &attributes, work, worker);
  pthread_attr_destroy(&attributes);
  return error == EINVAL ? pthread_create(&worker->id, NULL, work, worker) : error;
}

static void start_round(cl_pool *pool) {
  atomic_fetch_add(&pool->round, 1);
  if (atomic_load(&pool->sleepers) > 0) futex_wake(&pool->round, INT_MAX);
}

int cl_pool_create(int threads, cl_pool **result) {
  if (threads < 2 || threads > most_threads) return EINVAL;
  cl_pool *pool = calloc(1, sizeof *pool + (size_t)(threads - 1) * sizeof *pool->workers);
  if (!pool) return ENOMEM;
  for (pool->threads = 1; pool->threads < threads; pool->threads++) {
    struct worker *worker = &pool->workers[pool->threads - 1];
    worker->pool = pool;
    worker->number = pool->threads;
    int error = start_thread(worker);
    if (error) {
      cl_pool_destroy(pool);
      return error;
    }
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
    wait_change(&pool->pending, left, &pool->waiting);
  }
}

void cl_pool_destroy(cl_pool *pool) {
  atomic_store(&pool->ending, true);
  start_round(pool);
  for (int index = 0; index < pool->threads - 1; index++) pthread_join(pool->workers[index].id, NULL);
  free(pool);
}
