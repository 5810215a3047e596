/* Load on a triggering broker, and the subscriber behind it, in one process: SENDERS CURVE publishers send MESSAGES two-frame messages
 * (topic, 36 bytes) through the broker to one SUB.
 *
 * RATE > 0: open loop, RATE messages per second in total. Each message carries the time at which it was due, not the time at which it was
 *           sent, so a stall shows in the latency of all messages that it delayed.
 * RATE = 0: as fast as the broker accepts them, with at most WINDOW messages in flight, so that nothing is dropped at a high-water mark.
 *
 * usage: load FRONT BACK SERVER_PUBLIC SENDERS RATE MESSAGES WINDOW
 * Connects, waits until the subscription has reached every sender, prints "ready", waits for a character on stdin, sends, prints JSON. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>
#include "clock.h"
#include "histogram.h"
#include "pace.h"

static void *context;
static arrivals all;

static void check(int bad, const char *what) {
  if (!bad) return;
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

static void *sink(void *endpoint) {
  void *socket = zmq_socket(context, ZMQ_SUB);
  int unlimited = 0;
  zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
  check(zmq_connect(socket, endpoint) != 0, endpoint);
  for (;;) {
    unsigned char topic[64], payload[256];
    int64_t due;
    if (zmq_recv(socket, topic, sizeof topic, 0) < 0) return NULL;
    if (zmq_recv(socket, payload, sizeof payload, 0) < (int)sizeof due) continue;
    memcpy(&due, payload, sizeof due);
    arrived(&all, due);
  }
}

static void *connected(const char *front, const char *server) {
  char public_key[41], secret_key[41];
  int unlimited = 0;
  check(zmq_curve_keypair(public_key, secret_key) != 0, "key pair");
  /* XPUB in place of PUB, to see when the subscription has arrived. */
  void *socket = zmq_socket(context, ZMQ_XPUB);
  check(socket == NULL, "socket");
  zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, 41);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 41);
  check(zmq_connect(socket, front) != 0, front);
  return socket;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: load FRONT BACK SERVER_PUBLIC SENDERS RATE MESSAGES WINDOW\n");
    return 2;
  }
  int senders = atoi(argv[4]);
  double rate = atof(argv[5]);
  long messages = atol(argv[6]), window = atol(argv[7]);
  context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_MAX_SOCKETS, senders + 16);
  pthread_t thread;
  pthread_create(&thread, NULL, sink, argv[2]);
  void **sockets = calloc(senders, sizeof *sockets);
  for (int i = 0; i < senders; i++) sockets[i] = connected(argv[1], argv[3]);
  for (int i = 0; i < senders; i++) {
    char subscription[16];
    int limit = 120000;
    zmq_setsockopt(sockets[i], ZMQ_RCVTIMEO, &limit, sizeof limit);
    check(zmq_recv(sockets[i], subscription, sizeof subscription, 0) < 0, "no subscription reached a sender");
  }
  puts("ready");
  fflush(stdout);
  if (getchar() == EOF) return 1;

  int64_t start = now_ns();
  unsigned char payload[36] = {0};
  char topic[16];
  for (long n = 0; n < messages; n++) {
    int64_t due = turn(&all, start, n, rate, window);
    int sender = n % senders;
    int length = snprintf(topic, sizeof topic, "%d", 1000 + sender);
    memcpy(payload, &due, sizeof due);
    check(zmq_send(sockets[sender], topic, length, ZMQ_SNDMORE) < 0, "send");
    check(zmq_send(sockets[sender], payload, sizeof payload, 0) < 0, "send");
  }
  print_report(&all, start, messages);
  getchar(); /* stay connected until the broker has been measured */
  _exit(0);
}
