#ifndef CWEB_WITHOUT_MICROHTTPD
#define _GNU_SOURCE
#include "cweb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How often the deadlines of connections are looked at and those asked who wait. */
enum { TICK_MILLISECONDS = 250 };
/* What an answer without end may lie in the kernel and not be sent: more would be old when it comes. */
enum { UNSENT_BYTES = 65536 };

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} socket_address;

/* A connection and the one request that it has at a time. */
struct cweb_request {
  cweb_server *server;
  struct MHD_Connection *connection;
  int descriptor;
  /* When patience ends: monotonic clock, nanoseconds; 0 for never. */
  int64_t deadline;
  /* Whether it may want to be woken: it has a stream, or has waited. */
  int is_listener;
  int is_waiting;
  int has_stream;
  int is_gone;
  int32_t stream;
  uint64_t note;
  const char *path;
  int is_head;
  int64_t began;
  unsigned status;
  struct MHD_Response *response;
};

struct cweb_server {
  struct MHD_Daemon *daemon;
  cweb_callbacks callbacks;
  int poll_descriptor;
  int wake_descriptor;
  atomic_int listeners;
  atomic_int is_stopping;
  int64_t patience;
  unsigned closed;
  unsigned open;
  pthread_t thread;
  unsigned capacity;
  cweb_request requests[];
};

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* Waiting. */

/* Before it looks for news: what comes after is then waiting in the eventfd when it is put aside. */
static void begin_listening(cweb_request *request) {
  if (!request->is_listener) atomic_fetch_add(&request->server->listeners, 1);
  request->is_listener = 1;
}

static void end_listening(cweb_request *request) {
  if (request->is_listener) atomic_fetch_sub(&request->server->listeners, 1);
  request->is_listener = 0;
}

static void put_aside(cweb_request *request) {
  request->is_waiting = 1;
  MHD_suspend_connection(request->connection);
}

static void ask_again(cweb_request *request) {
  request->is_waiting = 0;
  MHD_resume_connection(request->connection);
}

static void ask_all_again(cweb_server *server) {
  for (unsigned i = 0; i < server->capacity; i++) {
    if (server->requests[i].is_waiting) ask_again(&server->requests[i]);
  }
}

/* Whether the other end has closed; nobody else notices while a connection is put aside. */
static int is_abandoned(int descriptor) {
  struct pollfd entry = {descriptor, POLLRDHUP, 0};
  return poll(&entry, 1, 0) == 1;
}

static void look_at_connections(cweb_server *server, int64_t time) {
  for (unsigned i = 0; i < server->capacity; i++) {
    cweb_request *request = &server->requests[i];
    if (!request->connection) continue;
    /* libmicrohttpd notices, and closes. */
    if (request->deadline && time > request->deadline) {
      request->is_gone = 1;
      request->deadline = 0;
      shutdown(request->descriptor, SHUT_RDWR);
    }
    if (!request->is_waiting) continue;
    if (is_abandoned(request->descriptor)) request->is_gone = 1;
    ask_again(request);
  }
}

/* Answers. */

static void discard_stream(void *context) {
  cweb_request *request = context;
  if (!request->has_stream) return;
  request->has_stream = 0;
  request->server->callbacks.ended(request->server->callbacks.context, request->stream);
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t size) {
  (void)position;
  cweb_request *request = context;
  cweb_server *server = request->server;
  if (request->is_gone || atomic_load(&server->is_stopping)) {
    return MHD_CONTENT_READER_END_OF_STREAM;
  }
  int32_t count = server->callbacks.read(server->callbacks.context, request->stream,
                                         (uint8_t *)bytes, size);
  if (count < 0) return MHD_CONTENT_READER_END_OF_STREAM;
  if (count == 0) put_aside(request);
  return count;
}

void cweb_answer(cweb_request *request, unsigned status, const void *bytes, size_t size,
                 int is_static) {
  if (request->response) return;
  request->status = status;
  request->response = MHD_create_response_from_buffer(
      size, (void *)(uintptr_t)bytes, is_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
}

void cweb_answer_stream(cweb_request *request, int32_t stream, size_t piece) {
  if (request->response) return;
  request->status = 200;
  request->stream = stream;
  request->has_stream = 1;
  request->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, piece, read_stream,
                                                        request, discard_stream);
  if (!request->response) {
    discard_stream(request);
    return;
  }
  /* Its end is the connection's end, so that the bytes of a picture need not be cut into chunks. */
  MHD_set_response_options(request->response, MHD_RF_HTTP_VERSION_1_0_RESPONSE, MHD_RO_END);
  const int unsent = UNSENT_BYTES;
  setsockopt(request->descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

void cweb_set_header(cweb_request *request, const char *name, const char *value) {
  if (request->response) MHD_add_response_header(request->response, name, value);
}

static enum MHD_Result send_answer(cweb_request *request) {
  struct MHD_Response *response = request->response;
  request->response = NULL;
  request->deadline = request->has_stream ? 0 : now() + request->server->patience;
  const enum MHD_Result result =
      MHD_queue_response(request->connection, request->status, response);
  MHD_destroy_response(response);
  return result;
}

/* Requests. */

static enum MHD_Result refuse(cweb_request *request, unsigned status, const char *words) {
  request->response = NULL;
  cweb_answer(request, status, words, strlen(words), 1);
  if (!request->response) return MHD_NO;
  cweb_set_header(request, "Content-Type", "text/plain; charset=utf-8");
  cweb_set_header(request, "Connection", "close");
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED) cweb_set_header(request, "Allow", "GET, HEAD");
  return send_answer(request);
}

static cweb_request *request_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

static enum MHD_Result begin(cweb_request *request, const char *method) {
  const int is_head = !strcmp(method, MHD_HTTP_METHOD_HEAD);
  if (!is_head && strcmp(method, MHD_HTTP_METHOD_GET)) {
    return refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "expected GET or HEAD\n");
  }
  const char *length = cweb_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if ((length && strcmp(length, "0")) || cweb_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
    return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "expected a request without a body\n");
  }
  request->is_head = is_head;
  request->note = 0;
  request->is_gone = 0;
  request->began = now();
  request->deadline = 0;
  return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state) {
  (void)version, (void)upload;
  cweb_server *server = context;
  cweb_request *request = request_of(connection);
  if (!request) return MHD_NO;
  if (*upload_size) return MHD_NO;
  if (!*state) {
    *state = request;
    return begin(request, method);
  }
  if (request->is_gone || atomic_load(&server->is_stopping)) return MHD_NO;
  request->path = url;
  begin_listening(request);
  server->callbacks.respond(server->callbacks.context, request);
  if (request->response) return send_answer(request);
  put_aside(request);
  return MHD_YES;
}

const char *cweb_path(cweb_request *request) { return request->path; }

const char *cweb_header(cweb_request *request, const char *name) {
  return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

int cweb_is_head(cweb_request *request) { return request->is_head; }

int64_t cweb_began(cweb_request *request) { return request->began; }

uint64_t *cweb_note(cweb_request *request) { return &request->note; }

void cweb_peer(cweb_request *request, char text[CWEB_ADDRESS_BYTES]) {
  socket_address address;
  socklen_t size = sizeof address;
  text[0] = 0;
  if (getpeername(request->descriptor, &address.any, &size)) return;
  const void *bytes = address.any.sa_family == AF_INET ? (const void *)&address.v4.sin_addr
                                                       : (const void *)&address.v6.sin6_addr;
  inet_ntop(address.any.sa_family, bytes, text, CWEB_ADDRESS_BYTES);
}

/* Connections. */

static void complete(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code) {
  (void)code, (void)state;
  cweb_server *server = context;
  cweb_request *request = request_of(connection);
  if (!request) return;
  end_listening(request);
  request->deadline = now() + server->patience;
}

static void notice(void *context, struct MHD_Connection *connection, void **socket_context,
                   enum MHD_ConnectionNotificationCode code) {
  cweb_server *server = context;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    cweb_request *request = *socket_context;
    server->closed++;
    server->open--;
    if (!request) return;
    end_listening(request);
    discard_stream(request);
    memset(request, 0, sizeof *request);
    return;
  }
  server->open++;
  for (unsigned i = 0; i < server->capacity; i++) {
    cweb_request *request = &server->requests[i];
    if (request->connection) continue;
    request->server = server;
    request->connection = connection;
    request->descriptor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    request->deadline = now() + server->patience;
    *socket_context = request;
    return;
  }
}

/* The thread. */

static int milliseconds_to_wait(cweb_server *server, int64_t tick) {
  MHD_UNSIGNED_LONG_LONG limit;
  int64_t wait = server->open ? (tick - now()) / 1000000 + 1 : -1;
  if (server->open && wait < 0) wait = 0;
  if (MHD_get_timeout(server->daemon, &limit) == MHD_YES && (wait < 0 || (int64_t)limit < wait)) {
    wait = (int64_t)limit;
  }
  return (int)wait;
}

/* Once more after a connection has gone: only then are those accepted that had to wait for that. */
static void run(cweb_server *server) {
  unsigned closed;
  do {
    closed = server->closed;
    MHD_run(server->daemon);
  } while (server->closed != closed);
}

static void *serve(void *context) {
  cweb_server *server = context;
  int64_t tick = now();
  while (!atomic_load(&server->is_stopping)) {
    struct pollfd entries[2] = {{server->poll_descriptor, POLLIN, 0},
                                {server->wake_descriptor, POLLIN, 0}};
    poll(entries, 2, milliseconds_to_wait(server, tick));
    if (entries[1].revents) {
      uint64_t count;
      if (read(server->wake_descriptor, &count, sizeof count) > 0) ask_all_again(server);
    }
    const int64_t time = now();
    if (time >= tick) {
      tick = time + TICK_MILLISECONDS * INT64_C(1000000);
      look_at_connections(server, time);
    }
    run(server);
  }
  ask_all_again(server);
  run(server);
  MHD_stop_daemon(server->daemon);
  return NULL;
}

void cweb_wake(cweb_server *server) {
  const uint64_t one = 1;
  /* A full counter wakes as well. */
  if (atomic_load(&server->listeners) && write(server->wake_descriptor, &one, sizeof one)) return;
}

/* Start and end. */

static socklen_t parse(const char *text, uint16_t port, socket_address *address) {
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    return sizeof address->v4;
  }
  if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return sizeof address->v6;
  }
  return 0;
}

/* A socket that listens, and the port it got; -1 and errno where that fails. */
static int listen_at(socket_address *address, socklen_t size, uint16_t *port) {
  const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int descriptor = socket(address->any.sa_family, type, 0);
  if (descriptor < 0) return -1;
  const int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(descriptor, &address->any, size) || listen(descriptor, 32) ||
      getsockname(descriptor, &address->any, &size)) {
    const int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  *port = ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
  return descriptor;
}

static struct MHD_Daemon *start_daemon(cweb_server *server, const cweb_options *options,
                                       int descriptor, int family) {
  unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
  if (family == AF_INET6) flags |= MHD_USE_IPv6;
  return MHD_start_daemon(
      flags, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, descriptor,
      MHD_OPTION_CONNECTION_LIMIT, server->capacity, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
      options->connections_per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      options->connection_memory, MHD_OPTION_CONNECTION_TIMEOUT,
      (options->patience_milliseconds + 999) / 1000, MHD_OPTION_NOTIFY_CONNECTION, notice, server,
      MHD_OPTION_NOTIFY_COMPLETED, complete, server, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

/* All signals are for the other threads; SIGPIPE stays pending for ever. */
static int start_thread(cweb_server *server) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&server->thread, &attributes, serve, server);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (!error) pthread_setname_np(server->thread, "web");
  return error;
}

static cweb_failure fail(const char *words, int error) {
  const cweb_failure failure = {words, error};
  return failure;
}

int cweb_is_built(void) { return 1; }

cweb_failure cweb_start(const cweb_options *options, const cweb_callbacks *callbacks,
                        cweb_server **result, uint16_t *port) {
  socket_address address;
  const socklen_t size = parse(options->address, options->port, &address);
  if (!size) return fail("not an address, expected one such as 127.0.0.1 or ::1", 0);
  const unsigned capacity = options->connections;
  cweb_server *server = calloc(1, sizeof *server + capacity * sizeof server->requests[0]);
  if (!server) return fail("no memory", ENOMEM);
  server->callbacks = *callbacks;
  server->capacity = capacity;
  server->patience = options->patience_milliseconds * INT64_C(1000000);
  const int descriptor = listen_at(&address, size, port);
  if (descriptor < 0) {
    const int error = errno;
    free(server);
    return fail("cannot listen", error);
  }
  server->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int error = errno;
  if (server->wake_descriptor >= 0) {
    server->daemon = start_daemon(server, options, descriptor, address.any.sa_family);
    error = ENOMEM;
  }
  if (!server->daemon) {
    if (server->wake_descriptor >= 0) close(server->wake_descriptor);
    close(descriptor);
    free(server);
    return fail("cannot start", error);
  }
  server->poll_descriptor =
      MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  error = start_thread(server);
  if (error) {
    MHD_stop_daemon(server->daemon);
    close(server->wake_descriptor);
    free(server);
    return fail("cannot start a thread", error);
  }
  *result = server;
  return fail(NULL, 0);
}

void cweb_stop(cweb_server *server) {
  const uint64_t one = 1;
  atomic_store(&server->is_stopping, 1);
  if (write(server->wake_descriptor, &one, sizeof one) > 0) pthread_join(server->thread, NULL);
  close(server->wake_descriptor);
  free(server);
}

#endif
