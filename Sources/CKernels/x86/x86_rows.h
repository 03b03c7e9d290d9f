/* Kernels of every x86 set that take whole rows of pixels. */

/* The largest of a window's rows at one place. */
CK_INLINE vi column_max(const uint8_t *const *rows, size_t height, size_t at) {
  vi best = load(rows[0] + at);
  for (size_t t = 1; t < height; ++t) best = I(max_epu8)(best, load(rows[t] + at));
  return best;
}

/* Windows of `height` x 3 taps, a vector of channels, each `shift` = 1 or 2 taps after the one before: their columns' maxima
 * are taken once. */
CK_INLINE void max_by_columns(const ck_windows *w, size_t height, size_t shift, size_t i) {
  const uint8_t *const *const rows = w->rows;
  const size_t left = w->channels - i;
  size_t at = i;
  vi first = column_max(rows, height, at), second = column_max(rows, height, at + w->step);
  for (size_t p = 0;; ++p) {
    const vi third = column_max(rows, height, at + 2 * w->step);
    const vi best = I(max_epu8)(I(max_epu8)(first, second), third);
    store_bytes(w->output + p * w->output_step + i, best, left);
    if (p + 1 == w->pixels) return;
    at += w->stride;
    first = shift == 1 ? second : third;
    second = shift == 1 ? third : column_max(rows, height, at + w->step);
  }
}

CK_INLINE void max_of_height(const ck_windows *w, size_t height) {
  for (size_t i = 0; i < w->channels; i += bytes) {
    if (w->width == 3 && w->stride == w->step) {
      max_by_columns(w, height, 1, i);
    } else if (w->width == 3 && w->stride == 2 * w->step) {
      max_by_columns(w, height, 2, i);
    } else {
      for (size_t p = 0; p < w->pixels; ++p) {
        const size_t at = p * w->stride + i;
        vi best = column_max(w->rows, height, at);
        for (size_t s = 1; s < w->width; ++s)
          best = I(max_epu8)(best, column_max(w->rows, height, at + s * w->step));
        store_bytes(w->output + p * w->output_step + i, best, w->channels - i);
      }
    }
  }
}

static void max_rows_u8(const ck_windows *w) {
  switch (w->height) {
    case 2: max_of_height(w, 2); break;
    case 3: max_of_height(w, 3); break;
    default: max_of_height(w, w->height);
  }
}

#ifdef CK_DPBUSD
/* Bytes 4 * j to 4 * j + 3 of every 128-bit lane, each four times. */
CK_INLINE vi repeated_bytes(vi v, const int j) {
  const int32_t each = 0x01010101, first = each * 4 * j;
  const int32_t pattern[4] = {first, first + each, first + 2 * each, first + 3 * each};
  return I(shuffle_epi8)(v, broadcast_lane(pattern));
}

/* A number in -255 ... 255 as the sum of three signed bytes. */
CK_INLINE vi as_three_bytes(vi v) {
  const vi low = I(set1_epi32)(-128), high = I(set1_epi32)(127), byte = I(set1_epi32)(0xff);
  const vi a = I(min_epi32)(I(max_epi32)(v, low), high), rest = I(sub_epi32)(v, a);
  const vi b = I(min_epi32)(I(max_epi32)(rest, low), high), c = I(sub_epi32)(rest, b);
  return SI(or)(SI(and)(a, byte), SI(or)(I(slli_epi32)(SI(and)(b, byte), 8), I(slli_epi32)(SI(and)(c, byte), 16)));
}

/* `count` times a vector of bytes, each `step` bytes after the one before, by one vector of factors; `left` of each are
 * written. */
CK_INLINE void scale_column(const ck_scaling *s, const uint8_t *factors, const uint8_t *input,
                            size_t input_step, uint8_t *output, size_t output_step, size_t count,
                            size_t left) {
  const rounding r = make_rounding(s->zero_point, s->low, s->high);
  const vf scale = I(set1_ps)(s->multiplier);
  vi factor[4], start[4]; /* in the order of `interleave` */
  CK_UNROLL for (int j = 0; j < 4; ++j) {
    const vi all = SI(and)(repeated_bytes(load(factors), j), I(set1_epi32)(0xff));
    const vi f = I(sub_epi32)(all, I(set1_epi32)(s->factor_zero_point));
    factor[j] = as_three_bytes(f);
    start[j] = I(mullo_epi32)(f, I(set1_epi32)(-s->input_zero_point));
  }
  for (size_t p = 0; p < count; ++p) {
    const vi u = load(input + p * input_step);
    vf t[4];
    CK_UNROLL for (int j = 0; j < 4; ++j) t[j] = scaled(dot(start[j], repeated_bytes(u, j), factor[j]), scale);
    store_bytes(output + p * output_step, round_and_pack(t, &r), left);
  }
}
#else
/* The same. */
CK_INLINE void scale_column(const ck_scaling *s, const uint8_t *factors, const uint8_t *input,
                            size_t input_step, uint8_t *output, size_t output_step, size_t count,
                            size_t left) {
  const rounding r = make_rounding(s->zero_point, s->low, s->high);
  const vi zero = I(set1_epi32)(s->input_zero_point), other = I(set1_epi32)(s->factor_zero_point);
  const vf scale = I(set1_ps)(s->multiplier);
  vf factor[4];
  CK_UNROLL for (int v = 0; v < 4; ++v)
    factor[v] = I(cvtepi32_ps)(I(sub_epi32)(widen(factors + v * int32s), other));
  for (size_t p = 0; p < count; ++p) {
    vf t[4];
    /* Products of 9 bits with 9 bits are exact in floats. */
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      const vi x = I(sub_epi32)(widen(input + p * input_step + v * int32s), zero);
      t[v] = I(mul_ps)(I(mul_ps)(I(cvtepi32_ps)(x), factor[v]), scale);
    }
    store_bytes(output + p * output_step, natural_order(round_and_pack(t, &r)), left);
  }
}
#endif

static void scale_u8(const ck_scaling *s) {
  enum { most = 1024 };
  const size_t n = s->channels;
  if (n % bytes != 0 && n <= most && s->input_step == n && s->output_step == n) {
    /* Pixels follow each other without a gap: the factors of a vector at k * bytes begin at channel k * bytes % n, and
     * repeat after n vectors at the latest. */
    uint8_t repeated[most + bytes];
    for (size_t i = 0; i < n; ++i) repeated[i] = s->factors[i];
    for (size_t i = n; i < n + bytes; ++i) repeated[i] = repeated[i - n];
    const size_t all = n * s->pixels;
    size_t period = n;
    while (period % bytes != 0) period += period;
    for (size_t at = 0, channel = 0; at < ck_smaller(period, all); at += bytes) {
      const uint8_t *const from = s->input + at;
      uint8_t *const to = s->output + at;
      const size_t whole = all - at >= bytes ? (all - at - bytes) / period + 1 : 0;
      scale_column(s, repeated + channel, from, period, to, period, whole, bytes);
      const size_t end = whole * period;
      if (end < all - at)
        scale_column(s, repeated + channel, from + end, 0, to + end, 0, 1, all - at - end);
      channel = (channel + bytes) % n;
    }
    return;
  }
  for (size_t i = 0; i < n; i += bytes)
    scale_column(s, s->factors + i, s->input + i, s->input_step, s->output + i, s->output_step,
                 s->pixels, n - i);
}

static void interleave_u8(const uint8_t *a, const uint8_t *b, size_t step, uint8_t *out,
                          size_t out_step, size_t pixels, size_t n) {
  for (size_t p = 0; p < pixels; ++p, a += step, b += step, out += out_step) {
    for (size_t i = 0; i < n; i += bytes) {
      const vi even = widen_to_16(a + i / 2), odd = widen_to_16(b + i / 2);
      store_bytes(out + i, SI(or)(even, I(slli_epi16)(odd, 8)), n - i);
    }
  }
}
