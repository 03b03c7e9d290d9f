/* SIMD micro-kernels for int8 convolution. They know tiles: no models, strides or padding rules.
 *
 * Activations are bytes u (0..255), weights s8. acc = bias[n] + sum u * w, int32, exact.
 * Requantization: u = clamp(rte((float)acc * multiplier[n]) + zero_point, low, high), one rounding
 * a step, see FORMAT.md. Every set equals the portable Swift loops bit for bit.
 *
 * Weights are -127..127. Multipliers are finite; products and sums beyond int32 are clamped like
 * any other. Element-wise kernels work in place (out == a or b); no other outputs may overlap
 * inputs. The rounding mode of the calling thread is to nearest even. */
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>

/* Most output pixels that one call of conv or depthwise takes, over all sets. */
#define CK_MAX_TILE 24

/* What becomes of an int32 accumulator. */
typedef struct {
  const int32_t *bias;      /* [blocks * 16], readable to the end of the last block */
  const float *multiplier;  /* [blocks * 16] */
  const int32_t *weight_sum;/* [blocks * 16], for sets whose dot product is s8 x s8: they add
                               128 * weight_sum */
  int32_t zero_point;       /* 0..255 */
  int32_t low, high;        /* 0..255, low <= high */
  const uint8_t *const *residual; /* NULL, or one pointer a pixel to channel 0 of its residual,
                                     readable up to the next multiple of 64 channels */
  float residual_multiplier;
  int32_t residual_zero_point;    /* 0..255 */
} ck_epilogue;

/* A tile of `pixels` output pixels by `channels` output channels.
 *   input[t * pixels + p]  -> 4 * k4 readable bytes: tap t of pixel p
 *   weights                   [ceil(channels / 16)][taps * k4][16][4]
 *   output[p]              -> channel 0 of pixel p; exactly `channels` elements are written
 *   widened                   NULL, or what `widen` makes of the weights; only for sets that have it
 *   scratch                   where `widened`, memory for pixels * (2 * taps * k4 + 16) words
 * u8 output: output is uint8_t *const *; float output: float *const *, out = (float)acc *
 * multiplier. */
typedef struct {
  const uint8_t *const *input;
  size_t pixels;   /* 1 .. ck_kernels.tile */
  size_t taps;
  size_t k4;       /* groups of four input channels, >= 1 */
  const int8_t *weights;
  size_t channels; /* >= 1 */
  void *const *output;
  const int16_t *widened;
  int32_t *scratch;
} ck_conv_tile;

/* Tiles of side x side output pixels, 4 or, in sets with `widen`, 2, of a 3 x 3 convolution of stride
 * 1, by `channels` channels. Tile i is in column i % columns, row i / columns; what of it lies outside the output is
 * not written.
 *   input                     channel 0 of the first of height x width pixels without gaps, each
 *                             readable up to the next multiple of 64 channels, as is `outside`
 *   weights                   as of ck_conv_tile, 9 taps
 *   output                    channel 0 of the first of output_height x output_width pixels without
 *                             gaps; exactly `channels` bytes a pixel are written
 *   residual                  NULL, or as output, readable up to the next multiple of 64 channels; the
 *                             epilogue's is not read */
typedef struct {
  const uint8_t *input;
  const uint8_t *outside; /* a pixel of the padding */
  size_t height, width, pixel_bytes;
  size_t pad_top, pad_left;
  size_t side;
  size_t columns;      /* tiles in a row */
  size_t first, tiles; /* the call's */
  size_t k4;
  const int8_t *weights;
  size_t channels;
  uint8_t *output;
  size_t output_height, output_width, output_bytes; /* a pixel's */
  const uint8_t *residual;
  size_t residual_bytes;
  void *scratch; /* ck_winograd_scratch(side, tiles, k4) bytes at a multiple of 64 */
} ck_winograd;

/* Bytes of scratch memory of a run, and most steps of four input channels that one may have there. */
#define CK_RUN_SCRATCH (16 << 10)
#define CK_RUN_STEPS 1024

/* Numbers of a plan for a block of 16 channels. */
static inline size_t ck_plan_words(size_t taps, size_t k4) { return taps * (k4 + 1); }

/* Rows of output pixels that lie evenly, any number of both, by `channels` channels. Of row r and its pixel p
 *   input[t] + r * row_bytes + p * input_bytes     -> 4 * k4 readable bytes: tap t
 *   output + (r * pixels + p) * output_bytes       -> channel 0; exactly `channels` bytes are written
 *   residual                                          NULL, or as output, readable up to the next multiple of 64
 *                                                     channels; the epilogue's is not read */
typedef struct {
  const uint8_t *const *input;
  size_t input_bytes; /* a multiple of 4 */
  size_t pixels; /* of a row, >= 1 */
  size_t rows;   /* >= 1 */
  size_t row_bytes; /* a multiple of 4; any where there is one row */
  size_t taps;
  size_t k4;
  const int8_t *weights; /* as in ck_conv_tile */
  const int16_t *widened; /* what widen_run makes of them, in sets that have it, or NULL where there is a plan */
  const uint16_t *plan;   /* NULL, or what plan_run makes for these weights and inputs; then, nothing is in `scratch` */
  size_t channels;
  uint8_t *output;
  size_t output_bytes;
  const uint8_t *residual;
  size_t residual_bytes;
  void *scratch; /* CK_RUN_SCRATCH bytes at a multiple of 64, in sets that have widen_run: there, taps * k4 <= CK_RUN_STEPS */
} ck_conv_run;

/* Fewest pixels of ck_color_run. */
#define CK_COLOR_PIXELS 16
/* Most rows and columns of its window. */
#define CK_COLOR_SIDE 16

/* Words of scratch memory of a call of ck_color_run. */
static inline size_t ck_color_words(size_t taps) {
  const size_t least = 2 * CK_COLOR_PIXELS * (taps + (taps + 1) / 2), most = 2048;
  return least > most ? least : most;
}

/* A run of output pixels of one row of a convolution of an image of up to three channels, whose pixels are four bytes.
 *   rows[y]                  -> tap (y, 0) of the first pixel; readable to `stride` - 1 pixels after the last tap of the last
 *   output + p * output_bytes -> channel 0 of pixel p; exactly `channels` bytes are written */
typedef struct {
  const uint8_t *const *rows;
  size_t height, width; /* of the window, `taps` = height * width; each at most CK_COLOR_SIDE */
  size_t stride;        /* along the row: 1 or 2 */
  size_t pixels;        /* >= CK_COLOR_PIXELS */
  const int16_t *weights; /* what color_weights makes of them */
  size_t channels;
  uint8_t *output;
  size_t output_bytes;
  int32_t *scratch;     /* ck_color_words(taps) words at a multiple of 64 */
} ck_color_run;

/* A tile of `pixels` output pixels of a depthwise convolution over `channels` channels.
 *   input[t * pixels + p]  -> channel 0 of tap t of pixel p; readable up to the next multiple of 64
 *                             channels
 *   weights                   [ceil(channels / 16)][ceil(taps / 4)][16][4] */
typedef struct {
  const uint8_t *const *input;
  size_t pixels;
  size_t taps;
  const int8_t *weights;
  size_t channels;
  uint8_t *const *output;
} ck_depthwise_tile;

/* Output rows and pixels of ck_depthwise_rows for which pointers must exist come in these. */
#define CK_ROWS 2
#define CK_ROW_PIXELS 2

/* `rows` x `width` output pixels of a depthwise convolution over `channels` channels, window
 * `kernel` x `kernel` = 3 x 3 or 5 x 5, stride 1 or 2 along both axes; no residual.
 *   input[column * input_rows + row] -> channel 0 of an input pixel, readable up to the next
 *     multiple of 64 channels; the window of output pixel (y, x) begins in column x * stride and row
 *     y * stride. Columns and rows are those of `width` rounded up to CK_ROW_PIXELS and `rows` up to
 *     CK_ROWS, so input_rows = (that - 1) * stride + kernel
 *   weights                             as in ck_depthwise_tile
 *   output + y * row_bytes + x * pixel_bytes -> channel 0 of pixel (y, x) */
typedef struct {
  const uint8_t *const *input;
  size_t rows;  /* >= 1 */
  size_t width; /* >= 1 */
  size_t kernel;
  size_t stride;
  const int8_t *weights;
  size_t channels;
  uint8_t *output;
  size_t pixel_bytes;
  size_t row_bytes;
} ck_depthwise_rows;

/* Most taps of a window in ck_windows. */
#define CK_MOST_TAPS 64

/* Windows of height x width taps along a row of output pixels, all inside the image.
 *   out[p][i] = max over t < height, s < width of rows[t][p * stride + s * step + i]
 * Every tap is readable to `channels` rounded up to 64, exactly `channels` bytes a pixel are written. */
typedef struct {
  const uint8_t *const *rows; /* tap row t of the first window, channel 0 */
  size_t height, width; /* each >= 1, their product at most CK_MOST_TAPS */
  size_t step;          /* bytes from a tap to the next in its row */
  size_t stride;        /* bytes from a window's taps to the next window's */
  size_t pixels;        /* windows, >= 1 */
  size_t channels;
  uint8_t *output;      /* channel 0 of the first pixel */
  size_t output_step;   /* bytes from a pixel to the next */
} ck_windows;

/* Pixels times a factor a channel.
 *   out[p][i] = clamp(rte((float)((in[p][i]-zi)*(factors[i]-zf))*m) + zo, low, high)
 * Factors are readable to `channels` rounded up to 64, and 64 bytes after every pixel; exactly `channels` bytes a pixel are
 * written. In place (output == input) with equal steps. */
typedef struct {
  const uint8_t *input, *factors;
  uint8_t *output;
  size_t input_step, output_step; /* bytes from a pixel to the next, >= channels */
  size_t pixels, channels;
  int32_t input_zero_point, factor_zero_point, zero_point; /* 0..255 */
  int32_t low, high;
  float multiplier; /* magnitude at most 2^14 */
} ck_scaling;

/* What makes plans for ck_conv_run. `least` and `most` have room for their 4 * quads, or 4 * k4, channels rounded up to 64. */
typedef struct {
  /* least[i] = min(least[i], in[p * step + i]), most[i] = max(most[i], that) */
  void (*range_u8)(const uint8_t *in, size_t step, size_t pixels, size_t quads, uint8_t *least,
                   uint8_t *most);
  /* A plan for runs over inputs of which channel i of a tap is at most most[i], k4 < 2^16, and over these `blocks` blocks of
   * weights. Products are the faster the smaller inputs are; all sums are exact. */
  void (*plan_run)(const uint8_t *most, const int8_t *weights, size_t taps, size_t k4, size_t blocks,
                   uint16_t *plan);
  /* out[p * 4 * quads + i] = in[p * step + i] - least[i], or 0 where that is negative; up to 64 bytes after the last are
   * overwritten. out == in is allowed for one pixel. */
  void (*lower_u8)(const uint8_t *in, size_t step, size_t pixels, size_t quads, const uint8_t *least,
                   uint8_t *out);
  /* raised[n] = the bias for inputs that are so much lower, for one tap */
  void (*raise_bias)(const uint8_t *least, const int8_t *weights, size_t k4, size_t blocks,
                     const int32_t *bias, int32_t *raised);
  size_t cost; /* what windows take, in sixteenths of what conv_u8 does: measured */
} ck_byte_kernels;

typedef struct {
  const char *name;
  size_t tile;           /* preferred pixels a conv call, <= CK_MAX_TILE */
  size_t depthwise_tile; /* preferred pixels a depthwise call, <= CK_MAX_TILE */
  void (*conv_u8)(const ck_conv_tile *, const ck_epilogue *);
  void (*conv_f32)(const ck_conv_tile *, const ck_epilogue *);
  /* NULL, or makes of `blocks` blocks of weights of taps * k4 = `steps`, 64 * steps * blocks bytes, as many
   * int16 for the calls of conv that have many pixels. */
  void (*widen)(const int8_t *weights, size_t steps, size_t blocks, int16_t *to);
  void (*conv_run)(const ck_conv_run *, const ck_epilogue *); /* conv_u8 of runs, or NULL */
  /* As widen, for conv_run; taps * k4 = `steps` */
  void (*widen_run)(const int8_t *weights, size_t steps, size_t blocks, int16_t *to);
  const ck_byte_kernels *bytes; /* NULL, or what conv_run with a plan needs */
  /* conv_u8 of first layers, without residual, or NULL; and what makes of `blocks` blocks of weights of `taps` taps, k4 = 1,
   * 32 * blocks * (taps + (taps + 1) / 2) numbers for it */
  void (*conv_color)(const ck_color_run *, const ck_epilogue *);
  void (*color_weights)(const int8_t *weights, size_t taps, size_t blocks, int16_t *to);
  void (*depthwise)(const ck_depthwise_tile *, const ck_epilogue *);
  void (*depthwise_rows)(const ck_depthwise_rows *, const ck_epilogue *); /* or NULL */
  /* conv_u8 with fewer products, NULL in sets that have none */
  void (*winograd_u8)(const ck_winograd *, const ck_epilogue *);
  /* out[i] = max over taps >= 1 of in[t][i], n bytes; every pointer readable to n rounded up to 64,
   * exactly n written */
  void (*max_u8)(const uint8_t *const *in, size_t taps, uint8_t *out, size_t n);
  /* sum[i] += in[t][i] over taps, n channels; every pointer readable to n rounded up to 64, sum has
   * room for n rounded up to 64 */
  void (*sum_u8)(const uint8_t *const *in, size_t taps, int32_t *sum, size_t n);
  /* out[i] = clamp(rte((float)(a[i]-za)*ma + (float)(b[i]-zb)*mb) + zo, low, high); both products
   * are rounded before the sum; reads rounded up to 64, writes n */
  void (*add_u8)(const uint8_t *a, int32_t za, float ma, const uint8_t *b, int32_t zb, float mb,
                 int32_t zo, int32_t low, int32_t high, uint8_t *out, size_t n);
  /* out[i] = clamp(rte((float)((a[i]-za)*(b[i]-zb))*m) + zo, low, high); reads rounded up to 64,
   * writes n */
  void (*multiply_u8)(const uint8_t *a, int32_t za, const uint8_t *b, int32_t zb, float m,
                      int32_t zo, int32_t low, int32_t high, uint8_t *out, size_t n);
  /* out[i] = clamp(rte((float)acc[i] * m) + zo, low, high); reads and writes n */
  void (*requantize)(const int32_t *acc, float m, int32_t zo, int32_t low, int32_t high,
                     uint8_t *out, size_t n);
  /* out[i] = table[in[i]]; reads and writes n */
  void (*lookup_u8)(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t n);
  void (*max_rows_u8)(const ck_windows *);
  void (*scale_u8)(const ck_scaling *);
  /* out[p * out_step + i] = (i even ? a : b)[p * step + i / 2]; a and b are readable to (n + 1) / 2 rounded up to 64 in every
   * pixel, exactly n bytes a pixel are written */
  void (*interleave_u8)(const uint8_t *a, const uint8_t *b, size_t step, uint8_t *out,
                        size_t out_step, size_t pixels, size_t n);
} ck_kernels;

/* Bytes of scratch memory of a call of winograd_u8 of any set. */
size_t ck_winograd_scratch(size_t side, size_t tiles, size_t k4);

/* Images of luma and colour differences to pixels: see Pixels' PortablePixelKernels, the definition. */

/* Light of levels in 2^-6, coefficients in 2^-13: light = (y - 64 * black) * luma + 2^18, u and v less 64 * 128;
 * red = light + v * red_of_red, green = light - u * green_of_blue - v * green_of_red,
 * blue = light + u * blue_of_blue, each >> 19 and clamped to 0..255. Coefficients are 0..32767, black 0..255. */
typedef struct {
  int32_t black, luma, red_of_red, green_of_blue, green_of_red, blue_of_blue;
} ck_color;

typedef struct {
  const char *name;
  size_t multiple; /* of which dot_s16 wants `stride` to be one, a power of two up to 32 */
  /* out[i] = (sum rows[t][i] * weights[t] + 128) >> 8 over taps >= 1; weights 0..16384, their sum at most 16384; reads and
   * writes n */
  void (*blend_u8)(const uint8_t *const *rows, const int16_t *weights, size_t taps, int16_t *out,
                   size_t n);
  /* even[i] = in[2 * i], odd[i] = in[2 * i + 1]; values 0..16384; reads 2 * n, writes n of each */
  void (*split_s16)(const int16_t *in, int16_t *even, int16_t *odd, size_t n);
  /* out[i] = (sum in[starts[i] + t] * weights[i * stride + t] + 8192) >> 14 over t < stride; weights as above, in 0..16320;
   * all of these are read, n written */
  void (*dot_s16)(const int16_t *in, const int32_t *starts, const int16_t *weights, size_t stride,
                  int16_t *out, size_t n);
  /* out[i] = red | green << 8 | blue << 16; values 0..16320; reads and writes n */
  void (*color_s16)(const int16_t *y, const int16_t *u, const int16_t *v, const ck_color *c,
                    uint32_t *out, size_t n);
} ck_pixel_kernels;

/* The pixel kernels of the set that ck_kernels_at gives, NULL after the last. */
const ck_pixel_kernels *ck_pixel_kernels_at(size_t index);

/* All sets that this build has and this CPU can run, best first, NULL after the last. Portable
 * loops are Swift's. */
const ck_kernels *ck_kernels_at(size_t index);
/* Names of all sets that this build has, supported or not, NULL after the last. */
const char *ck_kernel_set_name(size_t index);

#endif
