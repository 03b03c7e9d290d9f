/* The loop over a tile that every set shares; follows the set's accumulate, finish_bytes and
 * finish_floats. The set's file defines
 *   CK_TILES(X)   its register tiles X(pixels, blocks of 16 channels), all it has,
 *   CK_SHAPES     {blocks, most pixels} of its tiles, widest first; blocks a power of two,
 *   CK_MOST_SUMS  the int32 sums of its largest register tile. */

typedef struct {
  uint8_t blocks, pixels;
} tile_shape;

/* The widest shape, which writes the longest rows and so spends least on requantization. Where
 * the tile's pixels do not fit it at once and its weights would not stay in the first level
 * cache until its next part, the shape that holds most pixels. `steps` is taps * k4. */
static tile_shape choose_shape(size_t pixels, size_t blocks, size_t steps) {
  static const tile_shape shapes[] = {CK_SHAPES};
  enum { count = sizeof shapes / sizeof *shapes, cached_weights = 1 << 14 };
  size_t best = 0;
  while (best + 1 < count && shapes[best].blocks > blocks) ++best;
  if (pixels > shapes[best].pixels && shapes[best].blocks * steps * 64 > cached_weights) {
    for (size_t i = best + 1; i < count; ++i)
      if (shapes[i].pixels > shapes[best].pixels) best = i;
  }
  return shapes[best];
}

static void convolve(const ck_conv_tile *tile, const ck_epilogue *e, bool to_floats) {
  _Alignas(64) int32_t acc[CK_MOST_SUMS];
  const size_t stride = tile->taps * tile->k4 * 64;
  for (size_t channel = 0; channel < tile->channels;) {
    const size_t blocks_left = (tile->channels - channel + 15) / 16;
    const tile_shape shape = choose_shape(tile->pixels, blocks_left, tile->taps * tile->k4);
    const size_t blocks = shape.blocks, most = shape.pixels;
    const size_t left = ck_smaller(tile->channels - channel, blocks * 16);
    const bool to_bytes = !to_floats && !e->residual && left == blocks * 16;
    const int8_t *weights = tile->weights + channel / 16 * stride;
    /* Parts of even size: a part of one pixel would wait for its few accumulators. */
    const size_t parts = (tile->pixels + most - 1) / most;
    const size_t short_part = tile->pixels / parts, longer_parts = tile->pixels % parts;
    for (size_t part = 0, pixel = 0; part < parts; ++part) {
      const size_t pixels = short_part + (part < longer_parts);
      bool finished;
      switch (pixels << 4 | blocks) {
#define CK_CASE(P, B) \
  case P << 4 | B: \
    finished = accumulate(tile, e, pixel, channel, weights, stride, acc, to_bytes, P, B); \
    break;
        CK_TILES(CK_CASE)
#undef CK_CASE
      default: __builtin_unreachable();
      }
      if (!finished) {
        const finished_part done = {acc, pixel, pixels, channel, left};
        (to_floats ? finish_floats : finish_bytes)(&done, e, tile->output, blocks >> 1);
      }
      pixel += pixels;
    }
    channel += blocks * 16;
  }
}
