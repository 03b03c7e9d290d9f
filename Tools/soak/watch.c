/* Runs a program that prints a line for each frame, and compares what it holds early and late:
 *
 *   watch FRAMES COUNTS PRELOAD PROGRAM ARGUMENT...
 *
 * COUNTS is the file that count.c, loaded as PRELOAD, counts allocations into. After 1000 lines and after FRAMES the program's
 * resident memory, maps, descriptors and allocations are taken while it waits for its pipe to be read. Succeeds where nothing has
 * grown in between; SIGTERM must end it within a second. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { first_frames = 1000 };

struct holding {
  long resident_kilobytes, maps, descriptors;
  uint64_t allocations;
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
  fprintf(stderr, "watch: %s: %s\n", what, strerror(errno));
  exit(1);
}

static FILE *open_status(pid_t process, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", process, name);
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  return file;
}

static struct holding look(pid_t process, const uint64_t *counts) {
  struct holding found = {0};
  char line[4096];
  FILE *status = open_status(process, "status");
  while (fgets(line, sizeof line, status)) sscanf(line, "VmRSS: %ld", &found.resident_kilobytes);
  fclose(status);
  FILE *maps = open_status(process, "maps");
  while (fgets(line, sizeof line, maps)) found.maps += 1;
  fclose(maps);
  snprintf(line, sizeof line, "/proc/%d/fd", process);
  DIR *folder = opendir(line);
  if (!folder) fail(line);
  while (readdir(folder)) found.descriptors += 1;
  closedir(folder);
  found.descriptors -= 2;
  found.allocations = __atomic_load_n(counts, __ATOMIC_RELAXED);
  return found;
}

static void show(long frames, const struct holding *holding) {
  printf("%9ld frames: %6ld KB resident, %3ld maps, %2ld descriptors, %llu allocations\n", frames,
         holding->resident_kilobytes, holding->maps, holding->descriptors,
         (unsigned long long)holding->allocations);
  fflush(stdout);
}

/* Reads until `count` more lines have come; what is read beyond counts for the next call. */
static long read_lines(int pipe, long count) {
  static char buffer[4096];
  static ssize_t filled, position;
  long lines = 0;
  while (lines < count) {
    if (position == filled) {
      filled = read(pipe, buffer, sizeof buffer);
      position = 0;
      if (filled < 0 && errno == EINTR) filled = 0;
      else if (filled <= 0) return lines;
    }
    while (position < filled && lines < count) lines += buffer[position++] == '\n';
  }
  return lines;
}

int main(int count, char **arguments) {
  long frames = count > 4 ? atol(arguments[1]) : 0;
  if (frames <= first_frames) {
    fprintf(stderr, "usage: watch FRAMES COUNTS PRELOAD PROGRAM ARGUMENT...; FRAMES above %d\n", first_frames);
    return 2;
  }
  int file = open(arguments[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof(uint64_t)) != 0) fail(arguments[2]);
  const uint64_t *counts = mmap(NULL, sizeof *counts, PROT_READ, MAP_SHARED, file, 0);
  int ends[2];
  if (counts == MAP_FAILED || pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  double start = now();
  pid_t process = fork();
  if (process < 0) fail("fork");
  if (process == 0) {
    dup2(ends[1], 1);
    setenv("SOAK_COUNTS", arguments[2], 1);
    setenv("LD_PRELOAD", arguments[3], 1);
    execv(arguments[4], arguments + 4);
    fail(arguments[4]);
  }
  close(ends[1]);
  struct holding early = {0}, late = {0};
  long seen = read_lines(ends[0], first_frames);
  if (seen == first_frames) early = look(process, counts);
  show(seen, &early);
  for (int part = 1; part <= 4; part++) {
    seen += read_lines(ends[0], first_frames + (frames - first_frames) * part / 4 - seen);
    if (seen < first_frames + (frames - first_frames) * part / 4) break;
    late = look(process, counts);
    show(seen, &late);
  }
  double middle = now();
  kill(process, SIGTERM);
  close(ends[0]);
  int status = 0;
  struct rusage used;
  wait4(process, &status, 0, &used);
  double end = now();
  printf("%.0f frames/s, %.2f ms of processor time a frame, ended %.2f s after it was told to\n",
         (double)seen / (middle - start),
         ((double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
          (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6) * 1e3 / (double)seen,
         end - middle);
  int failures = 0;
#define CHECK(condition, words) \
  if (!(condition)) failures++, fprintf(stderr, "watch: %s\n", words)
  CHECK(seen == frames, "ended early");
  CHECK(late.resident_kilobytes <= early.resident_kilobytes, "resident memory has grown");
  CHECK(late.maps == early.maps, "maps have changed in number");
  CHECK(late.descriptors == early.descriptors, "descriptors have changed in number");
  CHECK(late.allocations == early.allocations, "memory was asked for between frames");
  CHECK(end - middle < 1, "took more than a second to end");
#undef CHECK
  return failures != 0;
}
