/* Kernels that take whole rows of pixels, by the set's kernels of one pixel. */

static void max_rows_u8(const ck_windows *w) {
  const uint8_t *taps[CK_MOST_TAPS];
  for (size_t p = 0; p < w->pixels; ++p) {
    size_t count = 0;
    for (size_t t = 0; t < w->height; ++t)
      for (size_t s = 0; s < w->width; ++s)
        taps[count++] = w->rows[t] + p * w->stride + s * w->step;
    max_u8(taps, count, w->output + p * w->output_step, w->channels);
  }
}

static void scale_u8(const ck_scaling *s) {
  for (size_t p = 0; p < s->pixels; ++p)
    multiply_u8(s->input + p * s->input_step, s->input_zero_point, s->factors,
                s->factor_zero_point, s->multiplier, s->zero_point, s->low, s->high,
                s->output + p * s->output_step, s->channels);
}

static void interleave_u8(const uint8_t *a, const uint8_t *b, size_t step, uint8_t *out,
                          size_t out_step, size_t pixels, size_t n) {
  for (size_t p = 0; p < pixels; ++p, a += step, b += step, out += out_step) {
    for (size_t i = 0; i + 1 < n; i += 2) {
      out[i] = a[i / 2];
      out[i + 1] = b[i / 2];
    }
    if (n % 2) out[n - 1] = a[n / 2];
  }
}
