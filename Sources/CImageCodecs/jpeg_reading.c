#ifndef CIC_WITHOUT_JPEG
#include "jpeg_reading.h"

#include <string.h>

#include "results.h"

static jpeg_reading *reading_of(j_common_ptr cinfo) { return (jpeg_reading *)cinfo; }

static void fail(j_common_ptr cinfo) {
  jpeg_reading *reading = reading_of(cinfo);
  reading->errors.format_message(cinfo, reading->words);
  longjmp(reading->jump, 1);
}

void jpeg_reading_stop(jpeg_reading *reading, const char *words) {
  snprintf(reading->words, sizeof reading->words, "%s", words);
  longjmp(reading->jump, 1);
}

static void keep_silent(j_common_ptr cinfo) { (void)cinfo; }

static void limit_scans(j_common_ptr cinfo) {
  if (!cinfo->is_decompressor) return;
  if (((j_decompress_ptr)cinfo)->input_scan_number <= CIC_MAX_SCANS) return;
  char text[40];
  snprintf(text, sizeof text, "more than %d scans", CIC_MAX_SCANS);
  jpeg_reading_stop(reading_of(cinfo), text);
}

/* At the end of the data the decoder is handed an end-of-image marker, as often as it asks. */
static boolean end_of_data(j_decompress_ptr cinfo) {
  static const JOCTET end[2] = {0xFF, JPEG_EOI};
  reading_of((j_common_ptr)cinfo)->has_ended = 1;
  cinfo->src->next_input_byte = end;
  cinfo->src->bytes_in_buffer = sizeof end;
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

void jpeg_reading_prepare(jpeg_reading *reading, void (*note)(j_common_ptr, int level)) {
  memset(reading, 0, sizeof *reading);
  reading->cinfo.err = jpeg_std_error(&reading->errors);
  reading->errors.error_exit = fail;
  reading->errors.emit_message = note;
  reading->errors.output_message = keep_silent;
}

void jpeg_reading_create(jpeg_reading *reading) {
  jpeg_create_decompress(&reading->cinfo);
  reading->progress.progress_monitor = limit_scans;
  reading->cinfo.progress = &reading->progress;
  reading->source.init_source = do_nothing;
  reading->source.fill_input_buffer = end_of_data;
  reading->source.skip_input_data = skip;
  reading->source.resync_to_restart = jpeg_resync_to_restart;
  reading->source.term_source = do_nothing;
  reading->cinfo.src = &reading->source;
}

void jpeg_reading_begin(jpeg_reading *reading, const uint8_t *data, size_t size) {
  reading->source.next_input_byte = data;
  reading->source.bytes_in_buffer = size;
  reading->has_ended = reading->has_header = reading->is_damaged = 0;
}

cic_result jpeg_reading_failure(const jpeg_reading *reading) {
  const int is_short = reading->has_ended && !reading->has_header;
  return cic_failed(is_short ? "ends before the first scan" : reading->words);
}

#endif
