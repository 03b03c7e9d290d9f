/* The seam to libmicrohttpd. */
#ifndef CWEB_H
#define CWEB_H
#include <stddef.h>
#include <stdint.h>

#endif
