#include "cweb.h"

/* The volatile sum keeps compilers from leaving the loop early. */
int cweb_secrets_equal(const char *given, size_t given_size, const char *secret,
                       size_t secret_size) {
  volatile unsigned char difference = given_size != secret_size;
  for (size_t i = 0; i < given_size && secret_size; i++) {
    difference |= (unsigned char)(given[i] ^ secret[i % secret_size]);
  }
  return difference == 0 && secret_size > 0;
}
