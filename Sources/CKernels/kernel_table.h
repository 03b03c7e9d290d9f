/* The set's table; follows all of its kernels. The set's file defines CK_SET and CK_TILE. */

static void conv_u8(const ck_conv_tile *tile, const ck_epilogue *e) { convolve(tile, e, false); }
static void conv_f32(const ck_conv_tile *tile, const ck_epilogue *e) { convolve(tile, e, true); }

#define CK_STRING_(name) #name
#define CK_STRING(name) CK_STRING_(name)
#define CK_JOIN_(a, b) a##b
#define CK_JOIN(a, b) CK_JOIN_(a, b)
const ck_kernels CK_JOIN(ck_kernels_, CK_SET) = {
  .name = CK_STRING(CK_SET),
  .tile = CK_TILE,
  .depthwise_tile = 16,
  .conv_u8 = conv_u8,
  .conv_f32 = conv_f32,
#ifdef CK_WIDTHS
  .widen = widen_blocks,
#endif
#ifdef CK_RUN_TILES
  .conv_run = conv_run,
#ifndef CK_DPBUSD
  .widen_run = widen_run,
  .bytes = &byte_kernels,
#endif
#endif
#ifdef CK_COLORS
  .conv_color = conv_color,
  .color_weights = color_weights,
#endif
  .depthwise = depthwise,
#ifdef CK_DEPTHWISE_ROWS
  .depthwise_rows = CK_DEPTHWISE_ROWS,
#endif
#ifdef CK_WINOGRAD_TILES
  .winograd_u8 = winograd_u8,
#endif
  .max_u8 = max_u8,
  .sum_u8 = sum_u8,
  .add_u8 = add_u8,
  .multiply_u8 = multiply_u8,
  .requantize = requantize,
  .lookup_u8 = lookup_u8,
  .max_rows_u8 = max_rows_u8,
  .scale_u8 = scale_u8,
  .interleave_u8 = interleave_u8,
};

const ck_pixel_kernels CK_JOIN(ck_pixel_kernels_, CK_SET) = {
  .name = CK_STRING(CK_SET),
  .multiple = pixel_multiple,
  .blend_u8 = blend_u8,
  .split_s16 = split_s16,
  .dot_s16 = dot_s16,
  .color_s16 = color_s16,
};
