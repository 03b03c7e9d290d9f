/* What Winograd kernels of all sets share. */
#include "winograd.h"

size_t ck_winograd_scratch(size_t side, size_t tiles, size_t k4) {
  return wg_layout_of(side + 2, tiles, k4).size;
}

wg_corner wg_corner_of(const ck_winograd *call, size_t tile) {
  /* 32 bits divide in half the time. */
  const uint32_t row = (uint32_t)tile / (uint32_t)call->columns;
  const uint32_t column = (uint32_t)tile % (uint32_t)call->columns;
  return (wg_corner){row * call->side, column * call->side};
}

void wg_window(const ck_winograd *call, size_t tile, const uint8_t **in) {
  const size_t S = call->side + 2;
  const wg_corner corner = wg_corner_of(call, tile);
  /* Before the first row or column these wrap, and are past the last. */
  const size_t top = corner.y - call->pad_top;
  const size_t left = corner.x - call->pad_left;
  for (size_t y = top; y != top + S; ++y, in += S) {
    const uint8_t *at = call->input + (y * call->width + left) * call->pixel_bytes;
    if (y < call->height && left < call->width && left + S <= call->width) {
      for (size_t x = 0; x < S; ++x, at += call->pixel_bytes) in[x] = at;
      continue;
    }
    for (size_t x = 0; x < S; ++x, at += call->pixel_bytes) {
      in[x] = y < call->height && left + x < call->width ? at : call->outside;
    }
  }
}
