/* What a build without a codec does: it refuses the codec's files by name. */
#include "cimagecodecs.h"

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
