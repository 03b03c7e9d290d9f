/* The convolution tile by matrix products: an instruction multiplies two pixels by two channels,
 * eight steps of k each. Weights of two groups of four k are interleaved for it after loading,
 * which a tile of six pixels pays once for three pairs of pixels. Sum[8q + j]: pixels 2q, 2q + 1
 * by channels 2j, 2j + 1. */

#include "neon_matrix_loop.h"

CK_INLINE void start_pairs(int32x4_t *sum, const ck_epilogue *e, size_t channel, const int P) {
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const int32x4_t start = start_of(e, channel + (size_t)(4 * v));
    const int64x2_t halves = vreinterpretq_s64_s32(start);
    CK_UNROLL for (int q = 0; q < P / 2; ++q) {
      sum[8 * q + 2 * v] = vreinterpretq_s32_s64(vdupq_laneq_s64(halves, 0));
      sum[8 * q + 2 * v + 1] = vreinterpretq_s32_s64(vdupq_laneq_s64(halves, 1));
    }
  }
}

/* Adds two groups of four k to the sums; `in` are the matrices of two pixels. */
CK_INLINE void add_matrices(int32x4_t *sum, const uint8x16_t *in, const int8x16_t first[4],
                            const int8x16_t second[4], const int P) {
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const int32x4_t a = vreinterpretq_s32_s8(first[v]), b = vreinterpretq_s32_s8(second[v]);
    const int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(a, b));
    const int8x16_t high = vreinterpretq_s8_s32(vzip2q_s32(a, b));
    CK_UNROLL for (int q = 0; q < P / 2; ++q) {
      sum[8 * q + 2 * v] = vusmmlaq_s32(sum[8 * q + 2 * v], in[q], low);
      sum[8 * q + 2 * v + 1] = vusmmlaq_s32(sum[8 * q + 2 * v + 1], in[q], high);
    }
  }
}

CK_INLINE const int8_t *add_tap_to_pairs(int32x4_t *sum, const uint8_t **in,
                                         const int8_t *weights, size_t k, const int P) {
  uint8x16_t u[CK_MOST_PIXELS / 2];
  int8x16_t first[4], second[4];
  if (P == CK_MOST_PIXELS && k >= 2) {
    add_matrices_of_tile(sum, in, weights, k / 2);
    weights += k / 2 * 128;
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] += k / 2 * 8;
    k %= 2;
  }
  for (; k >= 2; k -= 2, weights += 128) {
    CK_UNROLL for (int q = 0; q < P / 2; ++q) {
      u[q] = vcombine_u8(vld1_u8(in[2 * q]), vld1_u8(in[2 * q + 1]));
      in[2 * q] += 8;
      in[2 * q + 1] += 8;
    }
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      first[v] = vld1q_s8(weights + 16 * v);
      second[v] = vld1q_s8(weights + 64 + 16 * v);
    }
    add_matrices(sum, u, first, second, P);
  }
  if (k > 0) {
    CK_UNROLL for (int q = 0; q < P / 2; ++q) {
      u[q] = vcombine_u8(vcreate_u8((uint32_t)ck_read32(in[2 * q])),
                         vcreate_u8((uint32_t)ck_read32(in[2 * q + 1])));
    }
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      first[v] = vld1q_s8(weights + 16 * v);
      second[v] = vdupq_n_s8(0);
    }
    add_matrices(sum, u, first, second, P);
    weights += 64;
  }
  return weights;
}

CK_INLINE void store_pairs(int32_t *acc, const int32x4_t *sum, const int P) {
  CK_UNROLL for (int q = 0; q < P / 2; ++q) {
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      const int64x2_t a = vreinterpretq_s64_s32(sum[8 * q + 2 * v]);
      const int64x2_t b = vreinterpretq_s64_s32(sum[8 * q + 2 * v + 1]);
      vst1q_s32(acc + 32 * q + 4 * v, vreinterpretq_s32_s64(vzip1q_s64(a, b)));
      vst1q_s32(acc + 32 * q + 16 + 4 * v, vreinterpretq_s32_s64(vzip2q_s64(a, b)));
    }
  }
}
