#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int open_regular(const char *path, int *descriptor, size_t *size) {
  int fd;
  do {
    fd = open(path, O_RDONLY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno;
  struct stat status;
  int error = 0;
  if (fstat(fd, &status) != 0) {
    error = errno;
  } else if (S_ISDIR(status.st_mode)) {
    error = EISDIR;
  } else if (!S_ISREG(status.st_mode)) {
    error = EINVAL;
  } else if ((uint64_t)status.st_size > SIZE_MAX / 2) {
    error = EFBIG;
  }
  if (error) {
    close(fd);
    return error;
  }
  *descriptor = fd;
  *size = (size_t)status.st_size;
  return 0;
}

int cl_map_file(const char *path, const void **base, size_t *size) {
  int fd;
  int error = open_regular(path, &fd, size);
  if (error) return error;
  *base = NULL;
  if (*size > 0) {
    void *memory = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) error = errno;
    else *base = memory;
  }
  close(fd);
  return error;
}

void cl_unmap(const void *base, size_t size) {
  if (base) munmap((void *)base, size);
}

int cl_read_file(const char *path, size_t limit, uint8_t **bytes, size_t *size) {
  int fd;
  size_t expected;
  int error = open_regular(path, &fd, &expected);
  if (error) return error;
  if (expected > limit) {
    close(fd);
    return EFBIG;
  }
  uint8_t *memory = malloc(expected ? expected : 1);
  if (!memory) {
    close(fd);
    return ENOMEM;
  }
  size_t got = 0;
  while (got < expected) {
    ssize_t count = read(fd, memory + got, expected - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error = errno;
    if (count <= 0) break;
    got += (size_t)count;
  }
  close(fd);
  if (error) {
    free(memory);
    return error;
  }
  *bytes = memory;
  *size = got;
  return 0;
}

void cl_free(void *memory) { free(memory); }

int cl_write(int descriptor, const void *bytes, size_t size) {
  const char *at = bytes;
  while (size > 0) {
    ssize_t count = write(descriptor, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    at += count;
    size -= (size_t)count;
  }
  return 0;
}

int cl_is_terminal(int descriptor) { return isatty(descriptor); }

void *cl_allocate(size_t size) {
  void *memory =
      mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void cl_release(void *memory, size_t size) {
  if (memory) munmap(memory, size ? size : 1);
}

int64_t cl_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *cl_environment(const char *name) { return getenv(name); }

const char *cl_error_text(int error) { return strerror(error); }

int cl_is_closed_pipe(int error) { return error == EPIPE; }

void cl_exit(int status) { exit(status); }

int cl_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}
