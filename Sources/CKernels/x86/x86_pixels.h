/* The pixel kernels of every x86 set. */

enum { int16s = bytes / 2, pixel_multiple = 8 };

/* The weights of two taps, side by side. */
CK_INLINE vi weight_pair(int16_t first, int16_t second) {
  return I(set1_epi32)((int32_t)((uint16_t)first | (uint32_t)(uint16_t)second << 16));
}

/* Adds two rows of `bytes` columns: sum[0] and sum[1] are of the columns 0, 2, 4, ... of the lanes' first and second halves,
 * the other two of 1, 3, 5, ... */
CK_INLINE void blend_pair(vi sum[4], vi a, vi b, vi weights) {
  const vi low = I(set1_epi16)(0xff);
  const vi even_a = SI(and)(a, low), even_b = SI(and)(b, low);
  const vi odd_a = I(srli_epi16)(a, 8), odd_b = I(srli_epi16)(b, 8);
  sum[0] = dot_words(sum[0], I(unpacklo_epi16)(even_a, even_b), weights);
  sum[1] = dot_words(sum[1], I(unpackhi_epi16)(even_a, even_b), weights);
  sum[2] = dot_words(sum[2], I(unpacklo_epi16)(odd_a, odd_b), weights);
  sum[3] = dot_words(sum[3], I(unpackhi_epi16)(odd_a, odd_b), weights);
}

/* `bytes` columns. Unpacking by lanes and packing by lanes end in order, but for the lanes. */
CK_INLINE void blend_columns(const uint8_t *const *rows, const int16_t *weights, size_t taps,
                             size_t at, int16_t *out) {
  vi sum[4];
  CK_UNROLL for (int i = 0; i < 4; ++i) sum[i] = I(set1_epi32)(128);
  size_t t = 0;
  for (; t + 1 < taps; t += 2) {
    blend_pair(sum, load(rows[t] + at), load(rows[t + 1] + at),
               weight_pair(weights[t], weights[t + 1]));
  }
  if (t < taps) blend_pair(sum, load(rows[t] + at), SI(setzero)(), weight_pair(weights[t], 0));
  CK_UNROLL for (int i = 0; i < 4; ++i) sum[i] = I(srai_epi32)(sum[i], 8);
  const vi even = I(packs_epi32)(sum[0], sum[1]), odd = I(packs_epi32)(sum[2], sum[3]);
  store_interleaved(out + at, I(unpacklo_epi16)(even, odd), I(unpackhi_epi16)(even, odd));
}

static void blend_u8(const uint8_t *const *rows, const int16_t *weights, size_t taps, int16_t *out,
                     size_t n) {
  if (n < bytes) {
    blend_rest(rows, weights, taps, out, 0, n);
    return;
  }
  for (size_t i = 0; i + bytes <= n; i += bytes) blend_columns(rows, weights, taps, i, out);
  /* The last vectors overlap those before. */
  if (n % bytes > 0) blend_columns(rows, weights, taps, n - bytes, out);
}

static void split_s16(const int16_t *in, int16_t *even, int16_t *odd, size_t n) {
  const vi low = I(set1_epi32)(0xffff);
  size_t i = 0;
  for (; i + int16s <= n; i += int16s) {
    const vi a = load(in + 2 * i), b = load(in + 2 * i + int16s);
    store(even + i, halves_in_order(I(packus_epi32)(SI(and)(a, low), SI(and)(b, low))));
    store(odd + i, halves_in_order(I(packus_epi32)(I(srli_epi32)(a, 16), I(srli_epi32)(b, 16))));
  }
  split_rest(in, even, odd, i, n);
}

/* Products of CK_LANES elements, a lane each, in four sums. The usual strides are constants where this is inlined. */
CK_INLINE vi dot_lanes(const int16_t *in, const int32_t *starts, const int16_t *weights,
                       const size_t stride) {
  const void *at[CK_LANES];
  CK_UNROLL for (int l = 0; l < CK_LANES; ++l) at[l] = in + starts[l];
  const bool is_constant = __builtin_constant_p(stride); /* otherwise it is another */
  if (is_constant && stride == 8) return I(madd_epi16)(lanes_at(at), load(weights));
  if (is_constant && stride == 16) return products_of_16(at, weights);
  vi sum = SI(setzero)();
  for (size_t t = 0; t < stride; t += 8) {
    CK_UNROLL for (int l = 0; l < CK_LANES; ++l) at[l] = in + starts[l] + t;
    sum = dot_words(sum, lanes_at(at), lanes_from(weights + t, 2 * stride, CK_LANES));
  }
  return sum;
}

CK_INLINE void dot_vector(const int16_t *in, const int32_t *starts, const int16_t *weights,
                          const size_t stride, int16_t *out) {
  vi sum[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const int i = v * CK_LANES;
    sum[v] = dot_lanes(in, starts + i, weights + (size_t)i * stride, stride);
  }
  const vi a = I(add_epi32)(I(unpacklo_epi32)(sum[0], sum[1]), I(unpackhi_epi32)(sum[0], sum[1]));
  const vi b = I(add_epi32)(I(unpacklo_epi32)(sum[2], sum[3]), I(unpackhi_epi32)(sum[2], sum[3]));
  const vi all = I(add_epi32)(I(unpacklo_epi64)(a, b), I(unpackhi_epi64)(a, b));
  const vi rounded = I(srai_epi32)(I(add_epi32)(all, I(set1_epi32)(8192)), 14);
  store_words(out, natural_order(rounded));
}

CK_INLINE void dot_vectors(const int16_t *in, const int32_t *starts, const int16_t *weights,
                           const size_t stride, int16_t *out, size_t n) {
  for (size_t i = 0; i < n; i += int32s) {
    /* The last vector overlaps the one before. */
    const size_t at = ck_smaller(i, n - int32s);
    dot_vector(in, starts + at, weights + at * stride, stride, out + at);
  }
}

static void dot_s16(const int16_t *in, const int32_t *starts, const int16_t *weights,
                    size_t stride, int16_t *out, size_t n) {
  if (n < int32s) {
    dot_rest(in, starts, weights, stride, out, n);
  } else if (stride == 8) {
    dot_vectors(in, starts, weights, 8, out, n);
  } else if (stride == 16) {
    dot_vectors(in, starts, weights, 16, out, n);
  } else {
    dot_vectors(in, starts, weights, stride, out, n);
  }
}

CK_INLINE vi color_levels(vi sum) {
  const vi level = I(srai_epi32)(sum, 19);
  return I(max_epi32)(I(min_epi32)(level, I(set1_epi32)(255)), SI(setzero)());
}

static void color_s16(const int16_t *y, const int16_t *u, const int16_t *v, const ck_color *c,
                      uint32_t *out, size_t n) {
  const vi black = I(set1_epi32)(64 * c->black), zero = I(set1_epi32)(64 * 128);
  const vi low_half = I(set1_epi32)(0xffff), half = I(set1_epi32)(1 << 18);
  const int16_t luma = (int16_t)c->luma;
  const vi to_red = weight_pair(luma, (int16_t)c->red_of_red);
  const vi to_blue = weight_pair(luma, (int16_t)c->blue_of_blue);
  const vi to_green = weight_pair(luma, (int16_t)-c->green_of_blue);
  const vi red_to_green = weight_pair(0, (int16_t)-c->green_of_red);
  size_t i = 0;
  for (; i + int32s <= n; i += int32s) {
    /* Luma below, a difference above it, in 16 bits each. */
    const vi light = SI(and)(I(sub_epi32)(widen_16(y + i), black), low_half);
    const vi blue = SI(or)(light, I(slli_epi32)(I(sub_epi32)(widen_16(u + i), zero), 16));
    const vi red = SI(or)(light, I(slli_epi32)(I(sub_epi32)(widen_16(v + i), zero), 16));
    const vi g = I(add_epi32)(I(madd_epi16)(blue, to_green), I(madd_epi16)(red, red_to_green));
    const vi r = color_levels(I(add_epi32)(I(madd_epi16)(red, to_red), half));
    const vi b = color_levels(I(add_epi32)(I(madd_epi16)(blue, to_blue), half));
    const vi rg = SI(or)(r, I(slli_epi32)(color_levels(I(add_epi32)(g, half)), 8));
    store(out + i, SI(or)(rg, I(slli_epi32)(b, 16)));
  }
  color_rest(y, u, v, c, out, i, n);
}
