/* Convolution of images of up to three channels, four bytes a pixel: first layers. Lanes are pixels
 * and weights are broadcast, so no lane is empty whatever the number of channels, and no product is
 * of the fourth byte: red and blue of a tap make a pair, greens of two taps make another. */

enum {
  color_channels = 8,                     /* of a register tile */
  color_vectors = CK_LANES == 4 ? 2 : 1,  /* of pixels: as many sums as there are registers for */
};

/* Pairs of a window. */
CK_INLINE size_t color_pairs(size_t taps) { return taps + (taps + 1) / 2; }

/* [block][taps][16][4] bytes to [block][pair][16][2], first those of red and blue. */
static void color_weights(const int8_t *weights, size_t taps, size_t blocks, int16_t *to) {
  for (; blocks > 0; --blocks, to += color_pairs(taps) * 32) {
    for (size_t t = 0; t < taps; ++t) {
      CK_UNROLL for (int v = 0; v < per_block; ++v, weights += bytes) {
        const vi w = load(weights);
        int16_t *const green = to + (taps + t / 2) * 32 + v * 2 * int32s;
        store(to + t * 32 + v * 2 * int32s, I(srai_epi16)(I(slli_epi16)(w, 8), 8));
        const vi g = SI(and)(I(srai_epi16)(w, 8), I(set1_epi32)(0xffff));
        store(green, t % 2 ? SI(or)(load(green), I(slli_epi32)(g, 16)) : g);
      }
    }
  }
}

/* The pairs of V vectors of pixels from `pixel` on: [pair][pixel][2]. */
CK_INLINE void color_inputs(const ck_color_run *run, size_t pixel, const int stride, const int V) {
  const vi both = I(set1_epi32)(0xff00ff), low = I(set1_epi32)(0xff);
  int32_t *to = run->scratch, *green = to + run->height * run->width * (size_t)(V * int32s);
  size_t t = 0;
  for (size_t y = 0; y < run->height; ++y) {
    const uint8_t *at = run->rows[y] + pixel * (size_t)(stride * 4);
    for (size_t x = 0; x < run->width; ++x, ++t, at += 4) {
      CK_UNROLL for (int v = 0; v < V; ++v, to += int32s) {
        const uint8_t *from = at + v * stride * bytes;
        const vi u = stride == 1 ? load(from) : even_int32s(load(from), load(from + bytes));
        const vi g = SI(and)(I(srli_epi32)(u, 8), low);
        int32_t *const pair = green + v * int32s;
        store(to, SI(and)(u, both));
        store(pair, t % 2 ? SI(or)(load(pair), I(slli_epi32)(g, 16)) : g);
      }
      green += t % 2 ? V * int32s : 0;
    }
  }
}

/* Four channels of int32s pixels as bytes, those of a pixel together, quarters as pixels lie. */
CK_INLINE vi color_bytes(const vi *sum, const int V, const ck_epilogue *e, const rounding *r,
                         size_t channel) {
  static const uint8_t order[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  vf t[4];
  CK_UNROLL for (int c = 0; c < 4; ++c) {
    t[c] = scaled(sum[c * V], I(set1_ps)(e->multiplier[channel + (size_t)c]));
  }
  return I(shuffle_epi8)(round_and_pack(t, r), broadcast_lane(order));
}

/* The first n < color_channels channels of two pixels. */
static __attribute__((noinline)) void store_few_colors(uint8_t *to, size_t step, __m128i two,
                                                       size_t n) {
  uint8_t all[2 * color_channels];
  _mm_storeu_si128((__m128i *)all, two);
  ck_copy_bytes(to, all, n);
  ck_copy_bytes(to + step, all + color_channels, n);
}

CK_INLINE void store_colors(uint8_t *to, size_t step, __m128i two, size_t n) {
  if (n < color_channels) {
    store_few_colors(to, step, two, n);
  } else {
    _mm_storel_epi64((__m128i *)to, two);
    _mm_storeh_pi((__m64 *)(to + step), (__m128)two);
  }
}

/* V vectors of pixels from `pixel` on; V is a constant where this is inlined, so that the sums are
 * registers. */
CK_INLINE void color_part(const ck_color_run *run, const ck_epilogue *e, const rounding *r,
                          size_t pixel, const int V) {
  const size_t pairs = color_pairs(run->height * run->width), step = run->output_bytes;
  uint8_t *to = run->output + pixel * step;
  for (size_t at = 0; at < (size_t)(V * int32s) * step; at += 64) __builtin_prefetch(to + at, 1);
  if (run->stride == 1) {
    color_inputs(run, pixel, 1, V);
  } else {
    color_inputs(run, pixel, 2, V);
  }
  const int16_t *weights = run->weights;
  for (size_t channel = 0; channel < run->channels; channel += color_channels) {
    vi sum[color_channels * color_vectors];
    CK_UNROLL for (int c = 0; c < color_channels; ++c) {
      const vi start = I(set1_epi32)(e->bias[channel + (size_t)c]);
      CK_UNROLL for (int v = 0; v < V; ++v) sum[c * V + v] = start;
    }
    const int32_t *input = run->scratch;
    const int16_t *w = weights + channel / 16 * pairs * 32 + channel % 16 * 2;
    for (size_t n = pairs; n > 0; --n, input += V * int32s, w += 32) {
      vi u[color_vectors];
      CK_UNROLL for (int v = 0; v < V; ++v) u[v] = load(input + v * int32s);
      CK_UNROLL for (int c = 0; c < color_channels; ++c) {
        const vi both = I(set1_epi32)(ck_read32(w + 2 * c));
        CK_UNROLL for (int v = 0; v < V; ++v) {
          sum[c * V + v] = I(add_epi32)(sum[c * V + v], I(madd_epi16)(u[v], both));
        }
      }
    }
    const size_t left = ck_smaller(run->channels - channel, color_channels);
    uint8_t *at = to + channel;
    CK_UNROLL for (int v = 0; v < V; ++v) {
      const vi low = color_bytes(sum + v, V, e, r, channel);
      const vi high = color_bytes(sum + 4 * V + v, V, e, r, channel + 4);
      const vi first = I(unpacklo_epi32)(low, high), second = I(unpackhi_epi32)(low, high);
      CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane, at += 4 * step) {
        store_colors(at, step, lane_of(first, lane), left);
        store_colors(at + 2 * step, step, lane_of(second, lane), left);
      }
    }
  }
}

static void conv_color(const ck_color_run *run, const ck_epilogue *e) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  size_t pixel = 0;
  for (; color_vectors == 2 && pixel + 2 * int32s <= run->pixels; pixel += 2 * int32s) {
    color_part(run, e, &r, pixel, color_vectors);
  }
  for (; pixel < run->pixels; pixel += int32s) {
    /* The last pixels are a full vector, some of it for the second time. */
    color_part(run, e, &r, ck_smaller(pixel, run->pixels - int32s), 1);
  }
}
