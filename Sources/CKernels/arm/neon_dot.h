/* The multiply-accumulate of the NEON sets with dot products, and its convolution tile.
 *
 * An activation register holds 16 bytes of one pixel; the instruction picks four of them by
 * index, so that a pixel costs one load for four steps of k. CK_MIXED_SIGN: u8 x s8 instructions
 * (i8mm); without it activations become signed by xor 0x80, and the bias takes 128 * weight_sum. */

#ifdef CK_MIXED_SIGN
typedef uint8x16_t activations;
CK_INLINE activations from_bytes(uint8x16_t u) { return u; }
#define CK_DOT_LANE(sum, w, u, lane) vsudotq_laneq_s32(sum, w, u, lane)
CK_INLINE int32x4_t dot(int32x4_t sum, int8x16_t w, activations u) {
  return vusdotq_s32(sum, u, w);
}
CK_INLINE int32x4_t start_of(const ck_epilogue *e, size_t channel) {
  return vld1q_s32(e->bias + channel);
}
#else
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
#endif

#ifndef CK_MIXED_SIGN
#include "neon_dot_loop.h"
#endif
#define CK_ACCUMULATORS 20
#define CK_TILE 15
#define CK_SHAPES {1, 5}
#define CK_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1)

/* Four steps of k, whose bytes are in `u`: one a lane. */
#define CK_STEP(lane) \
  CK_UNROLL for (int v = 0; v < 4; ++v) { \
    const int8x16_t w = vld1q_s8(weights + 64 * lane + 16 * v); \
    CK_UNROLL for (int p = 0; p < P; ++p) { \
      sum[4 * p + v] = CK_DOT_LANE(sum[4 * p + v], w, u[p], lane); \
    } \
  }

/* acc[p][16] = bias + dot products, for P pixels; P is a constant where this is inlined, B is 1.
 * Leaves requantization to its caller. */
CK_INLINE bool accumulate(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                          size_t channel, const int8_t *weights, size_t stride, int32_t *acc,
                          bool to_bytes, const int P, const int B) {
  (void)to_bytes;
  (void)stride;
  (void)B;
  int32x4_t sum[CK_ACCUMULATORS];
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const int32x4_t start = start_of(e, channel + (size_t)(4 * v));
    CK_UNROLL for (int p = 0; p < P; ++p) sum[4 * p + v] = start;
  }
  const uint8_t *const *row = tile->input + pixel;
  for (size_t t = tile->taps; t-- > 0; row += tile->pixels) {
    const uint8_t *in[CK_MAX_TILE];
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] = row[p];
    size_t k = tile->k4;
#ifndef CK_MIXED_SIGN
    if (P == 5 && k >= 4) {
      add_dots(sum, in, weights, k / 4);
      weights += k / 4 * 256;
      CK_UNROLL for (int p = 0; p < P; ++p) in[p] += k / 4 * 16;
      k %= 4;
    }
#endif
    for (; k >= 4; k -= 4, weights += 256) {
      activations u[CK_MAX_TILE];
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
        const activations u =
          from_bytes(vreinterpretq_u8_s32(vdupq_n_s32(ck_read32(in[p]))));
        in[p] += 4;
        CK_UNROLL for (int v = 0; v < 4; ++v) {
          sum[4 * p + v] = dot(sum[4 * p + v], vld1q_s8(weights + 16 * v), u);
        }
      }
    }
  }
  CK_UNROLL for (int i = 0; i < 4 * P; ++i) vst1q_s32(acc + 4 * i, sum[i]);
  return false;
}
#undef CK_STEP
