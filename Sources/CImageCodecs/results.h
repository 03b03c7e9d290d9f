/* Results that all decoders give. */
#ifndef RESULTS_H
#define RESULTS_H
#include <stdio.h>

#include "cimagecodecs.h"

static inline cic_result cic_failed(const char *message) {
  cic_result result = {.status = CIC_FAILED};
  snprintf(result.message, sizeof result.message, "%s", message);
  return result;
}

/* What a header comes to: whether its size is within the caller's limits. */
static inline cic_result cic_checked(cic_size found, uint32_t max_side, uint64_t max_pixels,
                                     size_t bytes) {
  if (found.width <= max_side && found.height <= max_side &&
      (uint64_t)found.width * found.height <= max_pixels) {
    return (cic_result){.status = CIC_OK};
  }
  char text[160];
  snprintf(text, sizeof text, "%u x %u pixels, expected at most %llu in %zu bytes", found.width,
           found.height, (unsigned long long)max_pixels, bytes);
  return cic_failed(text);
}

#endif
