/* libjpeg-turbo and libpng from memory to RGB bytes, in two calls each: header, then decode.
 *
 * No function allocates the pixels, prints, exits, or jumps out: errors come back as text. Both libraries report errors
 * by setjmp, which Swift cannot call; this is the whole reason for C here. CIC_WITHOUT_JPEG and CIC_WITHOUT_PNG leave a
 * library out of a build: its functions fail and say so. */
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H
#include <stddef.h>
#include <stdint.h>

/* Progressive JPEG files of more scans than this are refused: every scan visits the whole image. */
#define CIC_MAX_SCANS 200
/* What a library may allocate for one image beside the pixels. */
#define CIC_MAX_MEMORY (768L * 1024 * 1024)

/* What became of an image: cic_result.status. */
enum {
  CIC_OK = 0,
  CIC_FAILED = 1 /* `message` says why; the pixels hold anything */
};

/* What the caller should know of a decoded image: bits of cic_result.flags. */
enum {
  CIC_TRUNCATED = 1, /* the data ended early: later pixels are the decoder's guess (JPEG) or as they were (PNG) */
  CIC_DAMAGED = 2    /* the decoder skipped or guessed something */
};

typedef struct {
  int32_t status;
  uint32_t flags;
  char message[240]; /* UTF-8, one line, ended by a zero byte; empty unless status is CIC_FAILED */
} cic_result;

typedef struct {
  uint32_t width, height; /* at least 1 */
} cic_size;

/* Reads to the start of the pixels. Refuses sizes above max_side in either direction or max_pixels altogether. */
cic_result cic_jpeg_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                           cic_size *out);
cic_result cic_png_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                          cic_size *out);

/* Decodes into rgb: width * height * 3 bytes, red first, rows top to bottom without gaps. `expected` is what the header
 * call gave; data of another size is refused, so that nothing is written outside the caller's buffer. */
cic_result cic_jpeg_decode(const uint8_t *data, size_t size, cic_size expected, uint8_t *rgb);
cic_result cic_png_decode(const uint8_t *data, size_t size, cic_size expected, uint8_t *rgb);

#include "cic_frames.h"

#endif
