/* What every kernel file shares: inlining, unaligned reads, tails. No intrinsics. */
#ifndef CK_KERNEL_SUPPORT_H
#define CK_KERNEL_SUPPORT_H

#include "kernel_sets.h"

#define CK_INLINE static inline __attribute__((always_inline, unused))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

/* Four bytes as they lie in memory. */
CK_INLINE int32_t ck_read32(const void *from) {
  int32_t v;
  __builtin_memcpy(&v, from, 4);
  return v;
}

/* A few bytes without a call: tails are short and frequent. */
CK_INLINE void ck_copy_bytes(uint8_t *to, const uint8_t *from, size_t n) {
  for (; n >= 8; n -= 8, to += 8, from += 8) __builtin_memcpy(to, from, 8);
  if (n & 4) {
    __builtin_memcpy(to, from, 4);
    to += 4;
    from += 4;
  }
  if (n & 2) {
    __builtin_memcpy(to, from, 2);
    to += 2;
    from += 2;
  }
  if (n & 1) *to = *from;
}

/* n times four bytes. */
CK_INLINE void ck_copy_steps(int32_t *to, const uint8_t *from, size_t n) {
  for (; n >= 4; n -= 4, to += 4, from += 16) __builtin_memcpy(to, from, 16);
  for (; n > 0; --n, ++to, from += 4) __builtin_memcpy(to, from, 4);
}

/* A part of a tile whose sums lie in memory: pixels x blocks x 16, from pixel `pixel` and channel
 * `channel` on, of which `left` channels exist. */
typedef struct {
  const int32_t *acc;
  size_t pixel, pixels, channel, left;
} finished_part;

CK_INLINE size_t ck_smaller(size_t a, size_t b) { return a < b ? a : b; }

#endif
