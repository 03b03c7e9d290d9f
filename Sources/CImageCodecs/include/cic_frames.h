/* JPEG frames of a stream, decoded and encoded one after another without asking libc for memory.
 *
 * A decoder or encoder keeps one block for everything that libjpeg needs for a frame. A frame that needs more takes more from
 * malloc, and the block has grown when the next one comes: frames like the last one cost no call. One thread at a time. */
#ifndef CIC_FRAMES_H
#define CIC_FRAMES_H
#include "cimagecodecs.h"

/* Most bytes that a frame may take beside its data. */
#define CIC_MAX_FRAME_MEMORY (256L * 1024 * 1024)

/* How the samples of a decoded frame lie: cic_picture.layout. All but the first two are luma, blue and red difference. */
enum {
  CIC_GREY,  /* one plane of luma */
  CIC_RGB,   /* one plane of red, green, blue */
  CIC_444,   /* a difference for every pixel */
  CIC_422,   /* for 2 x 1 pixels, beside each other */
  CIC_420,   /* for 2 x 2 pixels */
  CIC_440,   /* for 1 x 2 pixels, below each other */
  CIC_411    /* for 4 x 1 pixels, beside each other */
};

typedef struct {
  uint32_t layout;
  uint32_t width, height; /* pixels after scaling: those of the image divided by the denominator, rounded up */
  const uint8_t *planes[3]; /* the decoder's, until its next call */
  size_t strides[3];
  size_t rows[3];           /* readable rows of a plane, at least those of the picture */
} cic_picture;

typedef struct cic_decoder cic_decoder;

/* Whether there is libjpeg in this build. */
int cic_has_decoder(void);
/* NULL where there is no memory, or no libjpeg in this build. */
cic_decoder *cic_decoder_create(void);
void cic_decoder_destroy(cic_decoder *decoder);

/* Reads the frame at `data` to the start of its pixels; `data` must stay until cic_decoder_pixels has returned. A frame without
 * Huffman tables has those of ITU-T T.81, K.3; nothing is taken over from other frames. */
cic_result cic_decoder_header(cic_decoder *decoder, const uint8_t *data, size_t size,
                              uint32_t max_side, uint64_t max_pixels, cic_size *out);
/* Decodes what the last header call found, at 1/denominator of its size: 1, 2, 4 or 8, and of that the first `needed` rows, or
 * all; rows below them hold anything. CIC_TRUNCATED: the data ended before the last pixel of them. CIC_DAMAGED: some pixels are
 * guesses. Once for a header. */
cic_result cic_decoder_pixels(cic_decoder *decoder, uint32_t denominator, uint32_t needed,
                              cic_picture *out);

/* The samples of one component of a source: sample x of row y is at[y * stride + x * step], and stands for that many columns
 * and rows of pixels (1, 2 or 4). */
typedef struct {
  const uint8_t *at;
  size_t stride, step;
  uint32_t columns, rows;
} cic_component;

/* How the pixels of a source lie: cic_source.layout. */
enum {
  CIC_FROM_GREY, /* components[0] */
  CIC_FROM_RGB,  /* pixels of red, green, blue from components[0].at on, 3 or 4 bytes each as its step says */
  CIC_FROM_BGR,  /* blue first */
  CIC_FROM_YCC   /* luma and both differences; the differences are sampled alike */
};

typedef struct {
  uint32_t layout;
  uint32_t width, height; /* 1 ... 65500 */
  cic_component components[3];
  uint32_t is_limited; /* luma of 16 ... 235: spread to the full range, which JPEG has */
} cic_source;

typedef struct cic_encoder cic_encoder;

/* NULL where there is no memory, or no libjpeg in this build. */
cic_encoder *cic_encoder_create(void);
void cic_encoder_destroy(cic_encoder *encoder);

/* Writes a baseline JPEG of quality 1 ... 100 to `out`; *size says how long it is. Fails where it does not fit. */
cic_result cic_encoder_encode(cic_encoder *encoder, const cic_source *source, uint32_t quality,
                              uint8_t *out, size_t capacity, size_t *size);

/* The Huffman tables that a frame without any means, as a DHT segment with its marker: ITU-T T.81, K.3.3. */
#define CIC_STANDARD_TABLES_SIZE 420
const uint8_t *cic_standard_tables(void);

#endif
