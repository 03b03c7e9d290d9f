/* Runs of pixels by products of bytes, as their plan says. */

#define CK_RUN(P, B) \
  static void bytes_##P##_##B(const tile_run *t) { run_tiles(t, finish_run_##B, P, B, true); }
CK_BYTE_TILES(CK_RUN)
#undef CK_RUN

static void byte_tiles_of(const tile_run *t, size_t pixels, size_t blocks) {
  switch (pixels << 4 | blocks) {
#define CK_CASE(P, B) \
  case P << 4 | B: bytes_##P##_##B(t); break;
    CK_BYTE_TILES(CK_CASE)
#undef CK_CASE
  default: __builtin_unreachable();
  }
}

static size_t next_byte_pixels(const tile_run *t, size_t left, size_t blocks) {
  (void)t;
  static const uint16_t sizes[] = CK_SIZES(CK_BYTE_TILES);
  return widest_tile(sizes, blocks, left);
}

static void conv_run_of_bytes(const ck_conv_run *run, const ck_epilogue *e, const rounding *r) {
  const size_t blocks = (run->channels + 15) / 16, stride = run->taps * run->k4 * 64;
  tile_run t = {.run = run, .e = e, .r = r, .steps = run->taps * run->k4, .stride = stride, .step = run->input_bytes};
  for (size_t row = 0; row < run->rows; ++row) {
    for (size_t block = 0, width; block < blocks; block += width) {
      width = next_blocks(blocks - block, widest_run);
      set_blocks(&t, block, run->weights, 64);
      t.plan = run->plan + block * ck_plan_words(run->taps, run->k4);
      set_pixel(&t, row, 0);
      take_tiles(&t, t.pixel + run->pixels, width, next_byte_pixels, byte_tiles_of);
    }
  }
}

/* As conv_run divides the blocks. */
static void plan_run(const uint8_t *most, const int8_t *weights, size_t taps, size_t k4,
                     size_t blocks, uint16_t *plan) {
  for (size_t width; blocks > 0; blocks -= width) {
    width = next_blocks(blocks, widest_run);
    for (size_t tap = 0; tap < taps; ++tap) {
      const int8_t *at = weights + tap * k4 * 64;
      uint16_t *to = plan + tap * ck_plan_words(1, k4);
      switch (width) {
#define CK_CASE(B) \
  case B: plan_tap(most, at, taps * k4 * 64, k4, to, B * per_block); break;
        CK_RUN_WIDTHS(CK_CASE)
#undef CK_CASE
      default: __builtin_unreachable();
      }
    }
    weights += width * taps * k4 * 64;
    plan += width * ck_plan_words(taps, k4);
  }
}

static const ck_byte_kernels byte_kernels = {
  .range_u8 = range_u8,
  .plan_run = plan_run,
  .lower_u8 = lower_u8,
  .raise_bias = raise_bias,
  .cost = CK_BYTE_COST,
};
