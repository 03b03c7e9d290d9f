#ifndef CIC_WITHOUT_JPEG
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "cimagecodecs.h"

/* libjpeg's structures, each with what its callbacks need behind it. */
typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
  int damaged;
} error_manager;

typedef struct {
  struct jpeg_source_mgr base;
  int truncated;
} memory_source;

static void fail(j_common_ptr cinfo) {
  error_manager *error = (error_manager *)cinfo->err;
  (*cinfo->err->format_message)(cinfo, error->message);
  longjmp(error->jump, 1);
}

static void note(j_common_ptr cinfo, int level) {
  if (level < 0) ((error_manager *)cinfo->err)->damaged = 1;
}

static void keep_silent(j_common_ptr cinfo) { (void)cinfo; }

static void limit_scans(j_common_ptr cinfo) {
  if (!cinfo->is_decompressor) return;
  if (((j_decompress_ptr)cinfo)->input_scan_number <= CIC_MAX_SCANS) return;
  error_manager *error = (error_manager *)cinfo->err;
  snprintf(error->message, sizeof error->message, "more than %d scans", CIC_MAX_SCANS);
  longjmp(error->jump, 1);
}

/* At the end of the data the decoder is handed an end-of-image marker, as often as it asks. */
static boolean end_of_data(j_decompress_ptr cinfo) {
  static const JOCTET end[2] = {0xFF, JPEG_EOI};
  memory_source *source = (memory_source *)cinfo->src;
  source->truncated = 1;
  source->base.next_input_byte = end;
  source->base.bytes_in_buffer = sizeof end;
  return TRUE;
}

static void skip(j_decompress_ptr cinfo, long count) {
  struct jpeg_source_mgr *source = cinfo->src;
  if (count <= 0) return;
  if ((unsigned long)count >= source->bytes_in_buffer) {
    end_of_data(cinfo);
  } else {
    source->next_input_byte += count;
    source->bytes_in_buffer -= (size_t)count;
  }
}

static void do_nothing(j_decompress_ptr cinfo) { (void)cinfo; }

/* Everything of one decompression, in the frame of the function that called setjmp. */
typedef struct {
  struct jpeg_decompress_struct cinfo;
  struct jpeg_progress_mgr progress;
  error_manager error;
  memory_source source;
  int header_complete;
} decompression;

static void set_callbacks(decompression *d) {
  memset(d, 0, sizeof *d);
  d->cinfo.err = jpeg_std_error(&d->error.base);
  d->error.base.error_exit = fail;
  d->error.base.emit_message = note;
  d->error.base.output_message = keep_silent;
}

static void open_memory(decompression *d, const uint8_t *data, size_t size) {
  jpeg_create_decompress(&d->cinfo);
  d->cinfo.mem->max_memory_to_use = CIC_MAX_MEMORY;
  d->progress.progress_monitor = limit_scans;
  d->cinfo.progress = &d->progress;
  d->source.base.next_input_byte = data;
  d->source.base.bytes_in_buffer = size;
  d->source.base.init_source = do_nothing;
  d->source.base.fill_input_buffer = end_of_data;
  d->source.base.skip_input_data = skip;
  d->source.base.resync_to_restart = jpeg_resync_to_restart;
  d->source.base.term_source = do_nothing;
  d->cinfo.src = &d->source.base;
}

static cic_result failed(const char *message) {
  cic_result result = {.status = CIC_FAILED};
  snprintf(result.message, sizeof result.message, "%s", message);
  return result;
}

/* Ends a decompression that went wrong; the library's own words first. */
static cic_result give_up(decompression *d) {
  const int too_short = d->source.truncated && !d->header_complete;
  cic_result result = failed(too_short ? "ends before the first scan" : d->error.message);
  jpeg_destroy_decompress(&d->cinfo);
  return result;
}

static void stop(decompression *d, const char *message) {
  snprintf(d->error.message, sizeof d->error.message, "%s", message);
  longjmp(d->error.jump, 1);
}

static void read_header(decompression *d) {
  jpeg_read_header(&d->cinfo, TRUE);
  d->header_complete = 1;
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
      stop(d, text);
    }
  }
}

cic_result cic_jpeg_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                           cic_size *out) {
  decompression d;
  set_callbacks(&d);
  if (setjmp(d.error.jump)) return give_up(&d);
  open_memory(&d, data, size);
  read_header(&d);
  out->width = d.cinfo.image_width;
  out->height = d.cinfo.image_height;
  jpeg_destroy_decompress(&d.cinfo);
  if (out->width > max_side || out->height > max_side ||
      (uint64_t)out->width * out->height > max_pixels) {
    char text[160];
    snprintf(text, sizeof text, "%u x %u pixels, expected at most %llu in %zu bytes", out->width,
             out->height, (unsigned long long)max_pixels, size);
    return failed(text);
  }
  cic_result result = {.status = CIC_OK};
  return result;
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
  decompression d;
  set_callbacks(&d);
  if (setjmp(d.error.jump)) return give_up(&d);
  open_memory(&d, data, size);
  read_header(&d);
  if (d.cinfo.image_width != expected.width || d.cinfo.image_height != expected.height) {
    stop(&d, "the size is not that of the header");
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
    if (jpeg_read_scanlines(&d.cinfo, &row, 1) != 1) stop(&d, "a row is missing");
    if (has_inks) {
      convert_inks(ink_row, target, expected.width, d.cinfo.saw_Adobe_marker);
    }
  }
  cic_result result = {.status = CIC_OK};
  if (d.source.truncated) {
    result.flags |= CIC_TRUNCATED;
  } else if (d.error.damaged) {
    result.flags |= CIC_DAMAGED;
  }
  jpeg_destroy_decompress(&d.cinfo);
  return result;
}

#endif
