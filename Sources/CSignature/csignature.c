#include "csignature.h"

#ifndef CSIGNATURE_WITHOUT_SODIUM
#include <sodium.h>

_Static_assert(CS_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "size of a key");
_Static_assert(CS_SEED_BYTES == crypto_sign_SEEDBYTES, "size of a seed");
_Static_assert(CS_SIGNATURE_BYTES == crypto_sign_BYTES, "size of a signature");

/* May be called any number of times, by any thread. */
static const char *start(void) { return sodium_init() < 0 ? "libsodium cannot start" : NULL; }

const char *cs_verify(const uint8_t *signature, const uint8_t *message, size_t size,
                      const uint8_t *key) {
  const char *problem = start();
  if (problem) return problem;
  return crypto_sign_verify_detached(signature, message, size, key) == 0 ? NULL : "wrong";
}

const char *cs_make_seed(uint8_t *seed) {
  const char *problem = start();
  if (!problem) randombytes_buf(seed, CS_SEED_BYTES);
  return problem;
}

const char *cs_public_key(const uint8_t *seed, uint8_t *key) {
  const char *problem = start();
  if (problem) return problem;
  uint8_t pair[crypto_sign_SECRETKEYBYTES];
  int failed = crypto_sign_seed_keypair(key, pair, seed);
  sodium_memzero(pair, sizeof pair);
  return failed ? "libsodium cannot make a key" : NULL;
}

const char *cs_sign(const uint8_t *seed, const uint8_t *message, size_t size, uint8_t *signature) {
  const char *problem = start();
  if (problem) return problem;
  uint8_t pair[crypto_sign_SECRETKEYBYTES], key[CS_KEY_BYTES];
  int failed = crypto_sign_seed_keypair(key, pair, seed) ||
               crypto_sign_detached(signature, NULL, message, size, pair);
  sodium_memzero(pair, sizeof pair);
  return failed ? "libsodium cannot sign" : NULL;
}
#endif
