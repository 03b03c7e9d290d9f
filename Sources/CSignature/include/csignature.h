/* The seam to libsodium. */
#ifndef CSIGNATURE_H
#define CSIGNATURE_H
#include <stddef.h>
#include <stdint.h>

#endif
