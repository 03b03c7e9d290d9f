#define _GNU_SOURCE
#include "clinux_sockets.h"
#include <stdio.h>
#include <sys/utsname.h>

void cl_host_name(char *name, size_t room) {
  struct utsname system;
  int is_named = uname(&system) == 0 && system.nodename[0];
  snprintf(name, room, "%s", is_named ? system.nodename : "localhost");
}
