#ifndef CIC_WITHOUT_JPEG
#include "jpeg_reading.h"
#include "results.h"

/* Any warning is damage. */
static void note(j_common_ptr cinfo, int level) {
  if (level < 0) ((jpeg_reading *)cinfo)->is_damaged = 1;
}

/* Ends a decompression that went wrong. */
static cic_result give_up(jpeg_reading *d) {
  cic_result result = jpeg_reading_failure(d);
  jpeg_destroy_decompress(&d->cinfo);
  return result;
}

static void open_memory(jpeg_reading *d, const uint8_t *data, size_t size) {
  jpeg_reading_create(d);
  d->cinfo.mem->max_memory_to_use = CIC_MAX_MEMORY;
  jpeg_reading_begin(d, data, size);
}

static void read_header(jpeg_reading *d) {
  jpeg_read_header(&d->cinfo, TRUE);
  d->has_header = 1;
  switch (d->cinfo.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
      d->cinfo.out_color_space = JCS_RGB;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      d->cinfo.out_color_space = JCS_CMYK;
      break;
    default: {
      char text[80];
      snprintf(text, sizeof text, "%d colour components, expected 1, 3 or 4",
               d->cinfo.num_components);
      jpeg_reading_stop(d, text);
    }
  }
}

cic_result cic_jpeg_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                           cic_size *out) {
  jpeg_reading d;
  jpeg_reading_prepare(&d, note);
  if (setjmp(d.jump)) return give_up(&d);
  open_memory(&d, data, size);
  read_header(&d);
  out->width = d.cinfo.image_width;
  out->height = d.cinfo.image_height;
  jpeg_destroy_decompress(&d.cinfo);
  return cic_checked(*out, max_side, max_pixels, size);
}

/* round(a * b / 255) for bytes. */
static unsigned scaled(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return (product + (product >> 8)) >> 8;
}

/* Four ink bytes a pixel to three of light. Adobe's writers store 255 for no ink. */
static void convert_inks(const uint8_t *inks, uint8_t *rgb, size_t pixels, int inverted) {
  const unsigned flip = inverted ? 0xFF : 0;
  for (size_t i = 0; i < pixels; i++) {
    unsigned light = 0xFF ^ inks[4 * i + 3] ^ flip;
    for (size_t c = 0; c < 3; c++) {
      rgb[3 * i + c] = (uint8_t)(light - scaled(inks[4 * i + c] ^ flip, light));
    }
  }
}

cic_result cic_jpeg_decode(const uint8_t *data, size_t size, cic_size expected, uint8_t *rgb) {
  jpeg_reading d;
  jpeg_reading_prepare(&d, note);
  if (setjmp(d.jump)) return give_up(&d);
  open_memory(&d, data, size);
  read_header(&d);
  if (d.cinfo.image_width != expected.width || d.cinfo.image_height != expected.height) {
    jpeg_reading_stop(&d, "the size is not that of the header");
  }
  const int has_inks = d.cinfo.out_color_space == JCS_CMYK;
  const size_t row_bytes = (size_t)expected.width * 3;
  jpeg_start_decompress(&d.cinfo);
  JSAMPROW ink_row = NULL;
  if (has_inks) {
    /* In the library's pool: freed with it, also after an error. */
    ink_row = (*d.cinfo.mem->alloc_large)((j_common_ptr)&d.cinfo, JPOOL_IMAGE,
                                          (size_t)expected.width * 4);
  }
  while (d.cinfo.output_scanline < d.cinfo.output_height) {
    uint8_t *target = rgb + d.cinfo.output_scanline * row_bytes;
    JSAMPROW row = has_inks ? ink_row : target;
    if (jpeg_read_scanlines(&d.cinfo, &row, 1) != 1) jpeg_reading_stop(&d, "a row is missing");
    if (has_inks) {
      convert_inks(ink_row, target, expected.width, d.cinfo.saw_Adobe_marker);
    }
  }
  cic_result result = {.status = CIC_OK};
  if (d.has_ended) {
    result.flags |= CIC_TRUNCATED;
  } else if (d.is_damaged) {
    result.flags |= CIC_DAMAGED;
  }
  jpeg_destroy_decompress(&d.cinfo);
  return result;
}

#endif
