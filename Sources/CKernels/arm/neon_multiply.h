/* The convolution tile of the NEON set without dot products.
 *
 * Eight bytes are two channels of four k. Products of signed bytes are at most 128 * 127, so
 * that two of them, from two steps of k, fit int16 (32512); vpadal then adds them in pairs, and
 * a channel's sum lies in two lanes until the end. */

#if defined(__aarch64__)
#define CK_MOST_PIXELS 2
#define CK_TILE_FUNCTION CK_INLINE
#define CK_TILES(X) X(1, 1) X(2, 1)
#else
#define CK_MOST_PIXELS 1
/* Its only tile takes every register, which the loop around it must not want. */
#define CK_TILE_FUNCTION static __attribute__((noinline))
#define CK_TILES(X) X(1, 1)
#endif
#define CK_VECTORS 8
#define CK_TILE 12

#include "neon_multiply_loop.h"

/* Four activation bytes, twice, as signed bytes. */
CK_INLINE int8x8_t signed_bytes(const uint8_t *from) {
  const uint8x8_t u = vreinterpret_u8_s32(vdup_n_s32(ck_read32(from)));
  return vreinterpret_s8_u8(veor_u8(u, vdup_n_u8(0x80)));
}

/* Sum[8p + v]: pixel p by channels 2v, 2v + 1, each in two lanes. */
CK_INLINE void start_sums(int32x4_t *sum, const ck_epilogue *e, size_t channel, const int P) {
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const int32x4_t start = signed_start(e, channel + (size_t)(4 * v));
    const int32x4x2_t halves = vzipq_s32(start, vdupq_n_s32(0));
    CK_UNROLL for (int p = 0; p < P; ++p) {
      sum[8 * p + 2 * v] = halves.val[0];
      sum[8 * p + 2 * v + 1] = halves.val[1];
    }
  }
}

CK_INLINE const int8_t *add_tap(int32x4_t *sum, const uint8_t **in, const int8_t *weights,
                                size_t k, const int P) {
  if (P == CK_MOST_PIXELS && k >= 2) {
    add_products_of_tile(sum, in, weights, k / 2);
    weights += k / 2 * 128;
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] += k / 2 * 8;
    k %= 2;
  }
  for (; k >= 2; k -= 2, weights += 128) {
    int8x8_t first[CK_MOST_PIXELS], second[CK_MOST_PIXELS];
    CK_UNROLL for (int p = 0; p < P; ++p) {
      first[p] = signed_bytes(in[p]);
      second[p] = signed_bytes(in[p] + 4);
      in[p] += 8;
    }
    CK_UNROLL for (int v = 0; v < 8; ++v) {
      const int8x8_t w0 = vld1_s8(weights + 8 * v), w1 = vld1_s8(weights + 64 + 8 * v);
      CK_UNROLL for (int p = 0; p < P; ++p) {
        const int16x8_t products = vmlal_s8(vmull_s8(w0, first[p]), w1, second[p]);
        sum[8 * p + v] = vpadalq_s16(sum[8 * p + v], products);
      }
    }
  }
  if (k > 0) {
    CK_UNROLL for (int p = 0; p < P; ++p) {
      const int8x8_t u = signed_bytes(in[p]);
      CK_UNROLL for (int v = 0; v < 8; ++v) {
        sum[8 * p + v] = vpadalq_s16(sum[8 * p + v], vmull_s8(vld1_s8(weights + 8 * v), u));
      }
    }
    weights += 64;
  }
  return weights;
}

CK_INLINE void store_sums(int32_t *acc, const int32x4_t *sum, const int P) {
  CK_UNROLL for (int i = 0; i < 4 * P; ++i) {
    vst1q_s32(acc + 4 * i, add_pairs(sum[2 * i], sum[2 * i + 1]));
  }
}
