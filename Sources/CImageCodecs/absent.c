/* What a build without a codec does: it refuses the codec's files by name. */
#include "cic_frames.h"

#if defined(CIC_WITHOUT_JPEG) || defined(CIC_WITHOUT_PNG)
static const cic_result absent = {CIC_FAILED, 0, "this build has no decoder for it, expected pgm or ppm"};
#endif

#ifdef CIC_WITHOUT_JPEG
cic_result cic_jpeg_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                           cic_size *out) {
  (void)data, (void)size, (void)max_side, (void)max_pixels, (void)out;
  return absent;
}

cic_result cic_jpeg_decode(const uint8_t *data, size_t size, cic_size expected, uint8_t *rgb) {
  (void)data, (void)size, (void)expected, (void)rgb;
  return absent;
}

int cic_has_decoder(void) { return 0; }

cic_decoder *cic_decoder_create(void) { return NULL; }
void cic_decoder_destroy(cic_decoder *decoder) { (void)decoder; }
cic_result cic_decoder_header(cic_decoder *decoder, const uint8_t *data, size_t size,
                              uint32_t max_side, uint64_t max_pixels, cic_size *out) {
  (void)decoder, (void)data, (void)size, (void)max_side, (void)max_pixels, (void)out;
  return absent;
}
cic_result cic_decoder_pixels(cic_decoder *decoder, uint32_t denominator, uint32_t needed,
                              cic_picture *out) {
  (void)decoder, (void)denominator, (void)needed, (void)out;
  return absent;
}

cic_encoder *cic_encoder_create(void) { return NULL; }
void cic_encoder_destroy(cic_encoder *encoder) { (void)encoder; }
cic_result cic_encoder_encode(cic_encoder *encoder, const cic_source *source, uint32_t quality,
                              uint8_t *out, size_t capacity, size_t *size) {
  (void)encoder, (void)source, (void)quality, (void)out, (void)capacity, (void)size;
  return absent;
}
#endif

#ifdef CIC_WITHOUT_PNG
cic_result cic_png_header(const uint8_t *data, size_t size, uint32_t max_side, uint64_t max_pixels,
                          cic_size *out) {
  (void)data, (void)size, (void)max_side, (void)max_pixels, (void)out;
  return absent;
}

cic_result cic_png_decode(const uint8_t *data, size_t size, cic_size expected, uint8_t *rgb) {
  (void)data, (void)size, (void)expected, (void)rgb;
  return absent;
}
#endif
