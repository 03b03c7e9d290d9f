/* Runs every kernel set that this CPU has against a scalar oracle, bit for bit, on one shared list
 * of cases.
 *
 *   conformance [set …]     prints one line a set; exit status 1 where a result differs
 *
 * Readable memory ends at a guard page exactly where the contract in ckernels.h says that
 * reading ends, and every output row lies between bytes that must not change. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckernels.h"
#pragma STDC FP_CONTRACT OFF

enum { most_pixels = CK_MAX_TILE, most_channels = 130, blocks = (most_channels + 15) / 16 };

static const size_t channel_counts[] = {1, 3, 15, 16, 17, 31, 32, 43, 48, 63, 64, 65, 96, 128, 130};
static const size_t lengths[] = {1,  2,  3,  7,   15,  16,  17,  31,  33,
                                 63, 64, 65, 127, 128, 130, 257, 1000};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- Random numbers: SplitMix64 ---- */

static uint64_t state;
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
static int32_t between(int32_t low, int32_t high) {
  return low + (int32_t)(next() % (uint64_t)((int64_t)high - low + 1));
}
static float unit(void) { return (float)(next() >> 40) * 0x1p-24f; }

/* ---- Memory that ends at a guard page ---- */

static void *guarded(size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
  char *base = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || mprotect(base + room, page, PROT_NONE)) {
    perror("conformance: mmap");
    exit(2);
  }
  return base + room - size;
}
static void release(void *memory, size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
  munmap((char *)memory + size - room, room + page);
}

/* ---- The oracle ---- */

static uint8_t rounded(float t, int32_t zero_point, int32_t low, int32_t high) {
  const double r = rint((double)t) + zero_point; /* rint: to nearest even */
  return (uint8_t)(r < low ? low : r > high ? high : r);
}
/* volatile: each product and sum is a float of its own on every compiler. */
static float product(int32_t a, float b) {
  volatile float x = (float)a;
  volatile float y = x * b;
  return y;
}
static float sum(float a, float b) {
  volatile float y = a + b;
  return y;
}
static uint8_t requantized(int32_t acc, float m, const ck_epilogue *e, int32_t residual) {
  float t = product(acc, m);
  if (e->residual) t = sum(t, product(residual - e->residual_zero_point, e->residual_multiplier));
  return rounded(t, e->zero_point, e->low, e->high);
}

/* ---- Reports ---- */

static const ck_kernels *set;
static unsigned long cases;
static bool failed;
static void fail(const char *what, size_t pixels, size_t taps, size_t k4, size_t channels,
                 size_t pixel, size_t channel, double found, double expected) {
  if (!failed) {
    printf("%s: %s: pixels %zu, taps %zu, k4 %zu, channels %zu: pixel %zu channel %zu is %.9g, "
           "expected %.9g\n",
           set->name, what, pixels, taps, k4, channels, pixel, channel, found, expected);
  }
  failed = true;
}

/* ---- Convolution and depthwise ---- */

typedef enum { mixed, extreme, ties, kinds } flavour;

typedef struct {
  int32_t bias[blocks * 16], weight_sum[blocks * 16];
  float multiplier[blocks * 16];
} constants;

static void choose_constants(constants *c, const int64_t *magnitude, flavour kind) {
  for (size_t n = 0; n < blocks * 16; ++n) {
    const int64_t limit = INT32_MAX - 255 * magnitude[n];
    switch (kind) {
    case mixed:
      c->bias[n] = between(-100000, 100000);
      c->multiplier[n] = 300.0f / (float)(255 * magnitude[n] + 1) * unit();
      if (c->multiplier[n] >= 1) c->multiplier[n] = 0x1.fffffep-1f;
      break;
    case extreme:
      c->bias[n] = (int32_t)(n % 2 ? limit : -limit);
      c->multiplier[n] = n % 3 == 0 ? 0x1.fffffep-1f : n % 3 == 1 ? 1e-7f : n % 5 ? 0 : 1e-42f;
      break;
    default:
      c->bias[n] = between(-300, 300);
      c->multiplier[n] = n % 2 ? 0.5f : 0.25f;
    }
  }
}

static int8_t choose_weight(flavour kind, size_t n) {
  return (int8_t)(kind == mixed ? between(-127, 127) : kind == ties ? between(-1, 1)
                  : n % 4 < 2 ? 127 : -127);
}
static uint8_t choose_input(flavour kind) {
  if (kind == extreme) return next() % 8 ? 255 : 0;
  return (uint8_t)between(0, kind == ties ? 3 : 255);
}

static void choose_epilogue(ck_epilogue *e, flavour kind, bool residual) {
  e->zero_point = kind == extreme ? (next() % 2 ? 0 : 255) : between(0, 255);
  e->low = next() % 2 ? 0 : between(0, 255);
  e->high = next() % 2 ? 255 : between(e->low, 255);
  e->residual_multiplier = kind == extreme ? 8e6f : kind == ties ? 0.5f : unit() * 2;
  e->residual_zero_point = between(0, 255);
  if (!residual) e->residual = NULL;
}

/* Room for one output row of `size` bytes between guards; `check` tells whether they are intact. */
enum { guard = 64, row_room = most_channels * 4 + 2 * guard };
static void clear_rows(uint8_t *rows) { memset(rows, 0xa5, most_pixels * row_room); }
static bool intact(const uint8_t *rows, size_t pixel, size_t written) {
  const uint8_t *row = rows + pixel * row_room;
  for (size_t i = 0; i < row_room; ++i)
    if ((i < guard || i >= guard + written) && row[i] != 0xa5) return false;
  return true;
}

/* One set of values for `pixels` up to the tile and every channel count. `width` is the readable
 * length of an input row in bytes: 4 * k4 for a convolution, channels rounded up to 64 for
 * depthwise. */
static void check_layer(bool is_depthwise, flavour kind, size_t taps, size_t k4, size_t pixels,
                        size_t channels) {
  const size_t used_blocks = (channels + 15) / 16;
  const size_t width = is_depthwise ? (channels + 63) / 64 * 64 : 4 * k4;
  const size_t rows = pixels * taps + 1, weight_rows = is_depthwise ? (taps + 3) / 4 : taps * k4;
  const size_t input_size = rows * width, weights_size = used_blocks * weight_rows * 64;
  uint8_t *input = guarded(input_size);
  int8_t *weights = guarded(weights_size);
  for (size_t i = 0; i < input_size; ++i) input[i] = choose_input(kind);
  int64_t magnitude[blocks * 16] = {0};
  constants c;
  memset(&c, 0, sizeof c);
  for (size_t i = 0; i < weights_size; ++i) {
    const size_t n = i / (weight_rows * 64) * 16 + i % 64 / 4;
    const size_t tap = i / 64 % weight_rows * 4 + i % 4;
    /* Depthwise taps past the last are zero; all else may hold anything, channels past the last
     * too. */
    weights[i] = is_depthwise && tap >= taps ? 0 : choose_weight(kind, n);
    magnitude[n] += abs(weights[i]);
    c.weight_sum[n] += weights[i];
  }
  choose_constants(&c, magnitude, kind);
  /* Rows anywhere in the input, each may serve several taps; the last ends at the guard page. */
  const uint8_t **pointers = guarded(taps * pixels * sizeof *pointers);
  for (size_t i = 0; i < taps * pixels; ++i) pointers[i] = input + next() % rows * width;
  pointers[next() % (taps * pixels)] = input + (rows - 1) * width;

  const size_t constants_size = used_blocks * 16 * 4, residual_width = (channels + 63) / 64 * 64;
  int32_t *bias = guarded(constants_size), *weight_sum = guarded(constants_size);
  float *multiplier = guarded(constants_size);
  memcpy(bias, c.bias, constants_size);
  memcpy(weight_sum, c.weight_sum, constants_size);
  memcpy(multiplier, c.multiplier, constants_size);
  uint8_t *residual = guarded(pixels * residual_width);
  for (size_t i = 0; i < pixels * residual_width; ++i) residual[i] = (uint8_t)next();

  int32_t *acc = malloc(pixels * channels * sizeof *acc);
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t n = 0; n < channels; ++n) {
      const int8_t *w = weights + n / 16 * weight_rows * 64 + n % 16 * 4;
      int32_t total = bias[n];
      for (size_t t = 0; t < taps; ++t) {
        const uint8_t *u = pointers[t * pixels + p];
        if (is_depthwise) {
          total += u[n] * w[t / 4 * 64 + t % 4];
        } else {
          for (size_t k = 0; k < 4 * k4; ++k) total += u[k] * w[(t * k4 + k / 4) * 64 + k % 4];
        }
      }
      acc[p * channels + n] = total;
    }
  }

  static uint8_t output_rows[most_pixels * row_room];
  void *output[most_pixels];
  const uint8_t *residual_rows[most_pixels];
  for (size_t p = 0; p < pixels; ++p) {
    output[p] = output_rows + p * row_room + guard;
    residual_rows[p] = residual + (pixels - 1 - p) * residual_width;
  }
  for (int with_residual = 0; with_residual < 2; ++with_residual) {
    ck_epilogue e = {.bias = bias, .multiplier = multiplier, .weight_sum = weight_sum,
                     .residual = residual_rows};
    choose_epilogue(&e, kind, with_residual);
    clear_rows(output_rows);
    if (is_depthwise) {
      const ck_depthwise_tile tile = {pointers, pixels,   taps,
                                      weights,  channels, (uint8_t **)output};
      set->depthwise(&tile, &e);
    } else {
      const ck_conv_tile tile = {pointers, pixels, taps, k4, weights, channels, output};
      set->conv_u8(&tile, &e);
    }
    ++cases;
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t n = 0; n < channels; ++n) {
        const uint8_t found = ((uint8_t *)output[p])[n];
        const uint8_t r = with_residual ? residual_rows[p][n] : 0;
        const uint8_t expected = requantized(acc[p * channels + n], multiplier[n], &e, r);
        if (found != expected) {
          fail(is_depthwise ? "depthwise" : "conv_u8", pixels, taps, k4, channels, p, n, found,
               expected);
        }
      }
      if (!intact(output_rows, p, channels)) {
        fail("guard bytes", pixels, taps, k4, channels, p, 0, 1, 0);
      }
    }
  }
  if (!is_depthwise) {
    const ck_epilogue e = {.bias = bias, .multiplier = multiplier, .weight_sum = weight_sum};
    const ck_conv_tile tile = {pointers, pixels, taps, k4, weights, channels, output};
    clear_rows(output_rows);
    set->conv_f32(&tile, &e);
    ++cases;
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t n = 0; n < channels; ++n) {
        const float found = ((float *)output[p])[n];
        const float expected = product(acc[p * channels + n], multiplier[n]);
        if (memcmp(&found, &expected, 4)) {
          fail("conv_f32", pixels, taps, k4, channels, p, n, found, expected);
        }
      }
      if (!intact(output_rows, p, 4 * channels)) {
        fail("guard bytes", pixels, taps, k4, channels, p, 0, 1, 0);
      }
    }
  }
  free(acc);
  release(residual, pixels * residual_width);
  release(multiplier, constants_size);
  release(weight_sum, constants_size);
  release(bias, constants_size);
  release(pointers, taps * pixels * sizeof *pointers);
  release(weights, weights_size);
  release(input, input_size);
}

/* ---- Element-wise ---- */

static void check_elements(size_t n) {
  const size_t width = (n + 63) / 64 * 64, taps = n % 11 + 1;
  uint8_t *a = guarded(width), *b = guarded(width), *exact = guarded(n);
  int32_t *acc = guarded(n * 4), *total = guarded(width * 4), *before = malloc(width * 4);
  const uint8_t *rows[11];
  uint8_t *memory = malloc(width + 2 * guard), *out = memory + guard, table[256];
  for (size_t i = 0; i < width; ++i) {
    a[i] = (uint8_t)next();
    b[i] = (uint8_t)next();
    before[i] = total[i] = (int32_t)(next() % 1000000) - 500000;
  }
  for (size_t i = 0; i < n; ++i) acc[i] = next() % 4 ? between(-70000, 70000) : (int32_t)next();
  for (size_t i = 0; i < n; ++i) exact[i] = i < 256 && n > 256 ? (uint8_t)i : (uint8_t)next();
  for (int i = 0; i < 256; ++i) table[i] = (uint8_t)next();
  for (size_t t = 0; t < taps; ++t) rows[t] = t % 3 == 1 ? b : a;
  ck_epilogue e = {0};
  const uint8_t *none = a;
  e.residual = &none;
  const int32_t za = between(0, 255), zb = between(0, 255);
  const float ma = n % 3 ? unit() * 2 : 0.5f, mb = n % 3 ? unit() * 2 : n % 5 ? 0.5f : 1e8f;
#define CHECK(name, call, value) \
  memset(memory, 0xa5, width + 2 * guard); \
  choose_epilogue(&e, n % 7 ? mixed : extreme, true); \
  call; \
  ++cases; \
  for (size_t i = 0; i < n; ++i) { \
    const uint8_t expected = value; \
    if (out[i] != expected) fail(name, n, taps, 0, n, 0, i, out[i], expected); \
  } \
  for (size_t i = 0; i < width + 2 * guard; ++i) \
    if ((i < guard || i >= guard + n) && memory[i] != 0xa5) \
      fail(name ": guard", n, taps, 0, n, 0, i, 1, 0);
#define FINAL e.zero_point, e.low, e.high
  CHECK("add_u8", set->add_u8(a, za, ma, b, zb, mb, FINAL, out, n),
        rounded(sum(product(a[i] - za, ma), product(b[i] - zb, mb)), FINAL))
  CHECK("multiply_u8", set->multiply_u8(a, za, b, zb, ma, FINAL, out, n),
        rounded(product((a[i] - za) * (b[i] - zb), ma), FINAL))
  CHECK("multiply_u8", set->multiply_u8(a, za, b, zb, 0.003f, FINAL, out, n),
        rounded(product((a[i] - za) * (b[i] - zb), 0.003f), FINAL))
  CHECK("requantize", set->requantize(acc, ma * 0.004f, FINAL, out, n),
        rounded(product(acc[i], ma * 0.004f), FINAL))
  CHECK("requantize", set->requantize(acc, 1000, FINAL, out, n),
        rounded(product(acc[i], 1000), FINAL))
  CHECK("lookup_u8", set->lookup_u8(table, exact, out, n), table[exact[i]])
  CHECK("max_u8", set->max_u8(rows, taps, out, n), taps > 1 && b[i] > a[i] ? b[i] : a[i])
  set->sum_u8(rows, taps, total, n);
  ++cases;
  for (size_t i = 0; i < n; ++i) {
    int32_t expected = before[i];
    for (size_t t = 0; t < taps; ++t) expected += rows[t][i];
    if (total[i] != expected) fail("sum_u8", n, taps, 0, n, 0, i, total[i], expected);
  }
  free(memory);
  free(before);
  release(total, width * 4);
  release(acc, n * 4);
  release(exact, n);
  release(b, width);
  release(a, width);
}

static bool run(void) {
  static const size_t conv_taps[] = {1, 3, 9, 25}, k4s[] = {1, 2, 5, 16, 17};
  static const size_t depthwise_taps[] = {1, 2, 3, 4, 7, 9, 25, 29, 49, 57};
  state = 2026;
  cases = 0;
  failed = false;
  for (int kind = 0; kind < kinds; ++kind) {
    for (size_t n = 0; n < COUNT(channel_counts); ++n) {
      const size_t channels = channel_counts[n];
      for (size_t pixels = 1; pixels <= set->tile; ++pixels) {
        /* Every pair of pixels and channels, with a choice of taps and k4 that walks through all
         * pairs. */
        for (size_t i = 0; i < 3; ++i) {
          const size_t which = (size_t)next() % (COUNT(conv_taps) * COUNT(k4s));
          check_layer(false, kind, conv_taps[which % COUNT(conv_taps)],
                      k4s[which / COUNT(conv_taps)], pixels, channels);
        }
      }
      for (size_t t = 0; t < COUNT(depthwise_taps); ++t) {
        check_layer(true, kind, depthwise_taps[t], 1, (size_t)between(1, CK_MAX_TILE), channels);
        if (depthwise_taps[t] == 9) check_layer(true, kind, 9, 1, set->depthwise_tile, channels);
      }
    }
  }
  for (size_t i = 0; i < COUNT(lengths); ++i) {
    for (int repeat = 0; repeat < 8; ++repeat) check_elements(lengths[i]);
  }
  if (!failed) printf("%s: %lu cases equal\n", set->name, cases);
  return !failed;
}

int main(int argc, char **argv) {
  bool good = true, any = false;
  for (size_t i = 0; (set = ck_kernels_at(i)); ++i) {
    bool wanted = argc == 1;
    for (int a = 1; a < argc; ++a) wanted |= !strcmp(argv[a], set->name);
    if (!wanted) continue;
    any = true;
    good &= run();
    fflush(stdout);
  }
  if (!any) printf("no set to run on this CPU\n");
  return good && any ? 0 : 1;
}
