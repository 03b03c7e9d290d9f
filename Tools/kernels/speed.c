/* Speed of every kernel set that this CPU has, in processor time, on the shapes of layers.
 *
 *   speed [set …]     GMAC/s of layers, then of all convolutions of MobileNetV2 and ResNet-18
 *
 * Each layer's figure is the best of several runs. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ckernels.h"

/* A square layer: output size x size x channels from an input of `in` channels, window kernel x
 * kernel. */
typedef struct {
  size_t size, in, channels, kernel, stride;
  bool depthwise, residual;
} layer;

enum { most_channels = 2048, slack = 64 };
static uint8_t *input, *output, *pad;
static int8_t *weights;
static int16_t *widened;
static int32_t *scratch;
static int32_t bias[most_channels], weight_sum[most_channels];
static float multiplier[most_channels];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double macs(const layer *l) {
  const size_t taps = l->kernel * l->kernel;
  return (double)(l->size * l->size * taps * l->channels * (l->depthwise ? 1 : l->in));
}

/* Tiles of even size. */
static size_t tile_pixels(size_t left, size_t tile) {
  const size_t tiles = (left + tile - 1) / tile;
  return (left + tiles - 1) / tiles;
}

/* Channels whose weights a sweep over the pixels takes, as a runtime does. */
static size_t sweep_channels(size_t steps) {
  const size_t blocks = (192 << 10) / (steps * 64) / 4 * 4;
  return 16 * (blocks < 4 ? 4 : blocks);
}

static size_t rounded_up(size_t n, size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/* Seconds of one run of a depthwise layer by rows, four in a call. */
static double once_by_rows(const ck_kernels *set, const layer *l) {
  enum { rows_per_call = 4, most_calls = 112 / rows_per_call };
  static const uint8_t *pointers[most_calls * (112 * 2 + 4) * (rows_per_call * 2 + 4)];
  const ck_epilogue e = {bias, multiplier, weight_sum, 128, 3, 250, NULL, 0, 0};
  ck_depthwise_rows calls[most_calls];
  const size_t side = l->size * l->stride, width = l->in;
  const size_t columns = (rounded_up(l->size, CK_ROW_PIXELS) - 1) * l->stride + l->kernel;
  size_t count = 0, at = 0;
  for (size_t first = 0; first < l->size; first += rows_per_call) {
    const size_t left = l->size - first, rows = left < rows_per_call ? left : rows_per_call;
    const size_t inputs = (rounded_up(rows, CK_ROWS) - 1) * l->stride + l->kernel;
    uint8_t *const to = output + first * l->size * l->channels;
    calls[count++] = (ck_depthwise_rows){
      pointers + at, rows,        l->size, l->kernel,   l->stride,
      weights,       l->channels, to,      l->channels, l->size * l->channels};
    for (size_t i = 0; i < columns * inputs; ++i, ++at) {
      const size_t y = first * l->stride + i % inputs - l->kernel / 2;
      const size_t x = i / inputs - l->kernel / 2;
      pointers[at] = y < side && x < side ? input + (y * side + x) * width : pad;
    }
  }
  const double start = now();
  for (size_t i = 0; i < count; ++i) set->depthwise_rows(&calls[i], &e);
  return now() - start;
}

/* Seconds of one run of a convolution by runs of pixels: all of a 1 x 1 layer at once, else row by
 * row of an input that has its padding, where a row of taps is one. */
static double once_by_runs(const ck_kernels *set, const layer *l) {
  const size_t width = (l->in + 3) / 4 * 4, k4 = l->kernel * width / 4, steps = l->kernel * k4;
  const size_t row = (l->size * l->stride + l->kernel) * width;
  const bool linear = l->kernel == 1 && l->stride == 1;
  const size_t rows = linear ? 1 : l->size, pixels = l->size * l->size / rows;
  const size_t most = linear ? l->channels : sweep_channels(steps);
  const ck_epilogue all = {bias, multiplier, weight_sum, 128, 3, 250, NULL, 0.7f, 128};
  const double start = now();
  for (size_t channel = 0; channel < l->channels; channel += most) {
    ck_epilogue e = all;
    e.bias += channel;
    e.multiplier += channel;
    for (size_t y = 0; y < rows; ++y) {
      const uint8_t *taps[16];
      for (size_t t = 0; t < l->kernel; ++t) taps[t] = input + (y * l->stride + t) * row;
      uint8_t *const to = output + y * pixels * l->channels + channel;
      const ck_conv_run run = {
        .input = taps, .input_bytes = l->stride * width, .pixels = pixels, .taps = l->kernel,
        .k4 = k4, .weights = weights + channel * steps * 4,
        .channels = l->channels - channel < most ? l->channels - channel : most,
        .output = to, .output_bytes = l->channels, .residual = l->residual ? to : NULL,
        .residual_bytes = l->channels};
      set->conv_run(&run, &e);
    }
  }
  return now() - start;
}

/* Seconds of one run. The pointers are made before: a runtime knows them when it loads a model. */
static double once(const ck_kernels *set, const layer *l) {
  if (l->depthwise && set->depthwise_rows) return once_by_rows(set, l);
  if (!l->depthwise && set->conv_run) return once_by_runs(set, l);
  const size_t tile = l->depthwise ? set->depthwise_tile : set->tile, taps = l->kernel * l->kernel;
  const size_t width = (l->in + 3) / 4 * 4, side = l->size * l->stride, outputs = l->size * l->size;
  static const uint8_t *rows[12544 * 49], *residual[CK_MAX_TILE];
  static void *out[CK_MAX_TILE];
  for (size_t first = 0, pixels, at = 0; first < outputs; first += pixels, at += pixels * taps) {
    pixels = tile_pixels(outputs - first, tile);
    for (size_t p = 0; p < pixels; ++p) {
      const size_t y = (first + p) / l->size * l->stride, x = (first + p) % l->size * l->stride;
      for (size_t t = 0; t < taps; ++t) {
        const size_t row = y + t / l->kernel - l->kernel / 2;
        const size_t column = x + t % l->kernel - l->kernel / 2;
        rows[at + t * pixels + p] =
          row < side && column < side ? input + (row * side + column) * width : pad;
      }
    }
  }
  ck_epilogue e = {bias, multiplier, weight_sum, 128, 3, 250, NULL, 0.7f, 128};
  const double start = now();
  const size_t steps = taps * width / 4;
  const size_t most = l->depthwise ? l->channels : sweep_channels(steps);
  const bool widens = !l->depthwise && set->widen && outputs > 3;
  for (size_t channel = 0; channel < l->channels; channel += most) {
    const size_t channels = l->channels - channel < most ? l->channels - channel : most;
    const int8_t *sweep = weights + channel * steps * 4;
    e.bias = bias + channel;
    e.multiplier = multiplier + channel;
    if (widens) set->widen(sweep, steps, (channels + 15) / 16, widened);
    for (size_t first = 0, pixels, at = 0; first < outputs; first += pixels, at += pixels * taps) {
      pixels = tile_pixels(outputs - first, tile);
      for (size_t p = 0; p < pixels; ++p) {
        out[p] = output + (first + p) * l->channels + channel;
        residual[p] = out[p];
      }
      if (l->residual) e.residual = residual;
      if (l->depthwise) {
        const ck_depthwise_tile t = {rows + at, pixels, taps, weights, channels, (uint8_t **)out};
        set->depthwise(&t, &e);
      } else {
        const ck_conv_tile t = {rows + at, pixels, taps, width / 4, sweep, channels, out,
                                widens ? widened : NULL, scratch};
        set->conv_u8(&t, &e);
      }
    }
  }
  return now() - start;
}

static double best(const ck_kernels *set, const layer *l) {
  double least = once(set, l), total = least;
  for (int i = 0; i < 50 && (i < 4 || total < 0.03); ++i) {
    const double seconds = once(set, l);
    total += seconds;
    if (seconds < least) least = seconds;
  }
  return least;
}

static void show(const ck_kernels *set, const char *name, layer l) {
  const double seconds = best(set, &l);
  printf("  %-34s %7.1f GMAC/s  %8.1f us\n", name, macs(&l) / seconds * 1e-9, seconds * 1e6);
}

static void total(const char *name, double seconds, double work) {
  printf("  %-34s %7.1f GMAC/s  %8.1f us\n", name, work / seconds * 1e-9, seconds * 1e6);
}

static void mobilenet(const ck_kernels *set) {
  static const struct { size_t expand, channels, repeats, stride; } blocks[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  double dense = 0, depth = 0, dense_macs = 0, depth_macs = 0;
#define ADD(sum, ...) \
  do { \
    const layer l = {__VA_ARGS__}; \
    sum += best(set, &l); \
    sum##_macs += macs(&l); \
  } while (0)
  ADD(dense, 112, 3, 32, 3, 2, false, false);
  size_t size = 112, in = 32;
  for (size_t b = 0; b < sizeof blocks / sizeof *blocks; ++b) {
    for (size_t r = 0; r < blocks[b].repeats; ++r) {
      const size_t stride = r == 0 ? blocks[b].stride : 1, middle = in * blocks[b].expand;
      if (blocks[b].expand > 1) ADD(dense, size, in, middle, 1, 1, false, false);
      size /= stride;
      ADD(depth, size, middle, middle, 3, stride, true, false);
      ADD(dense, size, middle, blocks[b].channels, 1, 1, false, r > 0);
      in = blocks[b].channels;
    }
  }
  ADD(dense, 7, 320, 1280, 1, 1, false, false);
  ADD(dense, 1, 1280, 1000, 1, 1, false, false);
  total("MobileNetV2 1.0/224 dense", dense, dense_macs);
  total("MobileNetV2 1.0/224 depthwise", depth, depth_macs);
}

static void resnet(const ck_kernels *set) {
  double dense = 0, dense_macs = 0;
  ADD(dense, 112, 3, 64, 7, 2, false, false);
  size_t size = 56, in = 64, channels = 64;
  for (int stage = 0; stage < 4; ++stage, size /= 2, channels *= 2) {
    for (int block = 0; block < 2; ++block, in = channels) {
      const size_t stride = in == channels ? 1 : 2;
      if (stride == 2) ADD(dense, size, in, channels, 1, 2, false, false);
      ADD(dense, size, in, channels, 3, stride, false, false);
      ADD(dense, size, channels, channels, 3, 1, false, true);
    }
  }
  ADD(dense, 1, 512, 1000, 1, 1, false, false);
  total("ResNet-18 1.0/224", dense, dense_macs);
}

int main(int argc, char **argv) {
  const size_t most_input = 4 << 20, most_weights = 10 << 20, most_scratch = 1 << 20;
  input = aligned_alloc(64, most_input);
  output = aligned_alloc(64, most_input);
  pad = aligned_alloc(64, most_channels + slack);
  weights = aligned_alloc(64, most_weights);
  widened = aligned_alloc(64, 2 * most_weights);
  scratch = aligned_alloc(64, most_scratch);
  if (!input || !output || !pad || !weights || !widened || !scratch) return 2;
  for (size_t i = 0; i < most_input; ++i) input[i] = output[i] = (uint8_t)rand();
  for (size_t i = 0; i < most_weights; ++i) weights[i] = (int8_t)(rand() % 255 - 127);
  memset(pad, 128, most_channels + slack);
  for (size_t i = 0; i < most_channels; ++i) multiplier[i] = 0.001f;
  const ck_kernels *set;
  for (size_t s = 0; (set = ck_kernels_at(s)); ++s) {
    bool wanted = argc == 1;
    for (int a = 1; a < argc; ++a) wanted |= !strcmp(argv[a], set->name);
    if (!wanted) continue;
    printf("%s\n", set->name);
    show(set, "28x28 3x3   64 ->  64", (layer){28, 64, 64, 3, 1, false, false});
    show(set, "28x28 3x3   64 -> 256", (layer){28, 64, 256, 3, 1, false, false});
    show(set, "28x28 3x3  128 -> 128", (layer){28, 128, 128, 3, 1, false, false});
    show(set, "28x28 1x1   96 ->  24", (layer){28, 96, 24, 1, 1, false, false});
    show(set, "28x28 1x1   32 -> 192", (layer){28, 32, 192, 1, 1, false, false});
    show(set, "56x56 1x1   16 ->  96", (layer){56, 16, 96, 1, 1, false, false});
    show(set, "14x14 1x1  384 ->  64 + residual", (layer){14, 384, 64, 1, 1, false, true});
    show(set, " 7x7  1x1  960 -> 160", (layer){7, 960, 160, 1, 1, false, false});
    show(set, "112x112 3x3/2 3 -> 32", (layer){112, 3, 32, 3, 2, false, false});
    show(set, "28x28 3x3 depthwise 192", (layer){28, 192, 192, 3, 1, true, false});
    show(set, "28x28 5x5 depthwise 192", (layer){28, 192, 192, 5, 1, true, false});
    show(set, " 1x1  1x1 1280 -> 1000", (layer){1, 1280, 1000, 1, 1, false, false});
    mobilenet(set);
    resnet(set);
    fflush(stdout);
  }
  return 0;
}
