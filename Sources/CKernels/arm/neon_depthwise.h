/* Depthwise convolution of every NEON set. Sums of two taps' products fit int16, see
 * neon_multiply.h; a dot product would first need the taps interleaved, which costs as much as
 * it saves. */

enum { prepared_taps = 28 }; /* taps whose weights are taken apart at once, a multiple of four */

typedef struct {
  int8x16_t weights[prepared_taps];
  int32x4_t start[4];
  float32x4_t multiplier[4];
  rounding rounding;
#ifdef CK_DOT
  int8x16_t columns[3][4];
  uint32_t shared;
#endif
} depthwise_constants;

CK_INLINE int8x16_t signed_row(const uint8_t *from) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(0x80)));
}

CK_INLINE void add_products(int32x4_t acc[4], int16x8_t low, int16x8_t high) {
  acc[0] = vaddw_s16(acc[0], vget_low_s16(low));
  acc[1] = vaddw_s16(acc[1], vget_high_s16(low));
  acc[2] = vaddw_s16(acc[2], vget_low_s16(high));
  acc[3] = vaddw_s16(acc[3], vget_high_s16(high));
}

CK_INLINE void add_two_taps(int32x4_t acc[4], int8x16_t u0, int8x16_t w0, int8x16_t u1,
                            int8x16_t w1) {
  const int16x8_t low = vmull_s8(vget_low_s8(u0), vget_low_s8(w0));
  const int16x8_t high = vmull_s8(vget_high_s8(u0), vget_high_s8(w0));
  add_products(acc, vmlal_s8(low, vget_low_s8(u1), vget_low_s8(w1)),
               vmlal_s8(high, vget_high_s8(u1), vget_high_s8(w1)));
}

CK_INLINE void add_one_tap(int32x4_t acc[4], int8x16_t u, int8x16_t w) {
  add_products(acc, vmull_s8(vget_low_s8(u), vget_low_s8(w)),
               vmull_s8(vget_high_s8(u), vget_high_s8(w)));
}

CK_INLINE void accumulate_taps(int32x4_t acc[4], const int8x16_t *weights,
                               const uint8_t *const *row, size_t pixels, size_t channel,
                               size_t taps) {
  for (; taps >= 2; taps -= 2, weights += 2, row += 2 * pixels) {
    add_two_taps(acc, signed_row(row[0] + channel), weights[0], signed_row(row[pixels] + channel),
                 weights[1]);
  }
  if (taps > 0) add_one_tap(acc, signed_row(row[0] + channel), weights[0]);
}

#ifdef CK_DOT
#include "neon_depthwise_columns.h"
#else
#include "neon_depthwise_9.h"
#endif

static void depthwise(const ck_depthwise_tile *tile, const ck_epilogue *e) {
  const size_t groups = (tile->taps + 3) / 4;
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  depthwise_constants k;
  k.rounding = r;
#ifdef CK_DOT
  k.shared = tile->taps == 9 ? find_shared_columns(tile) : 0;
#endif
  int32x4_t partial[CK_MAX_TILE][4];
  for (size_t channel = 0; channel < tile->channels; channel += 16) {
    const size_t left = tile->channels - channel;
    const int8_t *weights = tile->weights + channel / 16 * groups * 64;
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      k.start[v] = signed_start(e, channel + (size_t)(4 * v));
      k.multiplier[v] = vld1q_f32(e->multiplier + channel + 4 * v);
    }
    for (size_t first = 0; first == 0 || first < tile->taps; first += prepared_taps) {
      const size_t taps = ck_smaller(tile->taps - first, prepared_taps);
      for (size_t t = 0; t < taps; t += 4, weights += 64) {
        const int8x16x4_t four = vld4q_s8(weights);
        CK_UNROLL for (int i = 0; i < 4; ++i) k.weights[t + (size_t)i] = four.val[i];
      }
      if (tile->taps == 9 && left >= 16 && !e->residual) {
        #ifdef CK_DOT
        prepare_columns(&k, e, channel);
#endif
        store_nine_taps(tile, &k, channel);
        continue;
      }
      const bool last = first + taps == tile->taps;
      for (size_t p = 0; p < tile->pixels; ++p) {
        int32x4_t acc[4];
        CK_UNROLL for (int v = 0; v < 4; ++v) acc[v] = first == 0 ? k.start[v] : partial[p][v];
        const uint8_t *const *row = tile->input + first * tile->pixels + p;
        accumulate_taps(acc, k.weights, row, tile->pixels, channel, taps);
        if (last) {
          finish_block(acc, e, &r, p, channel, tile->output[p], left);
        } else {
          CK_UNROLL for (int v = 0; v < 4; ++v) partial[p][v] = acc[v];
        }
      }
    }
  }
}
