#ifndef CIC_WITHOUT_PNG
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "cimagecodecs.h"
#include "results.h"

/* What the callbacks need, in the frame of the function that called setjmp. */
typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *next;
  size_t left;
  int truncated;
  jmp_buf jump;
  char message[160];
  /* For decoding only. */
  cic_size expected;
  uint8_t *rgb;
  int passes;
  int has_pixels, is_complete, has_ended;
} decompression;

static void fail(png_structp png, png_const_charp message) {
  decompression *d = png_get_error_ptr(png);
  snprintf(d->message, sizeof d->message, "%s", message);
  longjmp(d->jump, 1);
}

static void keep_silent(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  decompression *d = png_get_io_ptr(png);
  if (count > d->left) {
    d->truncated = 1;
    png_error(png, "ends early");
  }
  memcpy(out, d->next, count);
  d->next += count;
  d->left -= count;
}

static cic_result give_up(decompression *d) {
  cic_result result = cic_failed(d->truncated ? "ends before the first row" : d->message);
  png_destroy_read_struct(&d->png, &d->info, NULL);
  return result;
}

static void set_limits(png_structp png, uint32_t max_side) {
  png_set_user_limits(png, max_side, max_side);
  png_set_chunk_malloc_max(png, 8 * 1024 * 1024);
  png_set_chunk_cache_max(png, 64);
}

/* Leaves png NULL where there is no memory. */
static void create(decompression *d) {
  memset(d, 0, sizeof *d);
  d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, fail, keep_silent);
  if (d->png) d->info = png_create_info_struct(d->png);
  if (d->png && !d->info) png_destroy_read_struct(&d->png, NULL, NULL);
}

cic_result cic_png_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                          cic_size *out) {
  decompression d;
  create(&d);
  if (!d.png) return cic_failed("out of memory");
  if (setjmp(d.jump)) return give_up(&d);
  d.next = data;
  d.left = size;
  png_set_read_fn(d.png, &d, read_bytes);
  set_limits(d.png, max_side);
  png_read_info(d.png, d.info);
  out->width = png_get_image_width(d.png, d.info);
  out->height = png_get_image_height(d.png, d.info);
  png_destroy_read_struct(&d.png, &d.info, NULL);
  return cic_checked(*out, max_side, max_pixels, size);
}

/* Called at the first IDAT. */
static void start(png_structp png, png_infop info) {
  decompression *d = png_get_progressive_ptr(png);
  if (png_get_image_width(png, info) != d->expected.width ||
      png_get_image_height(png, info) != d->expected.height) {
    png_error(png, "the size is not that of the header");
  }
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  d->passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != (size_t)d->expected.width * 3) {
    png_error(png, "rows are not RGB bytes");
  }
}

/* Called for every row of every pass; `new_row` is NULL where a pass has nothing for a row. */
static void take_row(png_structp png, png_bytep new_row, png_uint_32 y, int pass) {
  decompression *d = png_get_progressive_ptr(png);
  if (y >= d->expected.height) png_error(png, "too many rows");
  if (new_row) {
    png_progressive_combine_row(png, d->rgb + (size_t)y * d->expected.width * 3, new_row);
  }
  d->has_pixels = 1;
  if (pass == d->passes - 1 && y == d->expected.height - 1) d->is_complete = 1;
}

static void finish(png_structp png, png_infop info) {
  (void)info;
  decompression *d = png_get_progressive_ptr(png);
  d->has_ended = 1;
}

/* libpng's push reader: it gives the rows of a chunk that is cut off, which its pull reader does not. */
cic_result cic_png_decode(const uint8_t *data, size_t size, cic_size expected, uint8_t *rgb) {
  decompression d;
  create(&d);
  if (!d.png) return cic_failed("out of memory");
  if (setjmp(d.jump)) return give_up(&d);
  d.expected = expected;
  d.rgb = rgb;
  set_limits(d.png, expected.width > expected.height ? expected.width : expected.height);
  png_set_progressive_read_fn(d.png, &d, start, take_row, finish);
  /* libpng only reads what it is handed here; its parameter lacks the const. */
  png_process_data(d.png, d.info, (png_bytep)(uintptr_t)data, size);
  d.truncated = !d.is_complete && !d.has_ended;
  if (!d.has_pixels) {
    if (!d.truncated) snprintf(d.message, sizeof d.message, "no rows");
    return give_up(&d);
  }
  cic_result result = {.status = CIC_OK};
  if (d.truncated) {
    result.flags = CIC_TRUNCATED;
  } else if (!d.is_complete) {
    result.flags = CIC_DAMAGED;
  }
  png_destroy_read_struct(&d.png, &d.info, NULL);
  return result;
}

#endif
