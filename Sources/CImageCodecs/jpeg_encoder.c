/* Frames to JPEG, with memory that is kept. */
#ifndef CIC_WITHOUT_JPEG
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "jpeg_arena.h"
#include <jerror.h>

#include "cic_frames.h"

/* Rows of a component in a row of blocks: a sampling factor of up to 4. */
enum { most_rows = 4 * DCTSIZE };

struct cic_encoder {
  struct jpeg_compress_struct cinfo; /* first: callbacks get a pointer to it */
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jpeg_arena arena;
  struct jpeg_memory_mgr *original;
  jmp_buf jump;
  int is_full;
  uint8_t luma[256], difference[256]; /* limited range to full */
};

static cic_encoder *encoder_of(j_common_ptr cinfo) { return (cic_encoder *)cinfo; }

static void fail(j_common_ptr cinfo) { longjmp(encoder_of(cinfo)->jump, 1); }
static void ignore(j_common_ptr cinfo, int level) { (void)cinfo, (void)level; }
static void keep_silent(j_common_ptr cinfo) { (void)cinfo; }
static void do_nothing(j_compress_ptr cinfo) { (void)cinfo; }

static boolean refuse(j_compress_ptr cinfo) {
  encoder_of((j_common_ptr)cinfo)->is_full = 1;
  ERREXIT(cinfo, JERR_CANT_SUSPEND);
  return FALSE;
}

static uint8_t spread(int value, int black, int zero, int levels) {
  const int twice = 2 * 255 * (value - black) + (value >= black ? levels : -levels);
  const int level = zero + twice / (2 * levels);
  return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

cic_encoder *cic_encoder_create(void) {
  cic_encoder *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  e->cinfo.err = jpeg_std_error(&e->errors);
  e->errors.error_exit = fail;
  e->errors.emit_message = ignore;
  e->errors.output_message = keep_silent;
  if (setjmp(e->jump)) {
    jpeg_destroy_compress(&e->cinfo);
    free(e);
    return NULL;
  }
  jpeg_create_compress(&e->cinfo);
  e->destination.init_destination = do_nothing;
  e->destination.empty_output_buffer = refuse;
  e->destination.term_destination = do_nothing;
  e->cinfo.dest = &e->destination;
  /* Tables and components are allocated here, with libjpeg's own manager, and filled anew for a frame. */
  e->cinfo.in_color_space = JCS_YCbCr;
  e->cinfo.input_components = 3;
  jpeg_set_defaults(&e->cinfo);
  e->original = jpeg_arena_install(&e->arena, (j_common_ptr)&e->cinfo);
  for (int value = 0; value < 256; ++value) {
    e->luma[value] = spread(value, 16, 0, 219);
    e->difference[value] = spread(value, 128, 128, 224);
  }
  return e;
}

void cic_encoder_destroy(cic_encoder *e) {
  if (!e) return;
  e->cinfo.mem = e->original;
  jpeg_destroy_compress(&e->cinfo);
  jpeg_arena_free(&e->arena);
  free(e);
}

/* A row of samples as the encoder wants it: without gaps, the last one repeated to `padded`. */
static void copy_row(const cic_component *c, size_t y, size_t width, size_t padded,
                     const uint8_t *table, uint8_t *to) {
  const uint8_t *from = c->at + y * c->stride;
  const size_t step = c->step;
  if (table) {
    for (size_t x = 0; x < width; ++x) to[x] = table[from[x * step]];
  } else if (step == 1) {
    memcpy(to, from, width);
  } else {
    for (size_t x = 0; x < width; ++x) to[x] = from[x * step];
  }
  memset(to + width, to[width - 1], padded - width);
}

/* Luma and differences, a row of blocks at a time. */
static void write_samples(cic_encoder *e, const cic_source *source) {
  j_compress_ptr cinfo = &e->cinfo;
  JSAMPROW rows[3][most_rows];
  JSAMPARRAY arrays[3] = {rows[0], rows[1], rows[2]};
  size_t padded[3];
  for (int i = 0; i < 3; ++i) {
    const jpeg_component_info *c = &cinfo->comp_info[i];
    /* Blocks to the end of the last unit of all components. */
    padded[i] = ((size_t)c->width_in_blocks + (size_t)c->h_samp_factor) * DCTSIZE;
    for (int row = 0; row < c->v_samp_factor * DCTSIZE; ++row) {
      rows[i][row] = cinfo->mem->alloc_large((j_common_ptr)cinfo, JPOOL_IMAGE, padded[i]);
    }
  }
  const JDIMENSION step = (JDIMENSION)(cinfo->max_v_samp_factor * DCTSIZE);
  for (JDIMENSION top = 0; top < source->height; top += step) {
    for (int i = 0; i < 3; ++i) {
      const cic_component *c = &source->components[i];
      const size_t width = (source->width + c->columns - 1) / c->columns;
      const size_t height = (source->height + c->rows - 1) / c->rows;
      const uint8_t *table = source->is_limited ? (i == 0 ? e->luma : e->difference) : NULL;
      for (size_t row = 0; row < step / c->rows; ++row) {
        const size_t y = top / c->rows + row;
        copy_row(c, y < height ? y : height - 1, width, padded[i], table, rows[i][row]);
      }
    }
    if (jpeg_write_raw_data(cinfo, arrays, step) == 0) refuse(cinfo);
  }
}

static void write_pixels(cic_encoder *e, const cic_source *source) {
  j_compress_ptr cinfo = &e->cinfo;
  const cic_component *c = &source->components[0];
  while (cinfo->next_scanline < cinfo->image_height) {
    /* libjpeg only reads what it is handed here; its parameter lacks the const. */
    JSAMPROW row = (JSAMPROW)(uintptr_t)(c->at + cinfo->next_scanline * c->stride);
    if (jpeg_write_scanlines(cinfo, &row, 1) != 1) refuse(cinfo);
  }
}

static void set_up(cic_encoder *e, const cic_source *source, uint32_t quality) {
  j_compress_ptr cinfo = &e->cinfo;
  const size_t step = source->components[0].step;
  cinfo->image_width = source->width;
  cinfo->image_height = source->height;
  cinfo->input_components = source->layout == CIC_FROM_GREY ? 1 : 3;
  switch (source->layout) {
    case CIC_FROM_GREY: cinfo->in_color_space = JCS_GRAYSCALE; break;
    case CIC_FROM_RGB: cinfo->in_color_space = step == 4 ? JCS_EXT_RGBX : JCS_EXT_RGB; break;
    case CIC_FROM_BGR: cinfo->in_color_space = step == 4 ? JCS_EXT_BGRX : JCS_EXT_BGR; break;
    default: cinfo->in_color_space = JCS_YCbCr; break;
  }
  if (source->layout == CIC_FROM_RGB || source->layout == CIC_FROM_BGR) {
    cinfo->input_components = (int)step;
  }
  jpeg_set_defaults(cinfo);
  jpeg_set_quality(cinfo, (int)quality, TRUE);
  if (source->layout == CIC_FROM_YCC) {
    const cic_component *blue = &source->components[1];
    cinfo->comp_info[0].h_samp_factor = (int)blue->columns;
    cinfo->comp_info[0].v_samp_factor = (int)blue->rows;
    cinfo->raw_data_in = TRUE;
  }
}

cic_result cic_encoder_encode(cic_encoder *e, const cic_source *source, uint32_t quality,
                              uint8_t *out, size_t capacity, size_t *size) {
  cic_result result = {.status = CIC_OK};
  j_compress_ptr cinfo = &e->cinfo;
  if (setjmp(e->jump)) {
    char message[JMSG_LENGTH_MAX];
    e->errors.format_message((j_common_ptr)cinfo, message);
    jpeg_abort_compress(cinfo);
    result.status = CIC_FAILED;
    if (e->is_full) {
      snprintf(result.message, sizeof result.message, "larger than the %zu bytes there are for it",
               capacity);
    } else {
      snprintf(result.message, sizeof result.message, "%s", message);
    }
    return result;
  }
  jpeg_abort_compress(cinfo);
  jpeg_arena_reset(&e->arena);
  e->is_full = 0;
  e->destination.next_output_byte = out;
  e->destination.free_in_buffer = capacity;
  set_up(e, source, quality);
  jpeg_start_compress(cinfo, TRUE);
  if (source->layout == CIC_FROM_YCC) {
    write_samples(e, source);
  } else {
    write_pixels(e, source);
  }
  jpeg_finish_compress(cinfo);
  *size = capacity - e->destination.free_in_buffer;
  return result;
}

#endif
