#ifndef CMQTT_WITHOUT_MOSQUITTO
#define _GNU_SOURCE
#include "cmqtt.h"
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>

struct cmq_client {
  cmq_events events;
  void *context;
  char *texts[CMQ_TEXTS];
  struct mosquitto *handle;
  char reason[240];
  char complaint[160]; /* the library's last error message during a step */
  int wrong_host;      /* among which was that the certificate is another host's */
};

static pthread_once_t initialized = PTHREAD_ONCE_INIT;

static void initialize(void) { mosquitto_lib_init(); }

static void on_connect(struct mosquitto *handle, void *context, int refusal) {
  (void)handle;
  const cmq_client *client = context;
  client->events.answered(client->context, refusal);
}

static void on_publish(struct mosquitto *handle, void *context, int message) {
  (void)handle;
  const cmq_client *client = context;
  client->events.acknowledged(client->context, message);
}

static void on_message(struct mosquitto *handle, void *context,
                       const struct mosquitto_message *message) {
  (void)handle;
  const cmq_client *client = context;
  client->events.received(client->context, message->topic, message->payload,
                          (size_t)message->payloadlen, message->retain);
}

/* "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed": the words behind the last colon. */
static void on_log(struct mosquitto *handle, void *context, int level, const char *text) {
  (void)handle;
  cmq_client *client = context;
  if (level != MOSQ_LOG_ERR && level != MOSQ_LOG_WARNING) return;
  if (strstr(text, "host name verification")) client->wrong_host = 1;
  const char *colon = strrchr(text, ':');
  const char *words = strncmp(text, "OpenSSL", 7) == 0 && colon ? colon + 1 : text;
  /* The first says most. */
  if (!client->complaint[0]) snprintf(client->complaint, sizeof client->complaint, "%s", words);
}

static void begin(cmq_client *client) {
  client->reason[0] = client->complaint[0] = 0;
  client->wrong_host = 0;
}

__attribute__((format(printf, 3, 4))) static cmq_outcome fail(cmq_client *client, cmq_outcome outcome,
                                                              const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(client->reason, sizeof client->reason, format, arguments);
  va_end(arguments);
  return outcome;
}

/* An outcome of the library in our words; `error` is errno as the library left it. */
static cmq_outcome outcome(cmq_client *client, int code, int error) {
  const char *complaint = client->complaint;
  switch (code) {
  case MOSQ_ERR_SUCCESS:
  case MOSQ_ERR_CONN_PENDING:
    return CMQ_OK;
  case MOSQ_ERR_NOMEM:
    return fail(client, CMQ_UNUSABLE, "no memory");
  case MOSQ_ERR_EAI:
    return fail(client, CMQ_NOT_FOUND, "%s",
                error == EAI_SYSTEM || error >= 0 ? "the name has no address" : gai_strerror(error));
  case MOSQ_ERR_ERRNO:
    if (client->wrong_host || complaint[0] || error == EPROTO) break;
    return fail(client, CMQ_UNREACHABLE, "%s", error ? strerror(error) : "connection closed");
  case MOSQ_ERR_CONN_LOST:
  case MOSQ_ERR_NO_CONN:
    if (complaint[0]) break;
    return fail(client, CMQ_UNREACHABLE, "the broker closed the connection");
  case MOSQ_ERR_CONN_REFUSED:
    return fail(client, CMQ_UNREACHABLE, "the broker refused the connection");
  case MOSQ_ERR_KEEPALIVE:
    return fail(client, CMQ_UNREACHABLE, "the broker does not answer");
  case MOSQ_ERR_TLS:
    break;
  default:
    return fail(client, CMQ_UNREACHABLE, "%s", mosquitto_strerror(code));
  }
  if (client->wrong_host)
    return fail(client, CMQ_UNTRUSTED, "the certificate is not one for this host name");
  if (strstr(complaint, "certificate verify failed"))
    return fail(client, CMQ_UNTRUSTED, "the certificate is not signed by one that is trusted");
  if (strstr(complaint, "unexpected eof"))
    return fail(client, CMQ_UNREACHABLE, "connection closed at its start; is this a port with TLS?");
  return fail(client, CMQ_UNTRUSTED, "%s",
              complaint[0] ? complaint : "TLS was refused; does the broker ask for a certificate?");
}

cmq_client *cmq_create(const cmq_events *events, void *context) {
  cmq_client *client = calloc(1, sizeof *client);
  if (!client) return NULL;
  client->events = *events;
  client->context = context;
  return client;
}

cmq_outcome cmq_set(cmq_client *client, cmq_text text, const char *value) {
  char *copy = value ? strdup(value) : NULL;
  if (value && !copy) return fail(client, CMQ_UNUSABLE, "no memory");
  free(client->texts[text]);
  client->texts[text] = copy;
  return CMQ_OK;
}

static int readable(const char *path) {
  FILE *file = path ? fopen(path, "re") : NULL;
  if (!file) return path == NULL;
  fclose(file);
  return 1;
}

static cmq_outcome set_tls(cmq_client *client, int flags) {
  char **texts = client->texts;
  static const cmq_text files[] = {CMQ_CA_FILE, CMQ_CERTIFICATE, CMQ_KEY};
  for (size_t index = 0; index < sizeof files / sizeof *files; index++) {
    const char *path = texts[files[index]];
    if (!readable(path)) return fail(client, CMQ_UNUSABLE, "%s: %s", path, strerror(errno));
  }
  int code = MOSQ_ERR_SUCCESS;
  if (!texts[CMQ_CA_FILE]) code = mosquitto_int_option(client->handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
  if (!code)
    code = mosquitto_tls_set(client->handle, texts[CMQ_CA_FILE], NULL, texts[CMQ_CERTIFICATE],
                             texts[CMQ_KEY], NULL);
  /* Without a CA file there is nothing for the library to set, and the system's certificates do. */
  if (code == MOSQ_ERR_INVAL && !texts[CMQ_CA_FILE]) code = MOSQ_ERR_SUCCESS;
  if (!code) code = mosquitto_tls_opts_set(client->handle, 1, NULL, NULL);
  if (!code && (flags & CMQ_ANY_HOST_NAME)) code = mosquitto_tls_insecure_set(client->handle, true);
  return code ? fail(client, CMQ_UNUSABLE, "TLS: %s", mosquitto_strerror(code)) : CMQ_OK;
}

static cmq_outcome prepare(cmq_client *client, int flags) {
  char **texts = client->texts;
  struct mosquitto *handle = client->handle;
  mosquitto_log_callback_set(handle, on_log);
  mosquitto_connect_callback_set(handle, on_connect);
  mosquitto_publish_callback_set(handle, on_publish);
  mosquitto_message_callback_set(handle, on_message);
  mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1);
  if (texts[CMQ_USER] && mosquitto_username_pw_set(handle, texts[CMQ_USER], texts[CMQ_PASSWORD]))
    return fail(client, CMQ_UNUSABLE, "the user or the password is not UTF-8");
  if (texts[CMQ_WILL_TOPIC]) {
    const char *payload = texts[CMQ_WILL_PAYLOAD] ? texts[CMQ_WILL_PAYLOAD] : "";
    if (mosquitto_will_set(handle, texts[CMQ_WILL_TOPIC], (int)strlen(payload), payload, 1, true))
      return fail(client, CMQ_UNUSABLE, "%s: not a topic", texts[CMQ_WILL_TOPIC]);
  }
  return flags & CMQ_TLS ? set_tls(client, flags) : CMQ_OK;
}

cmq_outcome cmq_connect(cmq_client *client, int port, int keepalive_seconds, int flags) {
  cmq_close(client);
  begin(client);
  pthread_once(&initialized, initialize);
  errno = 0;
  client->handle = mosquitto_new(client->texts[CMQ_CLIENT_ID], true, client);
  if (!client->handle)
    return errno == ENOMEM ? fail(client, CMQ_UNUSABLE, "no memory")
                           : fail(client, CMQ_UNUSABLE, "the client id is not UTF-8");
  cmq_outcome prepared = prepare(client, flags);
  if (prepared != CMQ_OK) return prepared;
  errno = 0;
  int code =
      mosquitto_connect_async(client->handle, client->texts[CMQ_HOST], port, keepalive_seconds);
  return outcome(client, code, errno);
}

int cmq_descriptor(const cmq_client *client) {
  return client->handle ? mosquitto_socket(client->handle) : -1;
}

int cmq_wants_write(const cmq_client *client) {
  return client->handle && mosquitto_want_write(client->handle);
}

cmq_outcome cmq_work(cmq_client *client, int can_read, int can_write) {
  begin(client);
  if (!client->handle) return fail(client, CMQ_UNREACHABLE, "not connected");
  errno = 0;
  int code = MOSQ_ERR_SUCCESS;
  if (can_write) code = mosquitto_loop_write(client->handle, 1);
  if (!code && can_read) code = mosquitto_loop_read(client->handle, 1);
  if (!code) code = mosquitto_loop_misc(client->handle);
  return outcome(client, code, errno);
}

cmq_outcome cmq_publish(cmq_client *client, const char *topic, const void *payload, size_t size,
                        int qos, int retain, int *message) {
  begin(client);
  if (!client->handle) return fail(client, CMQ_UNREACHABLE, "not connected");
  if (size > 268435455 - 65536) return fail(client, CMQ_UNUSABLE, "larger than MQTT allows");
  errno = 0;
  int code =
      mosquitto_publish(client->handle, message, topic, (int)size, payload, qos, retain != 0);
  return outcome(client, code, errno);
}

cmq_outcome cmq_subscribe(cmq_client *client, const char *topic, int qos) {
  begin(client);
  if (!client->handle) return fail(client, CMQ_UNREACHABLE, "not connected");
  errno = 0;
  int code = mosquitto_subscribe(client->handle, NULL, topic, qos);
  return outcome(client, code, errno);
}

void cmq_say_goodbye(cmq_client *client) {
  if (client->handle) mosquitto_disconnect(client->handle);
}

void cmq_close(cmq_client *client) {
  if (client->handle) mosquitto_destroy(client->handle);
  client->handle = NULL;
}

void cmq_destroy(cmq_client *client) {
  if (!client) return;
  cmq_close(client);
  for (int text = 0; text < CMQ_TEXTS; text++) free(client->texts[text]);
  free(client);
}

const char *cmq_reason(const cmq_client *client) { return client->reason; }
#endif
