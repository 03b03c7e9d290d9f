/* Convolution of images of up to three channels, four bytes a pixel: first layers. Lanes are pixels
 * and weights are broadcast, so no lane is empty whatever the number of channels, and no product is
 * of the fourth byte: red and blue of a tap make a pair, greens of two taps make another. */

enum { color_channels = 8 }; /* of a register tile */

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

/* The pairs of int32s pixels from `pixel` on: [pair][pixel][2]. */
CK_INLINE void color_inputs(const ck_color_run *run, size_t pixel, int32_t *to, const int stride) {
  const vi both = I(set1_epi32)(0xff00ff), low = I(set1_epi32)(0xff);
  int32_t *green = to + run->height * run->width * int32s;
  vi before = low;
  size_t t = 0;
  for (size_t y = 0; y < run->height; ++y) {
    const uint8_t *at = run->rows[y] + pixel * (size_t)(stride * 4);
    for (size_t x = 0; x < run->width; ++x, ++t, at += 4, to += int32s) {
      const vi u = stride == 1 ? load(at) : even_int32s(load(at), load(at + bytes));
      store(to, SI(and)(u, both));
      const vi g = SI(and)(I(srli_epi32)(u, 8), low);
      store(green, t % 2 ? SI(or)(before, I(slli_epi32)(g, 16)) : g);
      before = g;
      green += t % 2 ? int32s : 0;
    }
  }
}

/* int32s pixels by color_channels channels: the bytes of pixel p are those of
 * out[p / 2 % 2], quarter p / 4, half p % 2. */
CK_INLINE void color_tile(const ck_color_run *run, const ck_epilogue *e, const rounding *r,
                          const int16_t *weights, size_t channel, vi out[2]) {
  vi sum[color_channels];
  CK_UNROLL for (int c = 0; c < color_channels; ++c) {
    sum[c] = I(set1_epi32)(e->bias[channel + (size_t)c]);
  }
  const int32_t *input = run->scratch;
  for (size_t n = color_pairs(run->height * run->width); n > 0; --n, input += int32s, weights += 32) {
    const vi u = load(input);
    CK_UNROLL for (int c = 0; c < color_channels; ++c) {
      const vi w = I(set1_epi32)(ck_read32(weights + 2 * c));
      sum[c] = I(add_epi32)(sum[c], I(madd_epi16)(u, w));
    }
  }
  const vi order = broadcast_lane((const uint8_t[]){0, 4, 8,  12, 1, 5, 9,  13,
                                                    2, 6, 10, 14, 3, 7, 11, 15});
  vi four[2];
  CK_UNROLL for (int half = 0; half < 2; ++half) {
    vf t[4];
    CK_UNROLL for (int c = 0; c < 4; ++c) {
      t[c] = scaled(sum[4 * half + c], I(set1_ps)(e->multiplier[channel + (size_t)(4 * half + c)]));
    }
    four[half] = I(shuffle_epi8)(round_and_pack(t, r), order);
  }
  out[0] = I(unpacklo_epi32)(four[0], four[1]);
  out[1] = I(unpackhi_epi32)(four[0], four[1]);
}

static void conv_color(const ck_color_run *run, const ck_epilogue *e) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  const size_t pairs = color_pairs(run->height * run->width);
  for (size_t pixel = 0; pixel < run->pixels; pixel += int32s) {
    /* The last pixels are a full vector, some of it for the second time. */
    pixel = ck_smaller(pixel, run->pixels - int32s);
    if (run->stride == 1) {
      color_inputs(run, pixel, run->scratch, 1);
    } else {
      color_inputs(run, pixel, run->scratch, 2);
    }
    for (size_t channel = 0; channel < run->channels; channel += color_channels) {
      const int16_t *weights = run->weights + channel / 16 * pairs * 32 + channel % 16 * 2;
      union {
        vi vectors[2];
        uint8_t bytes[2][int32s / 4][2][color_channels];
      } out;
      color_tile(run, e, &r, weights, channel, out.vectors);
      uint8_t *to = run->output + pixel * run->output_bytes + channel;
      const size_t n = ck_smaller(run->channels - channel, color_channels);
      for (size_t p = 0; p < int32s; ++p, to += run->output_bytes) {
        const uint8_t *from = out.bytes[p / 2 % 2][p / 4][p % 2];
        if (n == color_channels) {
          __builtin_memcpy(to, from, color_channels);
        } else {
          ck_copy_bytes(to, from, n);
        }
      }
    }
  }
}
