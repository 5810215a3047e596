/* The load of load.c for an MQTT broker: SENDERS clients over TLS with a client certificate, each on its own connection, publish
 * MESSAGES messages of 36 bytes at QoS 0 to opq/<id>; one plain client subscribes to all of them.
 * RATE, WINDOW and the output are as in load.c.
 *
 * usage: mqtt TLS_PORT PLAIN_PORT CA CERTIFICATE KEY SENDERS RATE MESSAGES WINDOW */
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "histogram.h"
#include "pace.h"

enum { KEEPALIVE_S = 3600, HANDSHAKE_LIMIT_S = 120 };

static atomic_bool subscribed;
static arrivals all;

static void check(int rc, const char *what) {
  if (rc == MOSQ_ERR_SUCCESS) return;
  fprintf(stderr, "%s: %s\n", what, mosquitto_strerror(rc));
  exit(1);
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message) {
  (void)client, (void)data;
  int64_t due;
  if (message->payloadlen < (int)sizeof due) return;
  memcpy(&due, message->payload, sizeof due);
  arrived(&all, due);
}

static void on_subscribe(struct mosquitto *client, void *data, int id, int count, const int *granted) {
  (void)client, (void)data, (void)id, (void)count, (void)granted;
  atomic_store(&subscribed, true);
}

static void on_connect(struct mosquitto *client, void *data, int rc) {
  (void)client;
  check(rc, "refused by the broker");
  *(bool *)data = true;
}

static void *sink(void *port) {
  struct mosquitto *client = mosquitto_new(NULL, true, NULL);
  mosquitto_message_callback_set(client, on_message);
  mosquitto_subscribe_callback_set(client, on_subscribe);
  check(mosquitto_connect(client, "127.0.0.1", atoi(port), KEEPALIVE_S), "connect, plain");
  check(mosquitto_subscribe(client, NULL, "opq/#", 0), "subscribe");
  check(mosquitto_loop_forever(client, -1, 1), "subscriber");
  return NULL;
}

static struct mosquitto *connected(char **argv) {
  bool accepted = false;
  struct mosquitto *client = mosquitto_new(NULL, true, &accepted);
  mosquitto_connect_callback_set(client, on_connect);
  check(mosquitto_tls_set(client, argv[3], NULL, argv[4], argv[5], NULL), "certificates");
  check(mosquitto_connect(client, "127.0.0.1", atoi(argv[1]), KEEPALIVE_S), "connect, TLS");
  int64_t until = now_ns() + HANDSHAKE_LIMIT_S * 1000000000LL;
  /* Not mosquitto_loop: it uses select, which cannot handle descriptors above 1023. */
  while (!accepted && now_ns() < until) {
    struct pollfd waiting = {mosquitto_socket(client), POLLIN | (mosquitto_want_write(client) ? POLLOUT : 0), 0};
    poll(&waiting, 1, 100);
    check(mosquitto_loop_read(client, 1), "handshake");
    check(mosquitto_loop_write(client, 1), "handshake");
  }
  if (!accepted) check(MOSQ_ERR_NO_CONN, "handshake");
  return client;
}

int main(int argc, char **argv) {
  if (argc != 10) {
    fprintf(stderr, "usage: mqtt TLS_PORT PLAIN_PORT CA CERTIFICATE KEY SENDERS RATE MESSAGES WINDOW\n");
    return 2;
  }
  int senders = atoi(argv[6]);
  double rate = atof(argv[7]);
  long messages = atol(argv[8]), window = atol(argv[9]);
  mosquitto_lib_init();
  pthread_t thread;
  pthread_create(&thread, NULL, sink, argv[2]);
  struct mosquitto **clients = calloc(senders, sizeof *clients);
  for (int i = 0; i < senders; i++) clients[i] = connected(argv);
  while (!atomic_load(&subscribed)) usleep(1000);
  puts("ready");
  fflush(stdout);
  if (getchar() == EOF) return 1;

  int64_t start = now_ns();
  unsigned char payload[36] = {0};
  char topic[16];
  for (long n = 0; n < messages; n++) {
    int64_t due = turn(&all, start, n, rate, window);
    struct mosquitto *client = clients[n % senders];
    snprintf(topic, sizeof topic, "opq/%ld", 1000 + n % senders);
    memcpy(payload, &due, sizeof due);
    /* Writes to the connection immediately, since these clients have no thread. */
    check(mosquitto_publish(client, NULL, topic, sizeof payload, payload, 0, false), "publish");
    while (mosquitto_want_write(client)) check(mosquitto_loop_write(client, 1), "write");
  }
  print_report(&all, start, messages);
  getchar(); /* stay connected until the broker has been measured */
  _exit(0);
}
