/* What a build without libmicrohttpd does: it refuses to listen, by name. */
#ifdef CWEB_WITHOUT_MICROHTTPD
#include "cweb.h"

int cweb_is_built(void) { return 0; }

cweb_failure cweb_start(const cweb_options *options, const cweb_callbacks *callbacks,
                        cweb_server **server, uint16_t *port) {
  (void)options, (void)callbacks, (void)server, (void)port;
  const cweb_failure failure = {"this build has no HTTP server (libmicrohttpd)", 0};
  return failure;
}

/* Nobody calls these without a server. */
void cweb_wake(cweb_server *server) { (void)server; }

void cweb_stop(cweb_server *server) { (void)server; }

const char *cweb_path(cweb_request *request) { return (void)request, ""; }

const char *cweb_header(cweb_request *request, const char *name) {
  return (void)request, (void)name, NULL;
}

int cweb_is_head(cweb_request *request) { return (void)request, 0; }

int64_t cweb_began(cweb_request *request) { return (void)request, 0; }

uint64_t *cweb_note(cweb_request *request) { return (void)request, NULL; }

void cweb_peer(cweb_request *request, char text[CWEB_ADDRESS_BYTES]) {
  (void)request;
  text[0] = 0;
}

void cweb_answer(cweb_request *request, unsigned status, const void *bytes, size_t size,
                 int is_static) {
  (void)request, (void)status, (void)bytes, (void)size, (void)is_static;
}

void cweb_answer_stream(cweb_request *request, int32_t stream, size_t piece) {
  (void)request, (void)stream, (void)piece;
}

void cweb_set_header(cweb_request *request, const char *name, const char *value) {
  (void)request, (void)name, (void)value;
}
#endif
