/* The seam to libmicrohttpd: a small HTTP server in one thread of its own. Thin: no addresses, no words of its own.
 *
 * All callbacks run in that thread, one at a time, and must not block: whoever has nothing to say yet says so, is put aside at
 * no cost, and is asked again after cweb_wake or a tick. Bodies of requests are refused; TLS is another's work. */
#ifndef CWEB_H
#define CWEB_H
#include <stddef.h>
#include <stdint.h>

typedef struct cweb_server cweb_server;
typedef struct cweb_request cweb_request;

typedef struct {
  /* Numbers of IPv4 or IPv6; a name is refused. */
  const char *address;
  /* 0 for any that is free. */
  uint16_t port;
  /* Connections at once, in all (1 … 1024) and from one address (0: no limit of its own). More wait to be accepted, or are
   * closed. */
  unsigned connections, connections_per_address;
  /* Memory of a connection for its request and the header of its answer, in bytes; a request that is larger gets 414 or 431. */
  size_t connection_memory;
  /* A request must be there this long after its connection or the answer before it, an answer be taken this long after its
   * request, and an answer without end take a byte, where there is one, in this time. Milliseconds. */
  unsigned patience_milliseconds;
} cweb_options;

typedef struct {
  void *context;
  /* Answers a request with cweb_answer or cweb_answer_stream; without either the request waits, and this is called again. */
  void (*respond)(void *context, cweb_request *request);
  /* Fills in what comes next of an answer without end: a number of bytes, 0 for nothing yet, CWEB_END. */
  int32_t (*read)(void *context, int32_t stream, uint8_t *bytes, size_t size);
  /* An answer without end has ended, whoever ended it. */
  void (*ended)(void *context, int32_t stream);
} cweb_callbacks;

enum { CWEB_END = -1, CWEB_ADDRESS_BYTES = 46 };

/* What went wrong: words, or an errno value behind them, where it is not 0. */
typedef struct {
  const char *words;
  int error;
} cweb_failure;

/* Whether this build has a server. */
int cweb_is_built(void);
/* Starts a server; `words` is NULL if that worked, and `port` then the one it listens on. */
cweb_failure cweb_start(const cweb_options *options, const cweb_callbacks *callbacks,
                        cweb_server **server, uint16_t *port);
/* There is news for those who wait. From any thread; costs one system call if anybody may wait, and none else. */
void cweb_wake(cweb_server *server);
/* Ends all answers and the thread, and frees the server. */
void cweb_stop(cweb_server *server);

/* Of a request, while `respond` runs. Strings end with a zero byte; headers are NULL where absent. */
const char *cweb_path(cweb_request *request);
const char *cweb_header(cweb_request *request, const char *name);
/* Whether the answer goes without its bytes. */
int cweb_is_head(cweb_request *request);
/* When it came: monotonic clock, nanoseconds. */
int64_t cweb_began(cweb_request *request);
/* A number that `respond` may leave for itself when it lets the request wait; 0 at first. */
uint64_t *cweb_note(cweb_request *request);
/* The address of the client, in numbers. */
void cweb_peer(cweb_request *request, char text[CWEB_ADDRESS_BYTES]);

/* Answers with bytes, which are copied unless they are static. */
void cweb_answer(cweb_request *request, unsigned status, const void *bytes, size_t size,
                 int is_static);
/* Answers with what `read` gives for `stream`, in pieces of at most `piece` bytes, until it ends. */
void cweb_answer_stream(cweb_request *request, int32_t stream, size_t piece);
/* Adds a header to the answer that was given. */
void cweb_set_header(cweb_request *request, const char *name, const char *value);

/* Whether two secrets are the same bytes, in a time that depends on the first's size only. */
int cweb_secrets_equal(const char *given, size_t given_size, const char *secret,
                       size_t secret_size);

/* The page: HTML, without a zero byte at its end. */
const uint8_t *cweb_page(void);
size_t cweb_page_size(void);
/* The hashes of what its style and its script have between their tags, as a Content-Security-Policy names them. */
const char *cweb_page_style_hash(void);
const char *cweb_page_script_hash(void);

#endif
