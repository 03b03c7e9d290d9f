/* Dense convolution of the x86 sets that have no dot product instruction. pmaddubsw would saturate,
 * so bytes are widened to int16 and multiplied by pmaddwd, which is exact. Widening in the inner
 * loop would cost half as much as the products do: weights are widened once for many calls, inputs
 * once for all channels of a call, and the inner loop is products and sums alone.
 *
 * A step of the sum is four input channels of a tap. Widened, it is two pairs: bytes 0 and 2, then
 * bytes 1 and 3. Pairs of a piece of int32s steps lie apart, all the first, then all the second: a
 * vector of inputs is widened by two instructions. The order of a sum is free, as long as weights
 * and inputs have the same. */

enum { prefetch_bytes = 2048 }; /* how far ahead of their use weights are fetched */

static const uint8_t part_pixels[] = CK_MOST_PIXELS; /* of register tiles of 1, 2, … blocks */

/* The widest register tile that `left` blocks fill. */
CK_INLINE size_t part_blocks(size_t left) {
  size_t blocks = CK_WIDEST;
  while (blocks > left) blocks /= 2;
  return blocks;
}

/* Widened weights are [part of the blocks][pair][its channels][2]. */
static void widen_blocks(const int8_t *weights, size_t steps, size_t blocks, int16_t *to) {
  for (size_t part; blocks > 0; blocks -= part) {
    part = part_blocks(blocks);
    const size_t row = part * 32;
    for (size_t step = 0, piece; step < steps; step += piece) {
      piece = ck_smaller(steps - step, int32s);
      for (size_t block = 0; block < part; ++block) {
        const int8_t *from = weights + (block * steps + step) * 64;
        int16_t *first = to + 2 * step * row + block * 32, *second = first + piece * row;
        for (size_t i = 0; i < piece; ++i, from += 64, first += row, second += row) {
          __builtin_prefetch(from + prefetch_bytes);
          CK_UNROLL for (int v = 0; v < per_block; ++v) {
            const vi w = load(from + v * bytes);
            store(first + v * 2 * int32s, I(srai_epi16)(I(slli_epi16)(w, 8), 8));
            store(second + v * 2 * int32s, I(srai_epi16)(w, 8));
          }
        }
      }
    }
    weights += part * steps * 64;
    to += part * steps * 64;
  }
}

/* A piece of a pixel; what follows it is overwritten with anything, up to a vector. */
CK_INLINE void widen_piece(int32_t *to, vi u, size_t steps) {
  store(to, SI(and)(u, I(set1_epi16)(0xff)));
  store(to + steps, I(srli_epi16)(u, 8));
}

/* A pixel whose bytes lie in a row. */
CK_INLINE void widen_row(int32_t *to, const void *from, size_t steps) {
  const uint8_t *at = from;
  for (; steps >= int32s; steps -= int32s, to += 2 * int32s, at += bytes) {
    widen_piece(to, load(at), int32s);
  }
  if (steps > 0) widen_piece(to, load_steps(at, steps), steps);
}

/* All inputs of a call of several steps a tap: [pixel][row]. */
static void widen_inputs(const ck_conv_tile *tile, int32_t *to, size_t row) {
  const size_t k4 = tile->k4, taps = tile->taps, pixels = tile->pixels;
  if (taps == 1 || k4 % int32s == 0) { /* pieces lie in the rows of taps */
    for (size_t p = 0; p < pixels; ++p, to += row) {
      const uint8_t *const *in = tile->input + p;
      for (size_t t = 0; t < taps; ++t) widen_row(to + 2 * t * k4, in[t * pixels], k4);
    }
    return;
  }
  /* The second half of a row holds the bytes, which are read before they are overwritten. Those of
   * all pixels are written first: soon after, vectors of them would have to wait. */
  int32_t *all = to + taps * k4;
  for (size_t t = 0; t < taps; ++t, all += k4) {
    const uint8_t *const *in = tile->input + t * pixels;
    for (size_t p = 0; p < pixels; ++p) ck_copy_steps(all + p * row, in[p], k4);
  }
  for (size_t p = 0; p < pixels; ++p, to += row) widen_row(to, to + taps * k4, taps * k4);
}

/* sum[p][v] += products of `pairs` pairs, for P pixels, whose pairs are `row` apart, and V vectors
 * of channels. */
CK_INLINE void add_pairs(vi *sum, const int32_t *input, size_t row, const int16_t *weights,
                         size_t pairs, const int P, const int V) {
  for (size_t j = 0; j < pairs; ++j, ++input, weights += V * 2 * int32s) {
    vi w[16];
    CK_UNROLL for (int v = 0; v < V; ++v) w[v] = load(weights + v * 2 * int32s);
    CK_UNROLL for (int p = 0; p < P; ++p) {
      const vi u = I(set1_epi32)(input[(size_t)p * row]);
      CK_UNROLL for (int v = 0; v < V; ++v) {
        sum[p * V + v] = I(add_epi32)(sum[p * V + v], I(madd_epi16)(u, w[v]));
      }
    }
  }
}

/* The same of a convolution of one step a tap, a first layer: its inputs are not widened before. */
CK_INLINE void add_taps(vi *sum, const ck_conv_tile *tile, size_t pixel, const int16_t *weights,
                        const int P, const int V) {
  const vi low = I(set1_epi16)(0xff), *mask = &low;
  const uint8_t *const *in = tile->input + pixel;
  for (size_t t = 0, piece; t < tile->taps; t += piece) {
    piece = ck_smaller(tile->taps - t, int32s);
    const int16_t *second = weights + piece * (size_t)(V * 2 * int32s);
    for (size_t i = 0; i < piece; ++i, in += tile->pixels) {
      CK_UNROLL for (int p = 0; p < P; ++p) {
        /* Weights and mask are operands in memory: there are no registers to keep them in. */
        __asm__("" : "+r"(weights), "+r"(second), "+r"(mask));
        const vi u = I(set1_epi32)(ck_read32(in[p])), u0 = SI(and)(u, P * V > 12 ? low : *mask);
        CK_UNROLL for (int v = 0; v < V; ++v) {
          const vi product = I(madd_epi16)(u0, load(weights + v * 2 * int32s));
          sum[p * V + v] = I(add_epi32)(sum[p * V + v], product);
        }
        const vi u1 = I(srli_epi16)(u, 8);
        CK_UNROLL for (int v = 0; v < V; ++v) {
          const vi product = I(madd_epi16)(u1, load(second + v * 2 * int32s));
          sum[p * V + v] = I(add_epi32)(sum[p * V + v], product);
        }
      }
      weights += V * 2 * int32s;
      second += V * 2 * int32s;
    }
    weights = second;
  }
}

/* Requantizes the sums of a full part, with a residual where `residual`, and writes them. */
CK_INLINE void finish_sums(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                           size_t channel, const vi *sum, const bool residual, const int B) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  const int pixels = CK_LANES / B; /* in four accumulators */
  vf multiplier[4];
  load_multipliers(multiplier, e, channel, (size_t)B);
  const vi zero_point = I(set1_epi32)(e->residual_zero_point);
  const vf residual_multiplier = I(set1_ps)(e->residual_multiplier);
  CK_UNROLL for (int g = 0; g < CK_ACCUMULATORS / 4; ++g) {
    vf t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      t[v] = scaled(sum[4 * g + v], multiplier[v]);
      if (residual) {
        const int at = 4 * g + v, V = B * per_block;
        const uint8_t *from = e->residual[pixel + (size_t)(at / V)] + channel + at % V * int32s;
        t[v] = with_residual(t[v], widen(from), zero_point, residual_multiplier, r.limit);
      }
    }
    const vi u = natural_order(round_and_pack(t, &r));
    CK_UNROLL for (int i = 0; i < pixels; ++i) {
      uint8_t *to = (uint8_t *)tile->output[pixel + (size_t)(g * pixels + i)];
      store_part(to + channel, u, i, pixels);
    }
  }
}

/* A part of a tile: P pixels from `pixel` on and B blocks from `channel` on. Leaves the sums in
 * acc[p][b][16] or, where `to_bytes` and the part is a full one, requantizes and writes them and
 * returns true. */
CK_INLINE bool multiply_part(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                             size_t channel, size_t row, int32_t *acc, bool to_bytes, const int P,
                             const int B) {
  const int V = B * per_block;
  const size_t steps = tile->taps * tile->k4;
  if (P * V == CK_ACCUMULATORS && e->residual) { /* they come while products are made */
    CK_UNROLL for (int p = 0; p < P; ++p) {
      __builtin_prefetch(e->residual[pixel + (size_t)p] + channel);
    }
  }
  vi sum[CK_ACCUMULATORS];
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const vi start = load(e->bias + channel + v * int32s);
    CK_UNROLL for (int p = 0; p < P; ++p) sum[p * V + v] = start;
  }
  const int16_t *weights = tile->widened + channel * steps * 4;
  if (P == part_pixels[B - 1] && tile->k4 == 1) {
    add_taps(sum, tile, pixel, weights, P, V);
  } else {
    add_pairs(sum, tile->scratch + pixel * row, row, weights, 2 * steps, P, V);
  }
  if (P * V == CK_ACCUMULATORS && to_bytes) {
    if (!e->residual) {
      finish_sums(tile, e, pixel, channel, sum, false, B);
      return true;
    }
    if (2 * B >= CK_WIDEST) { /* others are few, and would be 1 KB of code each */
      finish_sums(tile, e, pixel, channel, sum, true, B);
      return true;
    }
  }
  CK_UNROLL for (int i = 0; i < P * V; ++i) store(acc + i * int32s, sum[i]);
  return false;
}

/* acc[b][16] of one pixel from weights that are not widened. */
CK_INLINE void add_pixel(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                         size_t channel, int32_t *acc, const int B) {
  const int V = B * per_block;
  const size_t stride = tile->taps * tile->k4 * 64;
  const int8_t *weights = tile->weights + channel / 16 * stride;
  const vi low = I(set1_epi16)(0xff);
  vi sum[CK_ACCUMULATORS];
  CK_UNROLL for (int v = 0; v < V; ++v) sum[v] = load(e->bias + channel + v * int32s);
  for (size_t t = 0; t < tile->taps; ++t) {
    const uint8_t *in = tile->input[t * tile->pixels + pixel];
    for (size_t k = 0; k < 4 * tile->k4; k += 4, weights += 64) {
      CK_UNROLL for (int b = 0; b < B; ++b) {
        __builtin_prefetch(weights + (size_t)b * stride + prefetch_bytes);
      }
      const vi u = I(set1_epi32)(ck_read32(in + k));
      CK_UNROLL for (int v = 0; v < V; ++v) {
        const vi w = load(weights + vector_at(stride, v));
        const vi first = I(srai_epi16)(I(slli_epi16)(w, 8), 8), second = I(srai_epi16)(w, 8);
        sum[v] = I(add_epi32)(sum[v], I(madd_epi16)(SI(and)(u, low), first));
        sum[v] = I(add_epi32)(sum[v], I(madd_epi16)(I(srli_epi16)(u, 8), second));
      }
    }
  }
  CK_UNROLL for (int v = 0; v < V; ++v) store(acc + v * int32s, sum[v]);
}

static void convolve(const ck_conv_tile *tile, const ck_epilogue *e, bool to_floats) {
  static const uint16_t sizes[] = CK_SIZES(CK_TILES);
  _Alignas(64) int32_t acc[CK_MOST_SUMS];
  const size_t row = 2 * tile->taps * tile->k4 + 16;
  if (tile->widened && tile->k4 > 1) widen_inputs(tile, tile->scratch, row);
  for (size_t channel = 0, blocks; channel < tile->channels; channel += blocks * 16) {
    blocks = part_blocks((tile->channels - channel + 15) / 16);
    const size_t left = ck_smaller(tile->channels - channel, blocks * 16);
    const bool to_bytes = !to_floats && left == blocks * 16;
    const size_t most = tile->widened ? part_pixels[blocks - 1] : 1;
    for (size_t pixel = 0, pixels; pixel < tile->pixels; pixel += pixels) {
      const size_t left_pixels = ck_smaller(tile->pixels - pixel, most);
      pixels = widest_tile(sizes, blocks, left_pixels);
      const bool is_single = !tile->widened || (tile->k4 == 1 && pixels < most);
      bool finished = false;
      if (is_single) {
        pixels = 1;
        switch (blocks) {
#define CK_CASE(B) \
  case B: add_pixel(tile, e, pixel, channel, acc, B); break;
          CK_WIDTHS(CK_CASE)
#undef CK_CASE
        default: __builtin_unreachable();
        }
      } else {
        switch (pixels << 4 | blocks) {
#define CK_CASE(P, B) \
  case P << 4 | B: \
    finished = multiply_part(tile, e, pixel, channel, row, acc, to_bytes, P, B); \
    break;
          CK_TILES(CK_CASE)
#undef CK_CASE
        default: __builtin_unreachable();
        }
      }
      if (!finished) {
        const finished_part done = {acc, pixel, pixels, channel, left};
        (to_floats ? finish_floats : finish_bytes)(&done, e, tile->output, blocks >> 1);
      }
    }
  }
}
