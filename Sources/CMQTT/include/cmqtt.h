/* The seam to libmosquitto: a client that one thread drives, with descriptors to wait on and no thread of its own.
 *
 * Every connection is a new session and a new handle of the library: nothing of an older one is sent again by it, and what
 * certificates and passwords are now is what counts. Nothing here prints, waits or keeps state outside a client.
 * CMQTT_WITHOUT_MOSQUITTO leaves the library out of a build: connecting then fails and says so. */
#ifndef CMQTT_H
#define CMQTT_H
#include <stddef.h>
#include <stdint.h>

typedef struct cmq_client cmq_client;

/* What a client calls, from within cmq_work and cmq_publish. None may call cmq_close, cmq_connect or cmq_work. */
typedef struct {
  /* The broker answered: 0 if it takes the client, else the refusal (1 to 5 in MQTT 3.1.1). */
  void (*answered)(void *context, int refusal);
  /* The broker has a message of QoS 1, or one of QoS 0 was written to the socket; before cmq_publish returns, perhaps. */
  void (*acknowledged)(void *context, int message);
  /* A message came; valid during the call. */
  void (*received)(void *context, const char *topic, const uint8_t *payload, size_t size,
                   int is_retained);
} cmq_events;

/* Texts of a client; all may be absent but the host. */
typedef enum {
  CMQ_HOST,
  CMQ_CLIENT_ID,
  CMQ_USER,
  CMQ_PASSWORD,
  CMQ_CA_FILE,     /* certificates to trust, PEM; those of the system where absent */
  CMQ_CERTIFICATE, /* the client's own, PEM */
  CMQ_KEY,
  CMQ_WILL_TOPIC, /* what the broker publishes, retained with QoS 1, when the client is gone without a word */
  CMQ_WILL_PAYLOAD,
  CMQ_TEXTS
} cmq_text;

/* How a connection is made: bits. */
enum {
  CMQ_TLS = 1,
  CMQ_ANY_HOST_NAME = 2 /* the certificate may name another host; it must be trusted all the same */
};

/* What a step comes to. */
typedef enum {
  CMQ_OK,
  CMQ_NOT_FOUND,   /* the host name has no address; a later try may find one */
  CMQ_UNREACHABLE, /* nobody answers, or the connection broke */
  CMQ_UNTRUSTED,   /* TLS does not come about */
  CMQ_UNUSABLE     /* files, names or memory: what was asked for cannot be done */
} cmq_outcome;

/* NULL where there is no memory. */
cmq_client *cmq_create(const cmq_events *events, void *context);
/* Copies a text; NULL removes it. CMQ_OK or CMQ_UNUSABLE. For the next connection. */
cmq_outcome cmq_set(cmq_client *client, cmq_text text, const char *value);
/* Begins to connect, after what is left of an older connection is gone. Looks the host up, which may take seconds. */
cmq_outcome cmq_connect(cmq_client *client, int port, int keepalive_seconds, int flags);
/* The socket to wait on, negative where there is none, and whether to wait for room to write too. */
int cmq_descriptor(const cmq_client *client);
int cmq_wants_write(const cmq_client *client);
/* Reads, writes and keeps alive, without waiting. Call it when the socket is ready and once a second. Anything but CMQ_OK:
 * the connection is over. */
cmq_outcome cmq_work(cmq_client *client, int can_read, int can_write);
/* Hands a message over, which the library copies; *message is what `acknowledged` will be called with. */
cmq_outcome cmq_publish(cmq_client *client, const char *topic, const void *payload, size_t size,
                        int qos, int retain, int *message);
cmq_outcome cmq_subscribe(cmq_client *client, const char *topic, int qos);
/* Says goodbye, so that the broker does not publish the will; cmq_work then ends. */
void cmq_say_goodbye(cmq_client *client);
/* Drops the connection without a word, if there is one. */
void cmq_close(cmq_client *client);
void cmq_destroy(cmq_client *client);
/* Why the last outcome was not CMQ_OK: one line, "" where nothing more is known; valid until the next call. */
const char *cmq_reason(const cmq_client *client);

#endif
