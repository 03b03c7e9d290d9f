#include "cweb.h"

/* A part of C23 that clang has for all languages of the family. */
#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t page[] = {
#embed "page.html"
};

const uint8_t *cweb_page(void) { return page; }

size_t cweb_page_size(void) { return sizeof page; }

/* A test says what they must be. */
const char *cweb_page_style_hash(void) {
  return "sha256-jIjKM3DKOcC0pD4NmHVte6zLWTsvMTD5b/s4SOzgU90=";
}

const char *cweb_page_script_hash(void) {
  return "sha256-smbw9wnxrs5a95sfOMgWs/rESob1BC/nx2iivIVENNE=";
}
