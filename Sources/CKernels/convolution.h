/* The loop over a tile that every set shares; follows the set's accumulate, finish_bytes and finish_floats.
 * The set's file defines
 *   CK_TILES(X)   its register tiles X(pixels, blocks of 16 channels), all it has,
 *   CK_SHAPES     {blocks, most pixels} of its tiles, widest first; blocks a power of two,
 *   CK_MOST_SUMS  the int32 sums of its largest register tile. */

typedef struct {
  uint8_t blocks, pixels;
} tile_shape;

/* The widest shape that holds all pixels, else the one that holds most pixels. */
static size_t choose_shape(size_t pixels, size_t blocks) {
  static const tile_shape shapes[] = {CK_SHAPES};
  const size_t count = sizeof shapes / sizeof *shapes;
  size_t best = count - 1;
  for (size_t i = count; i-- > 0;) {
    if (shapes[i].blocks > blocks) break;
    if (shapes[i].pixels >= pixels || shapes[i].pixels >= shapes[best].pixels) best = i;
  }
  return (size_t)shapes[best].blocks << 8 | shapes[best].pixels;
}

static void convolve(const ck_conv_tile *tile, const ck_epilogue *e, bool to_floats) {
  _Alignas(64) int32_t acc[CK_MOST_SUMS];
  const size_t stride = tile->taps * tile->k4 * 64;
  for (size_t channel = 0; channel < tile->channels;) {
    const size_t blocks_left = (tile->channels - channel + 15) / 16;
    const size_t shape = choose_shape(tile->pixels, blocks_left);
    const size_t blocks = shape >> 8, most = shape & 255;
    const int8_t *weights = tile->weights + channel / 16 * stride;
    /* Parts of even size: a part of one pixel would wait for its few accumulators. */
    for (size_t parts = (tile->pixels + most - 1) / most, pixel = 0; parts > 0; --parts) {
      const size_t pixels = (tile->pixels - pixel + parts - 1) / parts;
      switch (pixels << 4 | blocks) {
#define CK_CASE(P, B) \
  case P << 4 | B: \
    accumulate(tile, e, pixel, channel, weights, stride, acc, P, B); \
    break;
        CK_TILES(CK_CASE)
#undef CK_CASE
      default: __builtin_unreachable();
      }
      const size_t left = ck_smaller(tile->channels - channel, blocks * 16);
      const finished_part part = {acc, pixel, pixels, channel, left};
      (to_floats ? finish_floats : finish_bytes)(&part, e, tile->output, blocks >> 1);
      pixel += pixels;
    }
    channel += blocks * 16;
  }
}
