/* A file of its own: a program that does without arguments does not link it, nor runs its constructor. */
#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

/* glibc hands argc and argv to constructors; other libcs have /proc/self/cmdline. */
#if defined(__GLIBC__)
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
  argument_count = count;
  arguments = values;
}
#else
static char *read_command_line(size_t *size) {
  int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  char *text = NULL;
  size_t room = 0;
  for (*size = 0;;) {
    if (*size == room) {
      char *more = realloc(text, room += 256 + room);
      if (!more) break;
      text = more;
    }
    ssize_t count = read(fd, text + *size, room - *size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    *size += (size_t)count;
  }
  close(fd);
  return text;
}

/* Arguments end with a zero byte each; they stay in place for the life of the process. */
__attribute__((constructor)) static void keep_arguments(void) {
  size_t size;
  char *text = read_command_line(&size);
  if (!text) return;
  int count = 0;
  for (size_t at = 0; at < size; at++) count += text[at] == 0;
  arguments = calloc((size_t)count + 1, sizeof *arguments);
  if (!arguments) return;
  for (size_t at = 0; argument_count < count; at += strlen(text + at) + 1) {
    arguments[argument_count++] = text + at;
  }
}
#endif

int cl_argument_count(void) { return argument_count; }

const char *cl_argument(int index) {
  return index >= 0 && index < argument_count ? arguments[index] : NULL;
}
