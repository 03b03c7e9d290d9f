#define _GNU_SOURCE
#include "clinux_sockets.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

void cl_host_name(char *name, size_t room) {
  struct utsname system;
  int is_named = uname(&system) == 0 && system.nodename[0];
  snprintf(name, room, "%s", is_named ? system.nodename : "localhost");
}

static int make_socket(const char *path, struct sockaddr_un *address, int *descriptor) {
  size_t length = strlen(path);
  if (length >= sizeof address->sun_path) return ENAMETOOLONG;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, length);
  *descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return *descriptor < 0 ? errno : 0;
}

static int try_connecting(const char *path, int *descriptor) {
  struct sockaddr_un address;
  int error = make_socket(path, &address, descriptor);
  if (error) return error;
  if (connect(*descriptor, (struct sockaddr *)&address, sizeof address) == 0) return 0;
  error = errno;
  close(*descriptor);
  return error;
}

/* Removes a socket that nobody listens to. */
static int remove_stale(const char *path) {
  struct stat status;
  if (lstat(path, &status) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(status.st_mode)) return EEXIST;
  int probe;
  int error = try_connecting(path, &probe);
  if (error == 0) close(probe);
  /* Somebody listens, even if their queue is full at the moment. */
  if (error == 0 || error == EAGAIN) return EADDRINUSE;
  if (error != ECONNREFUSED) return error;
  return unlink(path) != 0 && errno != ENOENT ? errno : 0;
}

int cl_listen(const char *path, uint32_t permissions, int *descriptor) {
  struct sockaddr_un address;
  int error = make_socket(path, &address, descriptor);
  if (error) return error;
  error = remove_stale(path);
  /* The file gets the permissions of the descriptor: none, until it has the right ones. */
  if (!error && fchmod(*descriptor, 0) != 0) error = errno;
  if (!error && bind(*descriptor, (struct sockaddr *)&address, sizeof address) != 0) error = errno;
  if (!error && (chmod(path, permissions) != 0 || listen(*descriptor, 16) != 0)) {
    error = errno;
    unlink(path);
  }
  if (error) close(*descriptor);
  return error;
}

int cl_accept(int listener, int buffer_bytes, int *descriptor) {
  do {
    *descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (*descriptor < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (*descriptor < 0) return errno;
  setsockopt(*descriptor, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  return 0;
}

int cl_send(int descriptor, const void *bytes, size_t size, size_t *sent) {
  ssize_t count;
  do {
    count = send(descriptor, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  *sent = count < 0 ? 0 : (size_t)count;
  return count < 0 ? errno : 0;
}

int cl_would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }
