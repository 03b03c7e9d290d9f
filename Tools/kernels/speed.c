/* Speed of every kernel set that this CPU has, on tiles that lie in cache as a layer's do.
 *
 *   speed [set …]     prints GMAC/s of convolutions and ns a pixel of 64 channels of the others
 *
 * Each figure is the best of seven runs of about 10 ms of processor time. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ckernels.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum { map_pixels = 784, most_channels = 1024 };
static uint8_t input[map_pixels * 2048 + 64], output[map_pixels * most_channels];
static int8_t weights[9 << 20];
static int32_t bias[most_channels], weight_sum[most_channels];
static float multiplier[most_channels];

/* Seconds of one pass over a 28 x 28 map. */
static double layer(const ck_kernels *set, bool depthwise, size_t taps, size_t k4, size_t channels,
                    bool with_residual) {
  const size_t tile = depthwise ? set->depthwise_tile : set->tile;
  const size_t width = depthwise ? channels : 4 * k4;
  const uint8_t *rows[CK_MAX_TILE * 25], *residual[CK_MAX_TILE];
  void *out[CK_MAX_TILE];
  ck_epilogue e = {bias, multiplier, weight_sum, 128, 3, 250, NULL, 0.7f, 128};
  if (with_residual) e.residual = residual;
  const double start = now();
  for (size_t first = 0; first < map_pixels; first += tile) {
    const size_t pixels = map_pixels - first < tile ? map_pixels - first : tile;
    for (size_t p = 0; p < pixels; ++p) {
      out[p] = output + (first + p) * channels;
      residual[p] = out[p];
      for (size_t t = 0; t < taps; ++t) {
        /* Rows of the map three apart, as the taps of a 3 x 3 window are. */
        rows[t * pixels + p] = input + (first + p + t % 3 + t / 3 * 28) % map_pixels * width;
      }
    }
    if (depthwise) {
      const ck_depthwise_tile t = {rows, pixels, taps, weights, channels, (uint8_t **)out};
      set->depthwise(&t, &e);
    } else {
      const ck_conv_tile t = {rows, pixels, taps, k4, weights, channels, out};
      set->conv_u8(&t, &e);
    }
  }
  return now() - start;
}

static double best(const ck_kernels *set, bool depthwise, size_t taps, size_t k4, size_t channels,
                   bool with_residual) {
  double seconds = 1;
  for (int i = 0; i < 7; ++i) {
    double total = 0;
    int runs = 0;
    for (; total < 0.01; ++runs) total += layer(set, depthwise, taps, k4, channels, with_residual);
    if (total / runs < seconds) seconds = total / runs;
  }
  return seconds;
}

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof input; ++i) input[i] = (uint8_t)rand();
  for (size_t i = 0; i < sizeof weights; ++i) weights[i] = (int8_t)rand();
  for (size_t i = 0; i < most_channels; ++i) multiplier[i] = 0.001f;
  static const struct {
    const char *name;
    size_t taps, k4, channels;
    bool residual;
  } convs[] = {
    {"3x3   64 ->  64", 9, 16, 64, false},   {"3x3   64 -> 256", 9, 16, 256, false},
    {"3x3  128 -> 128", 9, 32, 128, false},  {"1x1   16 ->  96", 1, 4, 96, false},
    {"1x1   24 -> 144", 1, 6, 144, false},   {"1x1   96 ->  24", 1, 24, 24, false},
    {"1x1  144 ->  32", 1, 36, 32, false},   {"1x1   64 -> 384", 1, 16, 384, false},
    {"1x1  384 ->  64 + residual", 1, 96, 64, true}, {"1x1  576 -> 160", 1, 144, 160, false},
    {"first 3x3 3 -> 32", 9, 1, 32, false},
  };
  const ck_kernels *set;
  for (size_t s = 0; (set = ck_kernels_at(s)); ++s) {
    bool wanted = argc == 1;
    for (int a = 1; a < argc; ++a) wanted |= !strcmp(argv[a], set->name);
    if (!wanted) continue;
    printf("%s\n", set->name);
    for (size_t i = 0; i < sizeof convs / sizeof *convs; ++i) {
      const double seconds =
        best(set, false, convs[i].taps, convs[i].k4, convs[i].channels, convs[i].residual);
      const double macs = (double)(map_pixels * convs[i].taps * convs[i].k4 * 4 * convs[i].channels);
      printf("  conv %-28s %7.1f GMAC/s\n", convs[i].name, macs / seconds * 1e-9);
    }
    for (size_t taps = 9; taps <= 25; taps += 16) {
      const double seconds = best(set, true, taps, 1, 192, false);
      printf("  depthwise %2zu taps                %7.1f GMAC/s, %5.1f ns a pixel of 64 channels\n", taps,
             (double)(map_pixels * taps * 192) / seconds * 1e-9, seconds * 1e9 / map_pixels / 3);
    }
  }
  return 0;
}
