/* Register tiles of runs of pixels that lie evenly. The set's file defines
 *   CK_RUN_TILES(X)   its register tiles X(pixels, blocks of 16 channels), one pixel of every width,
 *   CK_BYTE_TILES(X)  those for bytes, at most two segments of pixels, and CK_BYTE_COST, see ckernels.h,
 *   CK_RUN_WIDTHS(X)  their widths,
 *   CK_RUN_SUMS       the sums of the largest in vectors. */

#define CK_RUN_COUNT(B) + 1
enum {
  widest_run = 0 CK_RUN_WIDTHS(CK_RUN_COUNT),
  run_half = CK_RUN_SCRATCH / 2 - bytes, /* from widened bytes 0 and 2 to bytes 1 and 3 */
};

/* Tiles of the same size, one after the other. */
typedef struct {
  const ck_conv_run *run;
  const ck_epilogue *e;
  const rounding *r;
  size_t pixel, tiles;
  size_t channel, left; /* of which `left` channels exist */
  const int8_t *weights;
  size_t steps, stride; /* of blocks in the weights */
  /* Tap t of pixel `first` + p is at run->input[t] + offset or, widened, input + t * tap_bytes, and p * step. */
  size_t first, step;
  size_t offset; /* of the row */
  const uint8_t *input;
  size_t tap_bytes;
  const uint16_t *plan; /* of its blocks, where bytes are multiplied */
} tile_run;

/* Adds the products of four input channels, from byte 4 * k of P pixels, to sum[P][V]. */
CK_INLINE void add_run_step(vi *sum, const uint8_t *const *base, const distances *d,
                            const int8_t *weights, size_t stride, const int k, const int P,
                            const int V) {
#ifdef CK_DPBUSD
  const int halves = 1;
#else
  const int halves = 2;
  (void)stride;
#endif
  CK_UNROLL for (int half = 0; half < halves; ++half) {
    vi w[8];
    CK_UNROLL for (int v = 0; v < V; ++v) {
#ifdef CK_DPBUSD
      w[v] = load(weights + vector_at(stride, v) + k * 64);
#else
      w[v] = load(weights + ((2 * k + half) * V + v) * bytes);
#endif
    }
    CK_UNROLL for (int p = 0; p < P; ++p) {
      const uint8_t *at = pixel_at(base[p / segment], d, p % segment) + 4 * k + half * run_half;
      const vi u = I(set1_epi32)(ck_read32(at));
      CK_UNROLL for (int v = 0; v < V; ++v) {
#ifdef CK_DPBUSD
        sum[p * V + v] = CK_DPBUSD(sum[p * V + v], u, w[v]);
#else
        sum[p * V + v] = I(add_epi32)(sum[p * V + v], I(madd_epi16)(u, w[v]));
#endif
      }
    }
  }
}

/* P * B blocks of sums, P pixels of B blocks, through memory: where channels or residuals need more
 * care than registers allow. */
CK_INLINE void finish_run_part(const tile_run *t, const int32_t *acc, size_t pixel,
                               const size_t pixels, const bool residual, const int B) {
  const ck_conv_run *run = t->run;
  const ck_epilogue *e = t->e;
  const vi residual_zero = I(set1_epi32)(e->residual_zero_point);
  const vf residual_multiplier = I(set1_ps)(e->residual_multiplier);
  const int together = CK_LANES / B > 0 ? CK_LANES / B : 1; /* pixels of a group */
  const int groups = (B + CK_LANES - 1) / CK_LANES;
  for (size_t p = 0; p < pixels; p += (size_t)together) {
    CK_UNROLL for (int g = 0; g < groups; ++g) {
      vf s[4];
      CK_UNROLL for (int v = 0; v < 4; ++v) {
        const int lane = v / per_block;
        /* Lanes past the last pixel or block repeat another and are not stored. */
        const size_t at = ck_smaller(p + (size_t)(lane / B), pixels - 1);
        const int b = g * CK_LANES + lane % B < B ? g * CK_LANES + lane % B : B - 1;
        const size_t c = (size_t)(b * 16 + v % per_block * int32s);
        s[v] = scaled(load(acc + at * (size_t)(B * 16) + c),
                      I(loadu_ps)(e->multiplier + t->channel + c));
        if (residual) {
          const uint8_t *from = run->residual + (pixel + at) * run->residual_bytes + t->channel + c;
          s[v] = with_residual(s[v], widen(from), residual_zero, residual_multiplier, t->r->limit);
        }
      }
      const vi u = natural_order(round_and_pack(s, t->r));
      uint8_t *to = run->output + (pixel + p) * run->output_bytes + t->channel;
      CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
        const int b = g * CK_LANES + lane % B;
        const size_t at = (size_t)(lane / B), c = (size_t)(b * 16);
        if (lane / B >= together || b >= B || p + at >= pixels || c >= t->left) continue;
        store_lane(to + at * run->output_bytes + c, u, lane, t->left - c);
      }
    }
  }
}

#define CK_FINISH(B) \
  static void finish_run_##B(const tile_run *t, const int32_t *acc, size_t pixel, size_t pixels) { \
    if (t->run->residual) { \
      finish_run_part(t, acc, pixel, pixels, true, B); \
    } else { \
      finish_run_part(t, acc, pixel, pixels, false, B); \
    } \
  }
CK_RUN_WIDTHS(CK_FINISH)
#undef CK_FINISH

typedef void finish_run(const tile_run *, const int32_t *, size_t, size_t);

/* Tap `tap` of pixel `first`. */
CK_INLINE const uint8_t *tap_of(const tile_run *t, size_t tap) {
#ifdef CK_DPBUSD
  return t->run->input[tap] + t->offset;
#else
  return t->input + tap * t->tap_bytes;
#endif
}

/* Bytes from a step's weights of B blocks to the next one's. */
CK_INLINE int weight_bytes(const int B) {
#ifdef CK_DPBUSD
  (void)B;
  return 64;
#else
  return 128 * B;
#endif
}

#ifdef CK_DPBUSD
/* sum[P] += the products of P pixels from `pixel` on, of taps that are three columns one pixel apart: an input is loaded once
 * for the three pixels that share it. */
CK_INLINE void add_columns(vi *sum, const tile_run *t, size_t pixel, const distances *d,
                           const int P) {
  const size_t quads = t->step / 4;
  const int8_t *weights = t->weights;
  for (size_t tap = 0; tap < t->run->taps; ++tap, weights += 2 * quads * 64) {
    const uint8_t *base[2] = {tap_of(t, tap) + (pixel - t->first) * t->step};
    base[1] = base[0] + segment * t->step;
    for (size_t k = 0; k < quads; ++k, weights += 64, base[0] += 4, base[1] += 4) {
      vi w[3];
      CK_UNROLL for (int x = 0; x < 3; ++x) w[x] = load(weights + (size_t)x * quads * 64);
      CK_UNROLL for (int i = 0; i < P + 2; ++i) {
        const vi u = I(set1_epi32)(ck_read32(pixel_at(base[i / segment], d, i % segment)));
        CK_UNROLL for (int x = 0; x < 3; ++x) {
          const int p = i - x;
          if (p >= 0 && p < P) sum[p] = CK_DPBUSD(sum[p], u, w[x]);
        }
      }
    }
  }
}
#endif

/* sum[P][V] += the products of P pixels from `pixel` on. */
CK_INLINE void add_products(vi *sum, const tile_run *t, size_t pixel, const distances *d,
                            const int P, const int B) {
  const int V = B * per_block, step_bytes = weight_bytes(B), unrolled = P * V > 21 ? 1 : 2; /* as measured */
  const int8_t *weights = t->weights;
#ifdef CK_DPBUSD
  if (P == 8 && V == 1 && 4 * t->run->k4 == 3 * t->step) {
    add_columns(sum, t, pixel, d, P);
    return;
  }
#endif
  for (size_t tap = 0; tap < t->run->taps; ++tap) {
    const uint8_t *base[3] = {tap_of(t, tap) + (pixel - t->first) * t->step};
    base[1] = base[0] + segment * t->step;
    base[2] = base[1] + segment * t->step;
    size_t k = t->run->k4;
    for (; k >= (size_t)unrolled; k -= (size_t)unrolled) {
      CK_UNROLL for (int i = 0; i < unrolled; ++i) {
        add_run_step(sum, base, d, weights, t->stride, i, P, V);
      }
      CK_UNROLL for (int i = 0; i < 3; ++i) base[i] += 4 * unrolled;
      weights += step_bytes * unrolled;
    }
    for (; k > 0; --k, weights += step_bytes) {
      add_run_step(sum, base, d, weights, t->stride, 0, P, V);
      CK_UNROLL for (int i = 0; i < 3; ++i) base[i] += 4;
    }
  }
}

#ifdef CK_BYTE_TILES
/* The same of bytes. */
CK_INLINE void add_bytes(vi *sum, const tile_run *t, size_t pixel, const distances *d, const int P,
                         const int V) {
  const ck_conv_run *run = t->run;
  const size_t k4 = run->k4;
  for (size_t i = 0; i < run->taps; ++i) {
    byte_tap tap = {.base = {run->input[i] + t->offset + (pixel - t->first) * t->step}, .d = d,
                    .weights = t->weights + i * k4 * 64, .stride = t->stride};
    tap.base[1] = tap.base[0] + segment * t->step;
    add_tap_bytes(sum, &tap, t->plan + i * ck_plan_words(1, k4), k4, P, V);
  }
}
#endif

/* P and B are constants where this is inlined, so that the sums are registers. */
CK_INLINE void run_tiles(const tile_run *t, finish_run *finish, const int P, const int B,
                         const bool of_bytes) {
  const int V = B * per_block;
  const ck_conv_run *run = t->run;
  const size_t step = t->step;
  const distances d = {step, 3 * step, 5 * step};
  /* Others are few, and would be 1 KB of code each. */
  const bool adds = (has_dot || of_bytes) && P * V >= 8;
  const bool through_memory =
    (run->residual && !adds) || (t->left < (size_t)B * 16 && CK_LANES < 4);
  const uint64_t mask = ~0ull >> (t->left < 64 ? 64 - t->left : 0); /* of a pixel's channels */
  /* Pixels of fewer bytes than a vector follow each other. */
  const bool dense = B < CK_LANES && run->output_bytes == (size_t)B * 16 && t->left >= (size_t)B * 16;
  size_t pixel = t->pixel;
  for (size_t tiles = t->tiles; tiles-- > 0; pixel += (size_t)P) {
    vi sum[CK_RUN_SUMS];
    CK_UNROLL for (int v = 0; v < V; ++v) {
      const vi start = load(t->e->bias + t->channel + v * int32s);
      CK_UNROLL for (int p = 0; p < P; ++p) sum[p * V + v] = start;
    }
    if (adds && run->residual) { /* it comes while products are made */
      CK_UNROLL for (int p = 0; p < P; ++p) {
        __builtin_prefetch(run->residual + (pixel + (size_t)p) * run->residual_bytes + t->channel);
      }
    }
#ifdef CK_BYTE_TILES
    if (of_bytes) {
      add_bytes(sum, t, pixel, &d, P, V);
    } else
#endif
      add_products(sum, t, pixel, &d, P, B);
    if (through_memory) {
      _Alignas(64) int32_t acc[CK_RUN_SUMS * int32s];
      CK_UNROLL for (int i = 0; i < P * V; ++i) store(acc + i * int32s, sum[i]);
      finish(t, acc, pixel, (size_t)P);
      continue;
    }
    vf multiplier[8];
    CK_UNROLL for (int v = 0; v < V; ++v) {
      multiplier[v] = (vf)load(t->e->multiplier + t->channel + v * int32s);
    }
    uint8_t *to = run->output + pixel * run->output_bytes + t->channel;
    CK_UNROLL for (int g = 0; g < P * V; g += 4) {
      vi s[4];
      vf m[4];
      CK_UNROLL for (int v = 0; v < 4; ++v) {
        s[v] = sum[g + v < P * V ? g + v : g];
        m[v] = multiplier[(g + v < P * V ? g + v : g) % V];
      }
      vf f[4];
      CK_UNROLL for (int v = 0; v < 4; ++v) f[v] = scaled(s[v], m[v]);
      if (adds && run->residual) {
        CK_UNROLL for (int v = 0; v < 4; ++v) {
          const int at = g + v < P * V ? g + v : g;
          const uint8_t *from = run->residual + (pixel + (size_t)(at / V)) * run->residual_bytes;
          f[v] = with_residual(f[v], widen(from + t->channel + at % V * int32s),
                               I(set1_epi32)(t->e->residual_zero_point),
                               I(set1_ps)(t->e->residual_multiplier), t->r->limit);
        }
      }
      const vi u = natural_order(round_and_pack(f, t->r));
      if (dense && P * V - g >= 4) {
        store(to + g / per_block * 16, u);
        continue;
      }
      CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
        const int block = g / per_block + lane, b = block % B;
        if (block >= P * B || (lane > 0 && b > 0)) continue;
        const int lanes = CK_LANES - lane < B - b ? CK_LANES - lane : B - b;
        store_lanes(to + (size_t)(block / B) * run->output_bytes + b * 16, u, lane, lanes,
                    mask >> 16 * b);
      }
    }
  }
}

/* Blocks from `block` on, of whose `weights` a step has `step_bytes`. */
CK_INLINE void set_blocks(tile_run *t, size_t block, const int8_t *weights, size_t step_bytes) {
  t->channel = block * 16;
  t->left = t->run->channels - block * 16;
  t->weights = weights + block * t->steps * step_bytes;
}

/* Pixel `first` of row `row`. */
CK_INLINE void set_pixel(tile_run *t, size_t row, size_t first) {
  t->offset = row * t->run->row_bytes;
  t->pixel = row * t->run->pixels + first;
#ifdef CK_DPBUSD
  t->first = t->pixel - first;
#else
  t->first = t->pixel;
#endif
}

/* Blocks of the next tiles, at most `widest`: few lanes are wasted, and one block alone is rare. */
static size_t next_blocks(size_t left, size_t widest) {
  const bool one_stays = widest > 2 && left > widest && left % widest == 1;
  return one_stays ? widest - 1 : ck_smaller(left, widest);
}

typedef void tiles_of(const tile_run *, size_t pixels, size_t blocks);
typedef size_t next_tiles(const tile_run *, size_t left, size_t blocks);

/* The pixels up to `end` of a width, in few tiles. */
CK_INLINE void take_tiles(tile_run *t, size_t end, size_t width, next_tiles *next, tiles_of *take) {
  while (t->pixel < end) {
    const size_t left = end - t->pixel, size = next(t, left, width);
    t->tiles = left / size;
    take(t, size, width);
    t->pixel += t->tiles * size;
  }
}
