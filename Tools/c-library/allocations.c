/* Counts what a network asks of libc and the kernel: allocations model.bin THREADS
 *
 * All allocating functions are defined here, in front of libc's, and counted; threads get stacks of this program. Succeeds where
 * a network needs at most 128 KB beside the model's file and the arena, the plan for images of 640 x 480 and the used pages of
 * its threads' stacks included (and on x86, 512 KB a thread for transformed inputs and weights, which stay in its L2 cache); where a hundred frames with all that belongs to them ask for nothing; and where closing gives
 * everything back. Up to 4 threads, glibc. */
#define _GNU_SOURCE
#include "edgecnn.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Swift's runtime, which the normal build has, keeps memory of its own. */
#ifndef NORMAL_BUILD
#define NORMAL_BUILD 0
#endif

enum { board_budget = 128 << 10, x86_budget_each = 512 << 10, runs = 100, width = 640, height = 480 };

long calls;
static long held, most_held;

static void note(long bytes) {
  if (bytes > 0) __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
  long now = __atomic_add_fetch(&held, bytes, __ATOMIC_RELAXED), most = most_held;
  while (now > most && !__atomic_compare_exchange_n(&most_held, &most, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static void *noted(void *memory) {
  if (memory) note((long)malloc_usable_size(memory));
  return memory;
}
void *malloc(size_t size) { return noted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return noted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return noted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
void free(void *memory) {
  if (memory) note(-(long)malloc_usable_size(memory));
  __libc_free(memory);
}
void *realloc(void *memory, size_t size) {
  if (memory) note(-(long)malloc_usable_size(memory));
  return noted(__libc_realloc(memory, size));
}

/* A file that is mapped is counted as a call, not as memory. */
static const void *mapped_file;
void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
#ifdef SYS_mmap2
  void *memory = (void *)syscall(SYS_mmap2, address, size, protection, flags, fd, offset >> 12);
#else
  void *memory = (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
#endif
  if (memory != MAP_FAILED) {
    if (!(flags & MAP_ANONYMOUS)) mapped_file = memory;
    note(flags & MAP_ANONYMOUS ? (long)size : 1);
  }
  return memory;
}
int munmap(void *memory, size_t size) {
  note(memory == mapped_file ? -1 : -(long)size);
  return (int)syscall(SYS_munmap, memory, size);
}

/* Threads get stacks of this program, as large as they asked for and full of one byte: what has another one was used. */
enum { page = 4096, most_stacks = 4, most_stack = 256 << 10, unused = 0xA5 };
static unsigned char stacks[most_stacks][most_stack] __attribute__((aligned(page)));
static size_t stack_sizes[most_stacks];
static int stack_count;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
  *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
  pthread_attr_t mine;
  size_t size = most_stack;
  if (stack_count == most_stacks) return EAGAIN;
  if (attributes) pthread_attr_getstacksize(attributes, &size);
  if (size > most_stack) return EAGAIN;
  memset(stacks[stack_count], unused, size);
  stack_sizes[stack_count] = size;
  pthread_attr_init(&mine);
  pthread_attr_setstack(&mine, stacks[stack_count++], size);
  return create(thread, &mine, start, argument);
}

/* Bytes of the pages that threads have used of their stacks. */
static long stack_bytes(void) {
  long total = 0;
  for (int stack = 0; stack < stack_count; stack++) {
    size_t lowest = 0;
    while (lowest < stack_sizes[stack] && stacks[stack][lowest] == unused) lowest++;
    total += (long)((stack_sizes[stack] - lowest + page - 1) / page * page);
  }
  return total;
}

/* Whether this process may use one CPU only: then a network has no threads. */
static bool is_single(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1;
}

static int failures;
static void hold(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "allocations: %s\n", what);
  failures++;
}

static unsigned char picture[width * height * 3];
static unsigned char dense[1 << 22];
static float values[1 << 20];
static int64_t times[1 << 14];

/* Everything that a program does with a frame, and one mistake. */
static void frame(edgecnn_network *network, const edgecnn_model *model, const edgecnn_tensor *input,
                  const edgecnn_tensor *output) {
  edgecnn_score best[5];
  size_t found, stride;
  if (input->element == EDGECNN_U8 && (input->channels == 3 || input->channels == 1)) {
    hold(edgecnn_set_image(network, picture, width, height, 3 * width, EDGECNN_BGR) == EDGECNN_OK, "set_image fails");
  } else {
    hold(edgecnn_set_input(network, dense, input->byte_count) == EDGECNN_OK, "set_input fails");
  }
  hold(edgecnn_input_pixels(network, &stride) != NULL, "input_pixels fails");
  hold(edgecnn_run(network) == EDGECNN_OK, "run fails");
  hold(edgecnn_top(network, best, 5, &found) == EDGECNN_OK, "top fails");
  hold(edgecnn_output_bytes(network, dense, output->byte_count) == EDGECNN_OK, "output_bytes fails");
  hold(edgecnn_output_floats(network, values, output->element_count) == EDGECNN_OK, "output_floats fails");
  hold(edgecnn_run_profiled(network, times, model->operator_count) == EDGECNN_OK, "run_profiled fails");
  hold(edgecnn_set_input(network, NULL, 1) == EDGECNN_ARGUMENT, "set_input takes NULL");
  hold(edgecnn_error_text(network)[0] != 0, "no error text");
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: allocations model.bin THREADS\n");
    return 2;
  }
  edgecnn_options options = EDGECNN_OPTIONS;
  options.threads = atoi(arguments[2]);
  options.image_width = width;
  options.image_height = height;
  options.image_format = EDGECNN_BGR;
  edgecnn_network *network;
  edgecnn_error error;
  edgecnn_model model;
  edgecnn_tensor input, output;
  static char line[1024];
  setvbuf(stdout, line, _IOLBF, sizeof line);
  memset(picture, 77, sizeof picture);
  memset(dense, 77, sizeof dense);
  memset(values, 77, sizeof values);
  memset(times, 77, sizeof times);

  long before = held;
  calls = 0;
  most_held = held;
  if (edgecnn_open(arguments[1], &options, &network, &error) != EDGECNN_OK) {
    fprintf(stderr, "allocations: %s\n", error.text);
    return 1;
  }
  long opening = calls;
  edgecnn_describe(network, &model);
  edgecnn_input(network, &input);
  edgecnn_output(network, &output);
  hold(input.byte_count <= sizeof dense && output.byte_count <= sizeof dense && output.element_count <= sizeof values / 4 &&
       model.operator_count <= sizeof times / 8, "the model is too large for this program");
  if (failures) return 1;
  long most = most_held - before - (long)model.arena_bytes;

  calls = 0;
  for (int run = 0; run < runs; run++) frame(network, &model, &input, &output);
  long running = calls;
  most += stack_bytes();
  hold(opening > 0, "opening asks for nothing: the count is blind");
  hold(options.threads == 1 || is_single() || stack_bytes() > 0, "threads use no stack: the count is blind");
  hold(running == 0, "runs ask for memory, expected none");
  bool is_x86 = !strncmp(model.kernels, "avx", 3) || !strncmp(model.kernels, "sse", 3);
  long budget = board_budget + (is_x86 ? options.threads * (long)x86_budget_each : 0);
  hold(NORMAL_BUILD || most <= budget, "more than 128 KB, on x86 512 KB a thread more, are used beside the arena");
  printf("%s threads: beside the arena's %zu bytes at most %ld, %ld of them stacks; opening asks %ld times, %d frames ask %ld\n",
         arguments[2], model.arena_bytes, most, stack_bytes(), opening, runs, running);

  edgecnn_close(network);
  /* libc keeps something of threads that have ended, for the next ones. */
  long left = held;
  hold(NORMAL_BUILD || options.threads > 1 || left == before, "closing does not give back everything");
  stack_count = 0;
  if (edgecnn_open(arguments[1], &options, &network, &error) == EDGECNN_OK) edgecnn_close(network);
  hold(held == left, "opening and closing again takes more memory");
  return failures > 0;
}
