/* Counts what a program asks of libc and the kernel, from LD_PRELOAD: allocations and anonymous maps, into the shared file that
 * SOAK_COUNTS names: one number of 64 bits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t before_start;
static uint64_t *calls = &before_start;

static void note(void) { __atomic_add_fetch(calls, 1, __ATOMIC_RELAXED); }

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("SOAK_COUNTS");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  /* The last argument lies on the stack, where an int would leave half of it to chance. */
  void *memory = (void *)syscall(SYS_mmap, NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED,
                                 file, (off_t)0);
  if (memory != MAP_FAILED) calls = memory;
  close(file);
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  note();
  return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) {
  note();
  return __libc_realloc(memory, size);
}
void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  note();
  return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}
