/* Sockets of this machine. Functions that can fail return 0 or an errno value. */
#ifndef CLINUX_SOCKETS_H
#define CLINUX_SOCKETS_H
#include <stddef.h>
#include <stdint.h>

/* The machine's name, cut to the room with the zero byte that ends it; "localhost" where it has none. */
void cl_host_name(char *name, size_t room);

/* A Unix stream socket at `path` that others connect to, with these permissions from its first moment on. A socket that is left
 * over there and that nobody listens to is replaced; EADDRINUSE where somebody does, EEXIST where there is a file of another
 * kind. */
int cl_listen(const char *path, uint32_t permissions, int *descriptor);
/* The next connection that waits, with a send buffer of about so many bytes; EAGAIN where none waits. Does not wait. */
int cl_accept(int listener, int buffer_bytes, int *descriptor);
/* Sends what the other end has room for, *sent bytes, without waiting. EAGAIN where there is no room, EPIPE where nobody reads
 * any more. */
int cl_send(int descriptor, const void *bytes, size_t size, size_t *sent);
/* Whether an errno value says that it would have to wait. */
int cl_would_wait(int error);

#endif
