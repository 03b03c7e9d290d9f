#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long a thread looks for work before it sleeps: waking it takes some six microseconds, and between two jobs of a
 * frame the caller may do small ones alone. Looking at the clock takes about as long as some spins. */
enum { spin_nanoseconds = 50000, spins_a_look = 64, most_threads = 64 };
/* How often the caller looks for a worker's end before it looks whether that has begun at all: the worker's next claim
 * then waits for the cache line. */
enum { spins_before_taking = 8 };

/* The parts of a job are the workers' own, so that a core finds in its caches what it wrote in the job before. A worker
 * claims its part; the caller takes the parts of workers that have not claimed theirs when it is through with its own:
 * those that sleep, or whose core another process has. */
struct cl_pool {
  /* What the caller writes. */
  _Atomic uint32_t round; /* one more a job: what sleeping workers wait on */
  _Atomic bool ending;
  int threads;
  void (*job)(void *, int);
  void *context;
  _Alignas(64) _Atomic uint32_t sleepers; /* workers that are, or are about to be, in the futex */
  _Atomic uint32_t waiting; /* whether the caller is, or is about to be, in the futex of a worker's `done` */
  struct worker {
    _Alignas(64) _Atomic uint32_t claimed; /* the last round whose part was begun */
    int number;
    pthread_t id;
    cl_pool *pool;
    _Alignas(64) _Atomic uint32_t done; /* the last round whose part the worker finished */
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
  int64_t start = 0, now = 0;
  do {
    for (int spin = 0; spin < spins_a_look; spin++) {
      if (atomic_load_explicit(word, memory_order_acquire) != value) return;
      relax();
    }
    now = cl_nanoseconds();
    if (start == 0) start = now;
  } while (now - start < spin_nanoseconds);
  /* Sequentially consistent: either the waker sees the sleeper, or the sleeper sees the new value. */
  atomic_fetch_add(sleepers, 1);
  while (atomic_load(word) == value) futex_wait(word, value);
  atomic_fetch_sub(sleepers, 1);
}

/* Gives *claimed, which was `last`, to whoever calls this first in `round`. */
static bool claim(struct worker *worker, uint32_t last, uint32_t round) {
  return last != round && atomic_compare_exchange_strong(&worker->claimed, &last, round);
}

static void *work(void *argument) {
  struct worker *mine = argument;
  cl_pool *pool = mine->pool;
  for (uint32_t round = 0;;) {
    wait_change(&pool->round, round, &pool->sleepers);
    /* In this order: the part of the round after `last` is still to be claimed if that of `last` is the latest claimed,
     * and while it is no other round begins. The round that ends all has no parts. */
    uint32_t last = atomic_load_explicit(&mine->claimed, memory_order_acquire);
    round = atomic_load_explicit(&pool->round, memory_order_acquire);
    if (atomic_load_explicit(&pool->ending, memory_order_acquire)) return NULL;
    if (!claim(mine, last, round)) continue;
    pool->job(pool->context, mine->number);
    atomic_store(&mine->done, round);
    if (atomic_load(&pool->waiting) > 0) futex_wake(&mine->done, 1);
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
  size_t size = sizeof(cl_pool) + (size_t)(threads - 1) * sizeof(struct worker);
  cl_pool *pool = aligned_alloc(_Alignof(cl_pool), size);
  if (!pool) return ENOMEM;
  memset(pool, 0, size);
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

/* Whether the worker has finished its part soon, or the caller has done that for it. */
static bool is_done(struct worker *worker, uint32_t round) {
  for (int spin = 0; spin < spins_before_taking; spin++) {
    if (atomic_load_explicit(&worker->done, memory_order_acquire) == round) return true;
    relax();
  }
  uint32_t last = atomic_load_explicit(&worker->claimed, memory_order_relaxed);
  if (!claim(worker, last, round)) return false;
  worker->pool->job(worker->pool->context, worker->number);
  atomic_store_explicit(&worker->done, round, memory_order_relaxed);
  return true;
}

void cl_pool_run(cl_pool *pool, void (*job)(void *, int), void *context) {
  pool->job = job;
  pool->context = context;
  start_round(pool);
  uint32_t round = atomic_load_explicit(&pool->round, memory_order_relaxed);
  job(context, 0);
  bool is_waiting = false;
  for (int index = 0; index < pool->threads - 1; index++)
    if (!is_done(&pool->workers[index], round)) is_waiting = true;
  for (int index = 0; is_waiting && index < pool->threads - 1; index++)
    wait_change(&pool->workers[index].done, round - 1, &pool->waiting);
}

void cl_pool_destroy(cl_pool *pool) {
  atomic_store(&pool->ending, true);
  start_round(pool);
  for (int index = 0; index < pool->threads - 1; index++) pthread_join(pool->workers[index].id, NULL);
  free(pool);
}
