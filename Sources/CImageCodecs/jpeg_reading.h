/* What every use of libjpeg's decompressor has in common: data from memory, errors by longjmp. */
#ifndef JPEG_READING_H
#define JPEG_READING_H
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "cimagecodecs.h"

typedef struct {
  struct jpeg_decompress_struct cinfo; /* first: callbacks get a pointer to it */
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  struct jpeg_source_mgr source;
  jmp_buf jump;   /* where errors go: set it before every call */
  int has_ended;  /* the data gave out */
  int has_header; /* libjpeg has read to the start of the pixels */
  int is_damaged; /* for the owner's emit_message */
  char words[JMSG_LENGTH_MAX]; /* of the error */
} jpeg_reading;

/* Errors go to `jump`, warnings to `note`; nothing is allocated. */
void jpeg_reading_prepare(jpeg_reading *reading, void (*note)(j_common_ptr, int level));
/* After prepare and setjmp: makes the decompressor. jpeg_destroy_decompress ends it. */
void jpeg_reading_create(jpeg_reading *reading);
/* The next image is at `data`. */
void jpeg_reading_begin(jpeg_reading *reading, const uint8_t *data, size_t size);
/* An error of ours: jumps. */
_Noreturn void jpeg_reading_stop(jpeg_reading *reading, const char *words);
/* What an error that jumped comes to. */
cic_result jpeg_reading_failure(const jpeg_reading *reading);

#endif
