/* Convolution of images of up to three channels, four bytes a pixel: first layers. What the windows of some pixels hold is
 * arranged in steps of four bytes a pixel, of which no product is of the fourth byte of the image. Then lanes are pixels and
 * weights are broadcast, so that no lane is empty whatever the number of channels; or steps are the taps of a run. */

enum {
  color_channels = 8,                     /* of a register tile */
  color_vectors = CK_LANES == 4 ? 2 : 1,  /* of pixels: as many sums as there are registers for */
};

/* color_steps(taps) are the steps of a window. add_color_tap adds tap t, of weights or of inputs, to `steps`, which lie every
 * `distance` bytes. */
#ifdef CK_DPBUSD
enum { color_run = CK_LANES == 4 }; /* steps can be taps of a run */

/* The colours of every fourth tap are the fourth bytes of the three before. */
CK_INLINE size_t color_steps(size_t taps) { return taps - taps / 4; }

CK_INLINE void add_color_tap(char *steps, size_t distance, size_t taps, size_t t, vi v,
                             const bool of_weights) {
  (void)taps;
  (void)of_weights;
  char *const step = steps + color_steps(t) * distance;
  if (t % 4 < 3) {
    store(step, SI(and)(v, I(set1_epi32)(0xffffff)));
    return;
  }
  CK_UNROLL for (int i = 0; i < 3; ++i) {
    char *const before = step - (size_t)(3 - i) * distance;
    const vi color = I(slli_epi32)(I(srli_epi32)(v, 8 * i), 24);
    store(before, SI(or)(load(before), color));
  }
}

CK_INLINE vi color_dot(vi acc, vi u, vi w) { return dot(acc, u, w); }
#else
enum { color_run = 0 };

/* Pairs of int16: red and blue of a tap, then greens of two taps. */
CK_INLINE size_t color_steps(size_t taps) { return taps + (taps + 1) / 2; }

CK_INLINE void add_color_tap(char *steps, size_t distance, size_t taps, size_t t, vi v,
                             const bool of_weights) {
  char *const pair = steps + (taps + t / 2) * distance;
  const vi low = I(set1_epi16)(0xff);
  const vi both = of_weights ? I(srai_epi16)(I(slli_epi16)(v, 8), 8) : SI(and)(v, low);
  const vi odd = of_weights ? I(srai_epi16)(v, 8) : I(srli_epi16)(v, 8);
  const vi green = SI(and)(odd, I(set1_epi32)(0xffff));
  store(steps + t * distance, both);
  store(pair, t % 2 ? SI(or)(load(pair), I(slli_epi32)(green, 16)) : green);
}

CK_INLINE vi color_dot(vi acc, vi u, vi w) { return I(add_epi32)(acc, I(madd_epi16)(u, w)); }
#endif

/* [block][taps][16][4] bytes to [block][step][16][4 bytes]. */
static void color_weights(const int8_t *weights, size_t taps, size_t blocks, int16_t *to) {
  for (; blocks > 0; --blocks, to += color_steps(taps) * 32) {
    for (size_t t = 0; t < taps; ++t) {
      CK_UNROLL for (int v = 0; v < per_block; ++v, weights += bytes) {
        add_color_tap((char *)to + v * bytes, 64, taps, t, load(weights), true);
      }
    }
  }
}

/* Tap 0 of pixel `pixel` in row y of the window. */
CK_INLINE const uint8_t *first_tap(const ck_color_run *run, size_t y, size_t pixel, const int stride) {
  return run->rows[y] + pixel * (size_t)(stride * 4);
}

/* color_inputs: the steps of V vectors of pixels from `pixel` on, [step][pixel][4 bytes], steps every `distance` bytes. */
#if CK_LANES == 4 && defined(CK_DPBUSD)
/* The tap of V vectors of pixels, and what moves into them. */
typedef struct {
  vi v[color_vectors + 1];
} color_taps;

/* Taps 0 and, where `stride` is 2, 1 of a row. Unaligned loads cost most here. */
CK_INLINE void load_taps(color_taps taps[2], const uint8_t *at, size_t width, const int stride,
                         const int V) {
  const vi odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  vi from[2 * color_vectors + 2];
  CK_UNROLL for (int v = 0; v < stride * V; ++v) from[v] = load(at + v * bytes);
  vi after = SI(setzero)();
  if (width > 1) after = load_steps(at + stride * V * bytes, width - 1);
  from[stride * V] = from[stride * V + 1] = after;
  CK_UNROLL for (int v = 0; v <= V; ++v) {
    if (stride == 1) {
      taps[0].v[v] = from[v];
    } else {
      taps[0].v[v] = even_int32s(from[2 * v], from[2 * v + 1]);
      taps[1].v[v] = _mm512_permutex2var_epi32(from[2 * v], odd, from[2 * v + 1]);
    }
  }
}

CK_INLINE void to_next_tap(color_taps *taps, const int V) {
  CK_UNROLL for (int v = 0; v < V; ++v) {
    taps->v[v] = _mm512_alignr_epi32(taps->v[v + 1], taps->v[v], 1);
  }
  taps->v[V] = _mm512_alignr_epi32(taps->v[V], taps->v[V], 1);
}

/* Colour i of every fourth tap becomes the fourth byte of the one three to one before. */
CK_INLINE vi with_color(vi tap, vi fourth, const int i) {
  const vi from = _mm512_set4_epi32((12 + i) << 24, (8 + i) << 24, (4 + i) << 24, i << 24);
  return _mm512_mask_shuffle_epi8(tap, 0x8888888888888888, fourth, from);
}

CK_INLINE void color_inputs(const ck_color_run *run, size_t pixel, char *steps, size_t distance,
                            const int stride, const int V) {
  const size_t width = run->width;
  vi before[3][color_vectors];
  size_t t = 0;
  for (size_t y = 0; y < run->height; ++y) {
    color_taps taps[2];
    load_taps(taps, first_tap(run, y, pixel, stride), width, stride, V);
    for (size_t x = 0; x < width; x += (size_t)stride) {
      CK_UNROLL for (int i = 0; i < stride; ++i) {
        if (x + (size_t)i == width) break;
        CK_UNROLL for (int v = 0; v < V; ++v) {
          const vi tap = taps[i].v[v];
          switch (t % 4) {
          case 0: before[0][v] = tap; break;
          case 1: before[1][v] = tap; break;
          case 2: before[2][v] = tap; break;
          default:
            CK_UNROLL for (int b = 0; b < 3; ++b) {
              store(steps + (size_t)b * distance + v * bytes, with_color(before[b][v], tap, b));
            }
          }
        }
        if (t++ % 4 == 3) steps += 3 * distance;
        to_next_tap(&taps[i], V);
      }
    }
  }
  CK_UNROLL for (int b = 0; b < 3; ++b, steps += distance) {
    if (t % 4 <= (size_t)b) break;
    CK_UNROLL for (int v = 0; v < V; ++v) store(steps + v * bytes, before[b][v]);
  }
}
#else
CK_INLINE void color_inputs(const ck_color_run *run, size_t pixel, char *steps, size_t distance,
                            const int stride, const int V) {
  const size_t taps = run->height * run->width;
  size_t t = 0;
  for (size_t y = 0; y < run->height; ++y) {
    const uint8_t *at = first_tap(run, y, pixel, stride);
    for (size_t x = 0; x < run->width; ++x, ++t, at += 4) {
      CK_UNROLL for (int v = 0; v < V; ++v) {
        const uint8_t *from = at + v * stride * bytes;
        const vi u = stride == 1 ? load(from) : even_int32s(load(from), load(from + bytes));
        add_color_tap(steps + v * bytes, distance, taps, t, u, false);
      }
    }
  }
}
#endif

CK_INLINE void color_inputs_of(const ck_color_run *run, size_t pixel, void *steps, size_t distance,
                               const int V) {
  if (run->stride == 1) {
    color_inputs(run, pixel, steps, distance, 1, V);
  } else {
    color_inputs(run, pixel, steps, distance, 2, V);
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

static __attribute__((noinline)) void store_few_channels(uint8_t *to, __m128i v, size_t n) {
  uint8_t all[16];
  _mm_storeu_si128((__m128i *)all, v);
  ck_copy_bytes(to, all, n);
}

/* The first n <= color_channels channels of two pixels. */
CK_INLINE void store_colors(uint8_t *to, size_t step, __m128i two, size_t n) {
  if (n == color_channels) {
    _mm_storel_epi64((__m128i *)to, two);
    _mm_storeh_pi((__m64 *)(to + step), (__m128)two);
  } else {
    store_few_channels(to, two, n);
    store_few_channels(to + step, _mm_unpackhi_epi64(two, two), n);
  }
}

/* LLVM would take vectors apart before it shuffles them, and shuffle every lane. */
CK_INLINE vi kept_whole(vi v) {
  __asm__("" : "+x"(v));
  return v;
}

/* Writes `left` channels, up to a block, of int32s pixels; by[c] are four of these channels. */
CK_INLINE void store_pixels(uint8_t *to, size_t step, const vi by[4], size_t left) {
  const vi p01 = kept_whole(I(unpacklo_epi32)(by[0], by[1]));
  const vi p23 = kept_whole(I(unpackhi_epi32)(by[0], by[1]));
  if (left <= color_channels) {
    CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane, to += 4 * step) {
      store_colors(to, step, lane_of(p01, lane), left);
      store_colors(to + 2 * step, step, lane_of(p23, lane), left);
    }
    return;
  }
  const vi q01 = I(unpacklo_epi32)(by[2], by[3]), q23 = I(unpackhi_epi32)(by[2], by[3]);
  const vi pixel[4] = {
    kept_whole(I(unpacklo_epi64)(p01, q01)), kept_whole(I(unpackhi_epi64)(p01, q01)),
    kept_whole(I(unpacklo_epi64)(p23, q23)), kept_whole(I(unpackhi_epi64)(p23, q23))};
  CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
    CK_UNROLL for (int i = 0; i < 4; ++i, to += step) {
      const __m128i channels = lane_of(pixel[i], lane);
      if (left == 16) {
        _mm_storeu_si128((__m128i *)to, channels);
      } else {
        store_few_channels(to, channels, left);
      }
    }
  }
}

/* V vectors of pixels from `pixel` on; V is a constant where this is inlined, so that the sums are
 * registers. */
CK_INLINE void color_part(const ck_color_run *run, const ck_epilogue *e, const rounding *r,
                          size_t pixel, const int V) {
  const size_t steps = color_steps(run->height * run->width), step = run->output_bytes;
  uint8_t *to = run->output + pixel * step;
  for (size_t at = 0; at < (size_t)(V * int32s) * step; at += 64) __builtin_prefetch(to + at, 1);
  color_inputs_of(run, pixel, run->scratch, (size_t)(V * bytes), V);
  const int16_t *weights = run->weights;
  vi by[color_vectors][4]; /* channels, four at a time, of a block */
  for (size_t channel = 0; channel < run->channels; channel += color_channels) {
    vi sum[color_channels * color_vectors];
    CK_UNROLL for (int c = 0; c < color_channels; ++c) {
      const vi start = I(set1_epi32)(e->bias[channel + (size_t)c]);
      CK_UNROLL for (int v = 0; v < V; ++v) sum[c * V + v] = start;
    }
    const int32_t *input = run->scratch;
    const int16_t *w = weights + channel / 16 * steps * 32 + channel % 16 * 2;
    for (size_t n = steps; n > 0; --n, input += V * int32s, w += 32) {
      vi u[color_vectors];
      CK_UNROLL for (int v = 0; v < V; ++v) u[v] = load(input + v * int32s);
      CK_UNROLL for (int c = 0; c < color_channels; ++c) {
        const vi weight = I(set1_epi32)(ck_read32(w + 2 * c));
        CK_UNROLL for (int v = 0; v < V; ++v) {
          sum[c * V + v] = color_dot(sum[c * V + v], u[v], weight);
        }
      }
    }
    const size_t half = channel % 16 / 4, block = channel - channel % 16;
    CK_UNROLL for (int v = 0; v < V; ++v) {
      by[v][half] = color_bytes(sum + v, V, e, r, channel);
      by[v][half + 1] = color_bytes(sum + 4 * V + v, V, e, r, channel + 4);
    }
    const size_t left = ck_smaller(run->channels - block, 16);
    if (channel - block + color_channels < left) continue; /* the block's second half comes next */
    CK_UNROLL for (int v = 0; v < V; ++v) {
      store_pixels(to + (size_t)(v * int32s) * step + block, step, by[v], left);
    }
  }
}

/* All channels with lanes that are pixels. */
static void conv_color_by_pixels(const ck_color_run *run, const ck_epilogue *e) {
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

/* All channels with lanes that are channels: steps become taps of runs. */
static void conv_color_by_channels(const ck_color_run *run, const ck_epilogue *e) {
  const size_t taps = run->height * run->width, steps = color_steps(taps);
  const size_t most = ck_color_words(taps) / steps / int32s * int32s; /* pixels at once */
  char *const scratch = (char *)run->scratch;
  const uint8_t *inputs[CK_COLOR_SIDE * CK_COLOR_SIDE];
  for (size_t i = 0; i < steps; ++i) inputs[i] = (const uint8_t *)scratch + i * most * 4;
  for (size_t first = 0, end; first < run->pixels; first = end) {
    /* The last pixels are a full vector, some of it for the second time. */
    const size_t start = ck_smaller(first, run->pixels - int32s);
    end = ck_smaller(start + most, run->pixels);
    for (size_t pixel = start; pixel < end; pixel += 2 * int32s) {
      if (pixel + 2 * int32s <= end) {
        color_inputs_of(run, pixel, scratch + (pixel - start) * 4, most * 4, color_vectors);
        continue;
      }
      if (pixel + int32s < end) color_inputs_of(run, pixel, scratch + (pixel - start) * 4, most * 4, 1);
      color_inputs_of(run, end - int32s, scratch + (end - int32s - start) * 4, most * 4, 1);
    }
    const ck_conv_run part = {
      .input = inputs, .input_bytes = 4, .pixels = end - start, .rows = 1, .taps = steps,
      .k4 = 1, .weights = (const int8_t *)run->weights, .channels = run->channels,
      .output = run->output + start * run->output_bytes, .output_bytes = run->output_bytes};
    conv_run(&part, e);
  }
}

/* Fewest channels for lanes that are channels, as measured. */
enum { color_run_channels = 32 };

static void conv_color(const ck_color_run *run, const ck_epilogue *e) {
  const size_t last = run->channels % 16;
  if (color_run && run->channels >= color_run_channels && (last == 0 || last > 8)) {
    conv_color_by_channels(run, e);
  } else {
    conv_color_by_pixels(run, e);
  }
}
