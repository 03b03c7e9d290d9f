/* The pixel kernels of every x86 set. */

enum { int16s = bytes / 2, pixel_multiple = int16s };

/* The weights of two taps, side by side. */
CK_INLINE vi weight_pair(int16_t first, int16_t second) {
  return I(set1_epi32)((int32_t)((uint16_t)first | (uint32_t)(uint16_t)second << 16));
}

/* int16s columns: two rows at a time, interleaved for pmaddwd. Unpacking by lanes and packing by lanes end in order. */
CK_INLINE vi blend_columns(const uint8_t *const *rows, const int16_t *weights, size_t taps,
                           size_t at) {
  vi low = I(set1_epi32)(128), high = low;
  size_t t = 0;
  for (; t + 1 < taps; t += 2) {
    const vi a = widen_to_16(rows[t] + at), b = widen_to_16(rows[t + 1] + at);
    const vi w = weight_pair(weights[t], weights[t + 1]);
    low = I(add_epi32)(low, I(madd_epi16)(I(unpacklo_epi16)(a, b), w));
    high = I(add_epi32)(high, I(madd_epi16)(I(unpackhi_epi16)(a, b), w));
  }
  if (t < taps) {
    const vi a = widen_to_16(rows[t] + at), w = weight_pair(weights[t], 0);
    low = I(add_epi32)(low, I(madd_epi16)(I(unpacklo_epi16)(a, a), w));
    high = I(add_epi32)(high, I(madd_epi16)(I(unpackhi_epi16)(a, a), w));
  }
  return I(packs_epi32)(I(srai_epi32)(low, 8), I(srai_epi32)(high, 8));
}

static void blend_u8(const uint8_t *const *rows, const int16_t *weights, size_t taps, int16_t *out,
                     size_t n) {
  if (n < int16s) {
    blend_rest(rows, weights, taps, out, 0, n);
    return;
  }
  size_t i = 0;
  for (; i + int16s <= n; i += int16s) store(out + i, blend_columns(rows, weights, taps, i));
  /* The last vector overlaps the one before. */
  if (i < n) store(out + n - int16s, blend_columns(rows, weights, taps, n - int16s));
}

CK_INLINE vi dot_columns(const int16_t *in, const int16_t *weights, size_t stride) {
  vi sum = I(madd_epi16)(load(in), load(weights));
  for (size_t t = int16s; t < stride; t += int16s) {
    sum = I(add_epi32)(sum, I(madd_epi16)(load(in + t), load(weights + t)));
  }
  return sum;
}

/* Four elements, rounded. */
CK_INLINE __m128i dot_four(const int16_t *in, const int32_t *starts, const int16_t *weights,
                           size_t stride) {
  const __m128i sums = sums_of(dot_columns(in + starts[0], weights, stride),
                               dot_columns(in + starts[1], weights + stride, stride),
                               dot_columns(in + starts[2], weights + 2 * stride, stride),
                               dot_columns(in + starts[3], weights + 3 * stride, stride));
  const __m128i rounded = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(8192)), 14);
  return _mm_packs_epi32(rounded, rounded);
}

static void dot_s16(const int16_t *in, const int32_t *starts, const int16_t *weights,
                    size_t stride, int16_t *out, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    _mm_storel_epi64((__m128i *)(out + i),
                     dot_four(in, starts + i, weights + i * stride, stride));
  }
  for (; i < n; ++i) {
    const vi sum = dot_columns(in + starts[i], weights + i * stride, stride);
    const __m128i all = sums_of(sum, sum, sum, sum);
    out[i] = (int16_t)((_mm_cvtsi128_si32(all) + 8192) >> 14);
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
