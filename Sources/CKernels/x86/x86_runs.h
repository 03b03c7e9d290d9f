/* Convolution of runs of pixels that lie evenly. Sets without a dot product instruction widen the
 * inputs of some pixels first, once for all taps and channels that share them. The set's file defines
 *   CK_RUN_TILES(X)   its register tiles X(pixels, blocks of 16 channels), one pixel of every width,
 *   CK_RUN_WIDTHS(X)  their widths,
 *   CK_RUN_SUMS       the sums of the largest in vectors. */

#define CK_RUN_COUNT(B) + 1
#define CK_PAIR(P, B) {P, B},
enum {
  widest_run = 0 CK_RUN_WIDTHS(CK_RUN_COUNT),
  segment = 7, /* pixels that one base register and three distances address */
  chunk_bytes = 20 << 10, /* of inputs and outputs that stay in the first level cache */
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
  size_t stride; /* of blocks in the weights */
  /* Tap t of pixel `first` + p is at input[t] or input + t * tap_bytes, and p * step. */
  const uint8_t *const *taps;
  const uint8_t *input;
  size_t first, tap_bytes, step;
} tile_run;

/* The distances of up to `segment` pixels that no scaled index gives. */
typedef struct {
  size_t one, three, five;
} distances;

/* Pixel p of a segment; p is a constant. */
CK_INLINE const uint8_t *pixel_at(const uint8_t *base, const distances *d, const int p) {
  switch (p) {
  case 0: return base;
  case 1: return base + d->one;
  case 2: return base + 2 * d->one;
  case 3: return base + d->three;
  case 4: return base + 4 * d->one;
  case 5: return base + d->five;
  default: return base + 2 * d->three;
  }
}

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
      w[v] = load(weights + (size_t)(v / per_block) * stride + k * 64 + v % per_block * bytes);
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

/* Requantizes CK_LANES blocks. */
CK_INLINE vi finish_lanes(const vi *sum, const vf *multiplier, const rounding *r) {
  vf t[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(sum[v], multiplier[v]);
  return natural_order(round_and_pack(t, r));
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
  return t->taps[tap];
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

/* P and B are constants where this is inlined, so that the sums are registers. */
CK_INLINE void run_tiles(const tile_run *t, finish_run *finish, const int P, const int B) {
  const int V = B * per_block, step_bytes = weight_bytes(B), unrolled = P * V > 21 ? 1 : 2; /* as measured */
  const ck_conv_run *run = t->run;
  const size_t step = t->step;
  const distances d = {step, 3 * step, 5 * step};
  const bool through_memory =
    run->residual || (t->left < (size_t)B * 16 && (B > 2 || CK_LANES < 4));
  size_t pixel = t->pixel;
  for (size_t tiles = t->tiles; tiles-- > 0; pixel += (size_t)P) {
    vi sum[CK_RUN_SUMS];
    CK_UNROLL for (int v = 0; v < V; ++v) {
      const vi start = load(t->e->bias + t->channel + v * int32s);
      CK_UNROLL for (int p = 0; p < P; ++p) sum[p * V + v] = start;
    }
    const int8_t *weights = t->weights;
    for (size_t tap = 0; tap < run->taps; ++tap) {
      const uint8_t *base[3] = {tap_of(t, tap) + (pixel - t->first) * step};
      base[1] = base[0] + segment * step;
      base[2] = base[1] + segment * step;
      size_t k = run->k4;
      for (; k >= (size_t)unrolled; k -= (size_t)unrolled) {
        CK_UNROLL for (int i = 0; i < unrolled; ++i) {
          add_run_step(sum, base, &d, weights, t->stride, i, P, V);
        }
        CK_UNROLL for (int i = 0; i < 3; ++i) base[i] += 4 * unrolled;
        weights += step_bytes * unrolled;
      }
      for (; k > 0; --k, weights += step_bytes) {
        add_run_step(sum, base, &d, weights, t->stride, 0, P, V);
        CK_UNROLL for (int i = 0; i < 3; ++i) base[i] += 4;
      }
    }
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
      const vi u = finish_lanes(s, m, t->r);
      CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
        const int block = g / per_block + lane, b = block % B;
        if (block >= P * B || (lane > 0 && b > 0)) continue;
        const int lanes = CK_LANES - lane < B - b ? CK_LANES - lane : B - b;
        /* Wide tiles are full ones. */
        const size_t left = B > 2 || CK_LANES < 4 ? 64 : t->left - (size_t)(b * 16);
        store_lanes(to + (size_t)(block / B) * run->output_bytes + b * 16, u, lane, lanes, left);
      }
    }
  }
}

#define CK_RUN(P, B) \
  static void run_##P##_##B(const tile_run *t) { run_tiles(t, finish_run_##B, P, B); }
CK_RUN_TILES(CK_RUN)
#undef CK_RUN

static void run_tiles_of(const tile_run *t, size_t pixels, size_t blocks) {
  switch (pixels << 4 | blocks) {
#define CK_CASE(P, B) \
  case P << 4 | B: run_##P##_##B(t); break;
    CK_RUN_TILES(CK_CASE)
#undef CK_CASE
  default: __builtin_unreachable();
  }
}

/* Blocks of the next tiles: few lanes are wasted, and one block alone is rare. */
static size_t next_blocks(size_t left) {
  return left == widest_run + 1 && left % 2 == 0 ? left / 2 : ck_smaller(left, widest_run);
}

/* Pixels of the next tiles, the most that fit. */
static size_t next_pixels(size_t left, size_t blocks) {
  static const uint8_t tiles[][2] = {CK_RUN_TILES(CK_PAIR)};
  size_t best = 1;
  for (size_t i = 0; i < sizeof tiles / sizeof *tiles; ++i) {
    const size_t pixels = tiles[i][0];
    /* Two tiles of eight rather than one of fourteen and one of two. */
    if (tiles[i][1] == blocks && pixels > best && pixels <= left && (left % 8 > 0 || pixels <= 8)) {
      best = pixels;
    }
  }
  return best;
}

#ifdef CK_DPBUSD
/* Pixels of which inputs and outputs stay in the first level cache. */
CK_INLINE size_t chunk_pixels(const ck_conv_run *run) {
  return chunk_bytes / (4 * run->taps * run->k4 + run->channels);
}
#else
/* [width of the tiles][step][bytes 0 and 2, bytes 1 and 3][channel][2] */
static void widen_run(const int8_t *weights, size_t steps, size_t blocks, int16_t *to) {
  for (size_t width; blocks > 0; blocks -= width, weights += width * steps * 64) {
    width = next_blocks(blocks);
    for (size_t step = 0; step < steps; ++step, to += width * 64) {
      for (size_t part = 0; part < width * (size_t)per_block; ++part) {
        const size_t block = part / per_block;
        const vi w = load(weights + (block * steps + step) * 64 + part % per_block * bytes);
        store(to + part * 2 * int32s, I(srai_epi16)(I(slli_epi16)(w, 8), 8));
        store(to + width * 32 + part * 2 * int32s, I(srai_epi16)(w, 8));
      }
    }
  }
}

/* Whether taps of next pixels share bytes or leave few out, so that all are widened in one go. */
CK_INLINE bool is_flat(const ck_conv_run *run) {
  return run->input_bytes <= 4 * run->k4;
}

/* Pixels whose widened inputs fit the scratch memory. */
CK_INLINE size_t chunk_pixels(const ck_conv_run *run) {
  const size_t step = is_flat(run) ? run->input_bytes : 4 * run->k4;
  const size_t tap_bytes = (run_half - bytes) / run->taps; /* a vector is stored at the end */
  return tap_bytes < 4 * run->k4 ? 1 : (tap_bytes - 4 * run->k4) / step + 1;
}

static void widen_inputs_of_run(tile_run *t, size_t pixels) {
  const ck_conv_run *run = t->run;
  const bool flat = is_flat(run);
  const size_t rows = flat ? 1 : pixels;
  const size_t row = flat ? (pixels - 1) * (run->input_bytes / 4) + run->k4 : run->k4;
  int32_t *to = run->scratch;
  t->input = (const uint8_t *)to;
  t->step = flat ? run->input_bytes : 4 * run->k4;
  t->tap_bytes = rows * row * 4;
  for (size_t tap = 0; tap < run->taps; ++tap) {
    const uint8_t *from = run->input[tap] + t->first * run->input_bytes;
    for (size_t y = 0; y < rows; ++y, from += run->input_bytes, to += row) {
      for (size_t i = 0; i < row; i += int32s) {
        const size_t left = row - i;
        const vi u = left < int32s ? load_steps(from + 4 * i, left) : load(from + 4 * i);
        store(to + i, SI(and)(u, I(set1_epi16)(0xff)));
        store(to + i + run_half / 4, I(srli_epi16)(u, 8));
      }
    }
  }
}
#endif

static void conv_run(const ck_conv_run *run, const ck_epilogue *e) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  const size_t blocks = (run->channels + 15) / 16, steps = run->taps * run->k4;
  const size_t fitting = chunk_pixels(run), chunk = fitting > 28 ? fitting / 28 * 28 : fitting;
  tile_run t = {.run = run, .e = e, .r = &r, .stride = steps * 64};
  for (size_t first = 0; first < run->pixels; first += chunk) {
    const size_t end = ck_smaller(first + chunk, run->pixels);
#ifdef CK_DPBUSD
    const int8_t *weights = run->weights;
    t.taps = run->input;
    t.step = run->input_bytes;
#else
    const int8_t *weights = (const int8_t *)run->widened;
    t.first = first;
    widen_inputs_of_run(&t, end - first);
#endif
    for (size_t block = 0, width; block < blocks; block += width) {
      width = next_blocks(blocks - block);
      t.channel = block * 16;
      t.left = run->channels - block * 16;
      t.weights = weights + block * steps * (size_t)weight_bytes(1);
      t.pixel = first;
      while (t.pixel < end) {
        const size_t left = end - t.pixel, size = next_pixels(left, width);
        t.tiles = left / size;
        run_tiles_of(&t, size, width);
        t.pixel += t.tiles * size;
      }
    }
  }
}
