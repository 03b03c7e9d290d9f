#define _GNU_SOURCE
#include "clinux.h"
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* Bytes of whole pages for `size`; `size` is far from the end of the range. */
static size_t whole_pages(size_t size) {
  size_t page = page_size();
  return (size + page - 1) / page * page;
}

void *cl_allocate_guarded(size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t room = whole_pages(size), page = page_size();
  char *base =
      mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  if (mprotect(base + room, page, PROT_NONE) != 0) {
    munmap(base, room + page);
    return NULL;
  }
  return base + room - size;
}

void cl_release_guarded(void *memory, size_t size) {
  size_t room = whole_pages(size);
  if (memory) munmap((char *)memory + size - room, room + page_size());
}

static void (*fault_report)(const char *what);

static void fault(int signal) {
  fault_report(signal == SIGILL ? "an instruction that this CPU lacks" : "memory out of bounds");
  _exit(1);
}

void cl_on_fault(void (*report)(const char *what)) {
  fault_report = report;
  struct sigaction action = {.sa_handler = fault, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGILL, &action, NULL);
}
