#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t cl_wall_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void cl_sleep(int64_t nanoseconds) {
  struct timespec rest = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                          .tv_nsec = (long)(nanoseconds % 1000000000)};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

static volatile sig_atomic_t caught[3];

static void note(int number) {
  caught[number == SIGHUP ? 1 : number == SIGUSR1 ? 2 : 0] = 1;
  /* A second request to end is not to wait for whatever the first one waits for. */
  if (number == SIGINT || number == SIGTERM) signal(number, SIG_DFL);
}

void cl_catch_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  /* Who started this process may have had them blocked, which is inherited. */
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGHUP);
  sigaddset(&ours, SIGUSR1);
  pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

int cl_take_signal(int which) {
  int is_caught = caught[which] != 0;
  if (is_caught) caught[which] = 0;
  return is_caught;
}

int cl_notify(const char *state) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path) return 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if ((path[0] != '/' && path[0] != '@') || length >= sizeof address.sun_path) return EINVAL;
  memcpy(address.sun_path, path, length);
  /* "@" stands for the zero byte of an abstract name. */
  if (path[0] == '@') address.sun_path[0] = 0;
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  ssize_t sent = sendto(descriptor, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                        (struct sockaddr *)&address, size);
  int error = sent < 0 ? errno : 0;
  close(descriptor);
  return error;
}
