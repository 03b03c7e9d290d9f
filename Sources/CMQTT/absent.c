/* What a build without libmosquitto does: it connects to nothing, and says so. */
#ifdef CMQTT_WITHOUT_MOSQUITTO
#include "cmqtt.h"

static char none;

cmq_client *cmq_create(const cmq_events *events, void *context) {
  (void)events, (void)context;
  return (cmq_client *)&none;
}

cmq_outcome cmq_set(cmq_client *client, cmq_text text, const char *value) {
  (void)client, (void)text, (void)value;
  return CMQ_OK;
}

cmq_outcome cmq_connect(cmq_client *client, int port, int keepalive_seconds, int flags) {
  (void)client, (void)port, (void)keepalive_seconds, (void)flags;
  return CMQ_UNUSABLE;
}

int cmq_descriptor(const cmq_client *client) {
  (void)client;
  return -1;
}

int cmq_wants_write(const cmq_client *client) {
  (void)client;
  return 0;
}

cmq_outcome cmq_work(cmq_client *client, int can_read, int can_write) {
  (void)client, (void)can_read, (void)can_write;
  return CMQ_UNUSABLE;
}

cmq_outcome cmq_publish(cmq_client *client, const char *topic, const void *payload, size_t size,
                        int qos, int retain, int *message) {
  (void)client, (void)topic, (void)payload, (void)size, (void)qos, (void)retain, (void)message;
  return CMQ_UNUSABLE;
}

cmq_outcome cmq_subscribe(cmq_client *client, const char *topic, int qos) {
  (void)client, (void)topic, (void)qos;
  return CMQ_UNUSABLE;
}

void cmq_say_goodbye(cmq_client *client) { (void)client; }

void cmq_close(cmq_client *client) { (void)client; }

void cmq_destroy(cmq_client *client) { (void)client; }

const char *cmq_reason(const cmq_client *client) {
  (void)client;
  return "this build is without MQTT (libmosquitto)";
}
#endif
