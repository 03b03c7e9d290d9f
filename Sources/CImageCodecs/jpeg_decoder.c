/* Frames of a Motion-JPEG stream to planes, with memory that is kept. */
#ifndef CIC_WITHOUT_JPEG
#include <stdlib.h>
#include <string.h>

#include "jpeg_arena.h"
#include "jpeg_reading.h"
#include "results.h"
#include <jerror.h>

#include "cic_frames.h"

#if JPEG_LIB_VERSION >= 70
#define SCALED_SIZE(component) ((component)->DCT_h_scaled_size)
#define SMALLEST_SIZE(cinfo) ((cinfo)->min_DCT_h_scaled_size)
#else
#define SCALED_SIZE(component) ((component)->DCT_scaled_size)
#define SMALLEST_SIZE(cinfo) ((cinfo)->min_DCT_scaled_size)
#endif

/* Most rows of a component that one call gives: a sampling factor of 4, blocks of up to 16 rows. */
enum { most_rows = 4 * 16 };

struct cic_decoder {
  jpeg_reading reading; /* first: callbacks get a pointer to it */
  jpeg_arena arena;
  struct jpeg_memory_mgr *original;
};

/* Bytes too many between two markers, odd version numbers and the like spoil no pixel. */
static void note(j_common_ptr cinfo, int level) {
  if (level >= 0) return;
  switch (cinfo->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_PROGRESSION: ((jpeg_reading *)cinfo)->is_damaged = 1; break;
    default: break;
  }
}

cic_decoder *cic_decoder_create(void) {
  cic_decoder *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  jpeg_reading_prepare(&d->reading, note);
  if (setjmp(d->reading.jump)) {
    jpeg_destroy_decompress(&d->reading.cinfo);
    free(d);
    return NULL;
  }
  jpeg_reading_create(&d->reading);
  d->original = jpeg_arena_install(&d->arena, (j_common_ptr)&d->reading.cinfo);
  return d;
}

int cic_has_decoder(void) { return 1; }

void cic_decoder_destroy(cic_decoder *d) {
  if (!d) return;
  d->reading.cinfo.mem = d->original;
  jpeg_destroy_decompress(&d->reading.cinfo);
  jpeg_arena_free(&d->arena);
  free(d);
}

static cic_result give_up(cic_decoder *d) {
  cic_result result = jpeg_reading_failure(&d->reading);
  d->reading.has_header = 0;
  return result;
}

/* Forgets the last frame, its tables too: they lie in the arena. */
static void begin(cic_decoder *d, const uint8_t *data, size_t size) {
  jpeg_abort_decompress(&d->reading.cinfo);
  for (int i = 0; i < NUM_QUANT_TBLS; ++i) d->reading.cinfo.quant_tbl_ptrs[i] = NULL;
  for (int i = 0; i < NUM_HUFF_TBLS; ++i) {
    d->reading.cinfo.dc_huff_tbl_ptrs[i] = NULL;
    d->reading.cinfo.ac_huff_tbl_ptrs[i] = NULL;
  }
  jpeg_arena_reset(&d->arena);
  jpeg_reading_begin(&d->reading, data, size);
}

/* Tables 0 and 1 where the frame has none. */
static void add_standard_tables(j_decompress_ptr cinfo) {
  const uint8_t *at = cic_standard_tables() + 4;
  const uint8_t *const end = at + CIC_STANDARD_TABLES_SIZE - 4;
  while (at < end) {
    JHUFF_TBL **table = at[0] >> 4 ? &cinfo->ac_huff_tbl_ptrs[at[0] & 1]
                                   : &cinfo->dc_huff_tbl_ptrs[at[0] & 1];
    size_t count = 0;
    for (int length = 1; length <= 16; ++length) count += at[length];
    if (!*table) {
      *table = jpeg_alloc_huff_table((j_common_ptr)cinfo);
      memset(*table, 0, sizeof **table);
      memcpy((*table)->bits + 1, at + 1, 16);
      memcpy((*table)->huffval, at + 17, count);
    }
    at += 17 + count;
  }
}

cic_result cic_decoder_header(cic_decoder *d, const uint8_t *data, size_t size, uint32_t max_side,
                              uint64_t max_pixels, cic_size *out) {
  if (setjmp(d->reading.jump)) return give_up(d);
  begin(d, data, size);
  jpeg_read_header(&d->reading.cinfo, TRUE);
  out->width = d->reading.cinfo.image_width;
  out->height = d->reading.cinfo.image_height;
  cic_result result = cic_checked(*out, max_side, max_pixels, size);
  if (result.status != CIC_OK) return result;
  switch (d->reading.cinfo.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr: break;
    default: {
      char text[80];
      snprintf(text, sizeof text, "%d colour components, expected 1 or 3",
               d->reading.cinfo.num_components);
      return cic_failed(text);
    }
  }
  add_standard_tables(&d->reading.cinfo);
  d->reading.has_header = 1;
  return result;
}

/* The layout of a frame whose components are all to be had as they are, -1 for any other. */
static int native_layout(j_decompress_ptr cinfo) {
  if (cinfo->jpeg_color_space == JCS_GRAYSCALE) return CIC_GREY;
  if (cinfo->jpeg_color_space != JCS_YCbCr) return -1;
  const jpeg_component_info *c = cinfo->comp_info;
  const int columns = cinfo->max_h_samp_factor * SMALLEST_SIZE(cinfo);
  const int rows = cinfo->max_v_samp_factor * SMALLEST_SIZE(cinfo);
  int across[3], down[3];
  for (int i = 0; i < 3; ++i) {
    across[i] = c[i].h_samp_factor * SCALED_SIZE(&c[i]);
    down[i] = c[i].v_samp_factor * SCALED_SIZE(&c[i]);
  }
  const int is_alike = across[1] == across[2] && down[1] == down[2];
  if (across[0] != columns || down[0] != rows || !is_alike) return -1;
  if (columns % across[1] || rows % down[1]) return -1;
  switch (columns / across[1] * 10 + rows / down[1]) {
    case 11: return CIC_444;
    case 21: return CIC_422;
    case 22: return CIC_420;
    case 12: return CIC_440;
    case 41: return CIC_411;
    default: return -1;
  }
}

static uint8_t *new_plane(cic_decoder *d, int index, size_t row_bytes, size_t rows,
                          cic_picture *out) {
  out->strides[index] = (row_bytes + 63) & ~(size_t)63;
  out->rows[index] = rows;
  if (rows > CIC_MAX_FRAME_MEMORY / out->strides[index]) {
    ERREXIT1(&d->reading.cinfo, JERR_OUT_OF_MEMORY, 2);
  }
  uint8_t *plane = d->arena.base.alloc_large((j_common_ptr)&d->reading.cinfo, JPOOL_IMAGE,
                                             rows * out->strides[index]);
  out->planes[index] = plane;
  return plane;
}

/* Components as they are, block row by block row. */
static void read_planes(cic_decoder *d, JDIMENSION needed, cic_picture *out) {
  j_decompress_ptr cinfo = &d->reading.cinfo;
  const int count = cinfo->num_components;
  uint8_t *planes[3] = {NULL, NULL, NULL};
  size_t heights[3];
  for (int i = 0; i < count; ++i) {
    const jpeg_component_info *c = &cinfo->comp_info[i];
    heights[i] = (size_t)(c->v_samp_factor * SCALED_SIZE(c));
    planes[i] = new_plane(d, i, (size_t)c->width_in_blocks * (size_t)SCALED_SIZE(c),
                          heights[i] * cinfo->total_iMCU_rows, out);
  }
  JSAMPROW rows[3][most_rows];
  JSAMPARRAY arrays[3] = {rows[0], rows[1], rows[2]};
  const JDIMENSION step = (JDIMENSION)(cinfo->max_v_samp_factor * SMALLEST_SIZE(cinfo));
  for (JDIMENSION band = 0; cinfo->output_scanline < needed; ++band) {
    for (int i = 0; i < count; ++i) {
      for (size_t row = 0; row < heights[i]; ++row) {
        rows[i][row] = planes[i] + (band * heights[i] + row) * out->strides[i];
      }
    }
    if (jpeg_read_raw_data(cinfo, arrays, step) == 0) ERREXIT(cinfo, JERR_CANT_SUSPEND);
  }
}

static void read_colors(cic_decoder *d, JDIMENSION needed, cic_picture *out) {
  j_decompress_ptr cinfo = &d->reading.cinfo;
  uint8_t *plane = new_plane(d, 0, (size_t)cinfo->output_width * 3, cinfo->output_height, out);
  while (cinfo->output_scanline < needed) {
    JSAMPROW row = plane + cinfo->output_scanline * out->strides[0];
    if (jpeg_read_scanlines(cinfo, &row, 1) != 1) ERREXIT(cinfo, JERR_CANT_SUSPEND);
  }
}

cic_result cic_decoder_pixels(cic_decoder *d, uint32_t denominator, uint32_t needed,
                              cic_picture *out) {
  if (!d->reading.has_header) return cic_failed("no header was read");
  if (setjmp(d->reading.jump)) return give_up(d);
  j_decompress_ptr cinfo = &d->reading.cinfo;
  cinfo->scale_num = 1;
  cinfo->scale_denom = denominator;
  cinfo->raw_data_out = TRUE;
  jpeg_calc_output_dimensions(cinfo);
  const int layout = native_layout(cinfo);
  if (layout < 0) {
    cinfo->raw_data_out = FALSE;
    cinfo->out_color_space = JCS_RGB;
  }
  memset(out, 0, sizeof *out);
  jpeg_start_decompress(cinfo);
  out->layout = layout < 0 ? CIC_RGB : (uint32_t)layout;
  out->width = cinfo->output_width;
  out->height = cinfo->output_height;
  if (needed > cinfo->output_height) needed = cinfo->output_height;
  if (layout < 0) {
    read_colors(d, needed, out);
  } else {
    read_planes(d, needed, out);
  }
  d->reading.has_header = 0;
  cic_result result = {.status = CIC_OK};
  if (d->reading.is_damaged) result.flags = d->reading.has_ended ? CIC_TRUNCATED : CIC_DAMAGED;
  return result;
}

#endif
