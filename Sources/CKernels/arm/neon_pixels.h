/* The pixel kernels of every NEON set. */

enum { pixel_multiple = 8 };

/* Eight columns. */
CK_INLINE int16x8_t blend_columns(const uint8_t *const *rows, const int16_t *weights, size_t taps,
                                  size_t at) {
  int32x4_t low = vdupq_n_s32(128), high = low;
  for (size_t t = 0; t < taps; ++t) {
    const int16x8_t a = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(rows[t] + at)));
    low = vmlal_n_s16(low, vget_low_s16(a), weights[t]);
    high = vmlal_n_s16(high, vget_high_s16(a), weights[t]);
  }
  return vcombine_s16(vshrn_n_s32(low, 8), vshrn_n_s32(high, 8));
}

static void blend_u8(const uint8_t *const *rows, const int16_t *weights, size_t taps, int16_t *out,
                     size_t n) {
  if (n < 8) {
    blend_rest(rows, weights, taps, out, 0, n);
    return;
  }
  size_t i = 0;
  for (; i + 8 <= n; i += 8) vst1q_s16(out + i, blend_columns(rows, weights, taps, i));
  /* The last vector overlaps the one before. */
  if (i < n) vst1q_s16(out + n - 8, blend_columns(rows, weights, taps, n - 8));
}

static void split_s16(const int16_t *in, int16_t *even, int16_t *odd, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const int16x8x2_t both = vld2q_s16(in + 2 * i);
    vst1q_s16(even + i, both.val[0]);
    vst1q_s16(odd + i, both.val[1]);
  }
  split_rest(in, even, odd, i, n);
}

/* The sum of products in two parts. */
CK_INLINE int32x2_t dot_columns(const int16_t *in, const int16_t *weights, size_t stride) {
  int32x4_t sum = vdupq_n_s32(0);
  for (size_t t = 0; t < stride; t += 8) {
    const int16x8_t a = vld1q_s16(in + t), w = vld1q_s16(weights + t);
    sum = vmlal_s16(sum, vget_low_s16(a), vget_low_s16(w));
    sum = vmlal_s16(sum, vget_high_s16(a), vget_high_s16(w));
  }
  return vadd_s32(vget_low_s32(sum), vget_high_s32(sum));
}

static void dot_s16(const int16_t *in, const int32_t *starts, const int16_t *weights,
                    size_t stride, int16_t *out, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const int16_t *w = weights + i * stride;
    const int32x2_t a = dot_columns(in + starts[i], w, stride);
    const int32x2_t b = dot_columns(in + starts[i + 1], w + stride, stride);
    const int32x2_t c = dot_columns(in + starts[i + 2], w + 2 * stride, stride);
    const int32x2_t d = dot_columns(in + starts[i + 3], w + 3 * stride, stride);
    const int32x4_t sums = vcombine_s32(vpadd_s32(a, b), vpadd_s32(c, d));
    vst1_s16(out + i, vrshrn_n_s32(sums, 14));
  }
  dot_rest(in, starts + i, weights + i * stride, stride, out + i, n - i);
}

CK_INLINE uint32x4_t color_levels(int32x4_t sum) {
  const int32x4_t level = vshrq_n_s32(sum, 19);
  return vreinterpretq_u32_s32(vmaxq_s32(vminq_s32(level, vdupq_n_s32(255)), vdupq_n_s32(0)));
}

static void color_s16(const int16_t *y, const int16_t *u, const int16_t *v, const ck_color *c,
                      uint32_t *out, size_t n) {
  const int16x4_t black = vdup_n_s16((int16_t)(64 * c->black)), zero = vdup_n_s16(64 * 128);
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const int16x4_t blue = vsub_s16(vld1_s16(u + i), zero), red = vsub_s16(vld1_s16(v + i), zero);
    const int32x4_t light =
      vmlal_n_s16(vdupq_n_s32(1 << 18), vsub_s16(vld1_s16(y + i), black), (int16_t)c->luma);
    const int32x4_t green = vmlsl_n_s16(vmlsl_n_s16(light, blue, (int16_t)c->green_of_blue), red,
                                        (int16_t)c->green_of_red);
    const uint32x4_t r = color_levels(vmlal_n_s16(light, red, (int16_t)c->red_of_red));
    const uint32x4_t b = color_levels(vmlal_n_s16(light, blue, (int16_t)c->blue_of_blue));
    const uint32x4_t rg = vsliq_n_u32(r, color_levels(green), 8);
    vst1q_u32(out + i, vsliq_n_u32(rg, b, 16));
  }
  color_rest(y, u, v, c, out, i, n);
}
