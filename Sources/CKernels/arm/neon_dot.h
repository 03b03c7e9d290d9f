/* The multiply-accumulate of the NEON sets with dot products, and its convolution tile.
 *
 * An activation register holds 16 bytes of one pixel; the instruction picks four of them by
 * index, so that a pixel costs one load for four steps of k. CK_MIXED_SIGN: u8 x s8 instructions
 * (i8mm); without it activations become signed by subtracting 128, and the bias takes 128 *
 * weight_sum. */

#ifdef CK_MIXED_SIGN
#define CK_MOST_PIXELS 6
#define CK_TILE 12
#define CK_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1)
typedef uint8x16_t activations;
CK_INLINE activations from_bytes(uint8x16_t u) { return u; }
#define CK_DOT_LANE(sum, w, u, lane) vsudotq_laneq_s32(sum, w, u, lane)
CK_INLINE int32x4_t dot(int32x4_t sum, int8x16_t w, activations u) {
  return vusdotq_s32(sum, u, w);
}
CK_INLINE int32x4_t start_of(const ck_epilogue *e, size_t channel) {
  return vld1q_s32(e->bias + channel);
}
#define CK_MATRIX
#include "neon_matrix.h"
#else
#define CK_MOST_PIXELS 5
#define CK_TILE 15
#define CK_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1)
typedef int8x16_t activations;
CK_INLINE activations from_bytes(uint8x16_t u) {
  return vreinterpretq_s8_u8(veorq_u8(u, vdupq_n_u8(0x80)));
}
#define CK_DOT_LANE(sum, w, u, lane) vdotq_laneq_s32(sum, w, u, lane)
CK_INLINE int32x4_t dot(int32x4_t sum, int8x16_t w, activations u) {
  return vdotq_s32(sum, w, u);
}
CK_INLINE int32x4_t start_of(const ck_epilogue *e, size_t channel) {
  return signed_start(e, channel);
}
#include "neon_dot_loop.h"
#endif

#define CK_VECTORS 4

/* Four steps of k, whose bytes are in `u`: one a lane. */
#define CK_STEP(lane) \
  CK_UNROLL for (int v = 0; v < 4; ++v) { \
    const int8x16_t w = vld1q_s8(weights + 64 * lane + 16 * v); \
    CK_UNROLL for (int p = 0; p < P; ++p) { \
      sum[4 * p + v] = CK_DOT_LANE(sum[4 * p + v], w, u[p], lane); \
    } \
  }

/* Sum[4p + v]: pixel p by channels 4v .. 4v + 3. */
CK_INLINE void start_sums(int32x4_t *sum, const ck_epilogue *e, size_t channel, const int P) {
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const int32x4_t start = start_of(e, channel + (size_t)(4 * v));
    CK_UNROLL for (int p = 0; p < P; ++p) sum[4 * p + v] = start;
  }
}

CK_INLINE const int8_t *add_tap(int32x4_t *sum, const uint8_t **in, const int8_t *weights,
                                size_t k, const int P) {
#ifndef CK_MIXED_SIGN
  if (P == CK_MOST_PIXELS && k >= 4) {
    add_dots(sum, in, weights, k / 4);
    weights += k / 4 * 256;
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] += k / 4 * 16;
    k %= 4;
  }
#endif
  for (; k >= 4; k -= 4, weights += 256) {
    activations u[CK_MOST_PIXELS];
    CK_UNROLL for (int p = 0; p < P; ++p) {
      u[p] = from_bytes(vld1q_u8(in[p]));
      in[p] += 16;
    }
    CK_STEP(0)
    CK_STEP(1)
    CK_STEP(2)
    CK_STEP(3)
  }
  for (; k > 0; --k, weights += 64) {
    CK_UNROLL for (int p = 0; p < P; ++p) {
      const activations u = from_bytes(vreinterpretq_u8_s32(vdupq_n_s32(ck_read32(in[p]))));
      in[p] += 4;
      CK_UNROLL for (int v = 0; v < 4; ++v) {
        sum[4 * p + v] = dot(sum[4 * p + v], vld1q_s8(weights + 16 * v), u);
      }
    }
  }
  return weights;
}
#undef CK_STEP

CK_INLINE void store_sums(int32_t *acc, const int32x4_t *sum, const int P) {
  CK_UNROLL for (int i = 0; i < 4 * P; ++i) vst1q_s32(acc + 4 * i, sum[i]);
}
