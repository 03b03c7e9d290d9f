/* What ../convolution.h needs, for every NEON set: its tiles are one block wide. The set's
 * multiply-accumulate defines CK_MOST_PIXELS, CK_VECTORS a pixel, start_sums, add_tap, store_sums;
 * with CK_MATRIX the same for pairs of pixels. */

#define CK_SHAPES {1, CK_MOST_PIXELS}
#define CK_MOST_SUMS (CK_MOST_PIXELS * 16)
#ifndef CK_TILE_FUNCTION
#define CK_TILE_FUNCTION CK_INLINE
#endif

/* acc[p][16] = bias + products, for P pixels; P is a constant where this is inlined, B is 1.
 * Leaves requantization to its caller. */
CK_TILE_FUNCTION bool accumulate(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                                 size_t channel, const int8_t *weights, size_t stride,
                                 int32_t *acc, bool to_bytes, const int P, const int B) {
  (void)to_bytes;
  (void)stride;
  (void)B;
  int32x4_t sum[CK_VECTORS * CK_MOST_PIXELS];
  const uint8_t *in[CK_MOST_PIXELS];
  const uint8_t *const *row = tile->input + pixel;
#ifdef CK_MATRIX
  /* Half of a matrix of four k would be zero. */
  if (P % 2 == 0 && tile->k4 > 1) {
    start_pairs(sum, e, channel, P);
    for (size_t t = tile->taps; t-- > 0; row += tile->pixels) {
      CK_UNROLL for (int p = 0; p < P; ++p) in[p] = row[p];
      weights = add_tap_to_pairs(sum, in, weights, tile->k4, P);
    }
    store_pairs(acc, sum, P);
    return false;
  }
#endif
  start_sums(sum, e, channel, P);
  for (size_t t = tile->taps; t-- > 0; row += tile->pixels) {
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] = row[p];
    weights = add_tap(sum, in, weights, tile->k4, P);
  }
  store_sums(acc, sum, P);
  return false;
}

/* Requantizes 16 sums of a pixel from channel `channel` on and writes `left` of them. */
CK_INLINE void finish_block(const int32x4_t acc[4], const ck_epilogue *e, const rounding *r,
                            size_t pixel, size_t channel, uint8_t *output, size_t left) {
  float32x4_t t[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    t[v] = scaled(acc[v], vld1q_f32(e->multiplier + channel + 4 * v));
  }
  if (e->residual) {
    add_scaled(t, vld1q_u8(e->residual[pixel] + channel),
               vdupq_n_s16((int16_t)e->residual_zero_point), vdupq_n_f32(e->residual_multiplier));
  }
  store_bytes(output + channel, round_and_pack(t, r), left);
}

static void finish_bytes(const finished_part *part, const ck_epilogue *e, void *const *output,
                         size_t shift) {
  (void)shift;
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  const int32_t *sums = part->acc;
  for (size_t p = part->pixel; p < part->pixel + part->pixels; ++p, sums += 16) {
    const int32x4_t acc[4] = {vld1q_s32(sums), vld1q_s32(sums + 4), vld1q_s32(sums + 8),
                              vld1q_s32(sums + 12)};
    finish_block(acc, e, &r, p, part->channel, output[p], part->left);
  }
}

/* Scalar: ARMv7's vectors flush subnormal floats to zero. There are few float outputs. */
static void finish_floats(const finished_part *part, const ck_epilogue *e, void *const *output,
                          size_t shift) {
  (void)shift;
  const float *multiplier = e->multiplier + part->channel;
  const int32_t *sums = part->acc;
  for (size_t p = part->pixel; p < part->pixel + part->pixels; ++p, sums += 16) {
    float *to = (float *)output[p] + part->channel;
    for (size_t c = 0; c < part->left; ++c) to[c] = (float)sums[c] * multiplier[c];
  }
}
