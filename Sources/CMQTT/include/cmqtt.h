/* The seam to libmosquitto. */
#ifndef CMQTT_H
#define CMQTT_H
#include <stddef.h>
#include <stdint.h>

#endif
