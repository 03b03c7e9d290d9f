/* Convolution of runs of pixels that lie evenly. Sets without a dot product instruction multiply bytes
 * where there is a plan, see x86_byte_runs.h, else they widen the inputs of some pixels first, once for
 * all taps and channels that share them. */

enum { chunk_bytes = 28 << 10 }; /* of inputs that stay in the first level cache */

#define CK_RUN(P, B) \
  static void run_##P##_##B(const tile_run *t) { run_tiles(t, finish_run_##B, P, B, false); }
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

#ifdef CK_DEEP_STEPS
enum { deep_steps = CK_DEEP_STEPS, deep_widest = CK_DEEP_WIDEST };

/* Most pixels of the next tiles. Few sums are best: what follows a sum's last product overlaps with products of the next
 * tile. */
static size_t widest_pixels(const tile_run *t, size_t left, size_t blocks) {
  const bool is_deep = t->steps >= deep_steps;
  switch (blocks) {
  case 1: return left % 8 > 0 ? left : 8;
  case 2: return left % 8 == 0 && left % 7 > 0 ? 8 : is_deep ? left : ck_smaller(left, 7);
  case 3: return left % 4 > 0 || is_deep ? left : 4;
  default: return left % 4 == 0 || left == 6 ? 4 : left;
  }
}
#else
enum { deep_steps = 1, deep_widest = widest_run };

/* Two tiles of eight rather than one of fourteen and one of two. */
static size_t widest_pixels(const tile_run *t, size_t left, size_t blocks) {
  (void)t, (void)blocks;
  return left % 8 > 0 ? left : 8;
}
#endif

static size_t next_pixels(const tile_run *t, size_t left, size_t blocks) {
  static const uint16_t sizes[] = CK_SIZES(CK_RUN_TILES);
  return widest_tile(sizes, blocks, widest_pixels(t, left, blocks));
}

#ifdef CK_DPBUSD
/* Pixels of which inputs stay in the first level cache. */
CK_INLINE size_t chunk_pixels(const ck_conv_run *run) {
  const size_t step = run->taps * ck_smaller(run->input_bytes, 4 * run->k4);
  if (run->pixels * step <= chunk_bytes) return run->pixels; /* division takes long */
  return chunk_bytes > step ? chunk_bytes / step : 1;
}
#else
/* [width of the tiles][step][bytes 0 and 2, bytes 1 and 3][channel][2] */
static void widen_run(const int8_t *weights, size_t steps, size_t blocks, int16_t *to) {
  for (size_t width; blocks > 0; blocks -= width, weights += width * steps * 64) {
    width = next_blocks(blocks, widest_run);
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
  const size_t all = run_half - bytes; /* a vector is stored at the end */
  if (run->taps * ((run->pixels - 1) * step + 4 * run->k4) <= all) return run->pixels;
  const size_t tap_bytes = all / run->taps;
  return tap_bytes < 4 * run->k4 ? 1 : (tap_bytes - 4 * run->k4) / step + 1;
}

/* Of `pixels` from `pixel` of the row on. */
static void widen_inputs_of_run(tile_run *t, size_t pixel, size_t pixels) {
  const ck_conv_run *run = t->run;
  const bool flat = is_flat(run);
  const size_t rows = flat ? 1 : pixels;
  const size_t row = flat ? (pixels - 1) * (run->input_bytes / 4) + run->k4 : run->k4;
  int32_t *to = run->scratch;
  t->input = (const uint8_t *)to;
  t->step = flat ? run->input_bytes : 4 * run->k4;
  t->tap_bytes = rows * row * 4;
  for (size_t tap = 0; tap < run->taps; ++tap) {
    const uint8_t *from = run->input[tap] + t->offset + pixel * run->input_bytes;
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

/* Pixels of a chunk, which large tiles divide where there are several. */
static size_t pixels_of_chunk(const ck_conv_run *run) {
  const size_t pixels = chunk_pixels(run);
  if (pixels >= run->pixels) return run->pixels;
  const size_t whole = pixels >= 28 ? 28 : pixels >= 14 ? 14 : pixels >= 7 ? 7 : 1;
  return pixels / whole * whole;
}

static void conv_run(const ck_conv_run *run, const ck_epilogue *e) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
#ifdef CK_BYTE_TILES
  if (run->plan) {
    conv_run_of_bytes(run, e, &r);
    return;
  }
#endif
  const size_t blocks = (run->channels + 15) / 16, steps = run->taps * run->k4;
  const size_t chunk = pixels_of_chunk(run);
  tile_run t = {.run = run, .e = e, .r = &r, .steps = steps, .stride = steps * 64};
  for (size_t first = 0, count; first < run->pixels; first += count) {
    count = ck_smaller(chunk, run->pixels - first);
#ifdef CK_DPBUSD
    const size_t widest = steps < deep_steps ? widest_run : deep_widest;
    t.step = run->input_bytes;
    for (size_t block = 0, width; block < blocks; block += width) {
      width = next_blocks(blocks - block, widest);
      set_blocks(&t, block, run->weights, (size_t)weight_bytes(1));
      for (size_t row = 0; row < run->rows; ++row) {
        set_pixel(&t, row, first);
        take_tiles(&t, t.pixel + count, width, next_pixels, run_tiles_of);
      }
    }
#else
    for (size_t row = 0; row < run->rows; ++row) {
      set_pixel(&t, row, first);
      widen_inputs_of_run(&t, first, count);
      for (size_t block = 0, width; block < blocks; block += width) {
        width = next_blocks(blocks - block, widest_run);
        set_blocks(&t, block, (const int8_t *)run->widened, (size_t)weight_bytes(1));
        t.pixel = t.first;
        take_tiles(&t, t.pixel + count, width, next_pixels, run_tiles_of);
      }
    }
#endif
  }
}
