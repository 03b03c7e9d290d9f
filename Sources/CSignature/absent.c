/* What a build without libsodium does: it can check no signature, so it refuses all. */
#include "csignature.h"

#ifdef CSIGNATURE_WITHOUT_SODIUM
static const char absent[] = "this build has no libsodium";

const char *cs_verify(const uint8_t *signature, const uint8_t *message, size_t size,
                      const uint8_t *key) {
  (void)signature, (void)message, (void)size, (void)key;
  return absent;
}

const char *cs_make_seed(uint8_t *seed) {
  (void)seed;
  return absent;
}

const char *cs_public_key(const uint8_t *seed, uint8_t *key) {
  (void)seed, (void)key;
  return absent;
}

const char *cs_sign(const uint8_t *seed, const uint8_t *message, size_t size, uint8_t *signature) {
  (void)seed, (void)message, (void)size, (void)signature;
  return absent;
}
#endif
