/* Sockets of this machine. Functions that can fail return 0 or an errno value. */
#ifndef CLINUX_SOCKETS_H
#define CLINUX_SOCKETS_H
#include <stddef.h>
#include <stdint.h>

/* The machine's name, cut to the room with the zero byte that ends it; "localhost" where it has none. */
void cl_host_name(char *name, size_t room);

#endif
