/* The seam to libv4l2. */
#ifndef CVIDEO_H
#define CVIDEO_H
#include <stddef.h>
#include <stdint.h>

#endif
