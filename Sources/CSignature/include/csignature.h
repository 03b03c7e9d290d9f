/* The seam to libsodium: Ed25519 (RFC 8032) over whole messages. Functions give NULL where all went
 * well, else words that say what did not. Built with CSIGNATURE_WITHOUT_SODIUM, every one of them
 * fails by name. */
#ifndef CSIGNATURE_H
#define CSIGNATURE_H
#include <stddef.h>
#include <stdint.h>

enum { CS_KEY_BYTES = 32, CS_SEED_BYTES = 32, CS_SIGNATURE_BYTES = 64 };

/* Whether the signature over the message is that of the owner of the key. Keys of small order and
 * signatures in other than their one right form are refused. */
const char *cs_verify(const uint8_t signature[CS_SIGNATURE_BYTES], const uint8_t *message,
                      size_t size, const uint8_t key[CS_KEY_BYTES]);
/* A new private key: 32 random bytes. */
const char *cs_make_seed(uint8_t seed[CS_SEED_BYTES]);
/* The public key that belongs to a private one. */
const char *cs_public_key(const uint8_t seed[CS_SEED_BYTES], uint8_t key[CS_KEY_BYTES]);
const char *cs_sign(const uint8_t seed[CS_SEED_BYTES], const uint8_t *message, size_t size,
                    uint8_t signature[CS_SIGNATURE_BYTES]);

#endif
