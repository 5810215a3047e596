/* The baseline for the triggering broker: only libzmq's zmq_proxy between a CURVE XSUB and a plain XPUB.
 * usage: broker FRONT BACK SERVER_PUBLIC SERVER_SECRET    (keys in Z85)
 * Prints "ready" when both sockets are open. Accepts every client that knows the server's public key. */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static void check(int rc, const char *what) {
  if (rc == 0) return;
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: broker FRONT BACK SERVER_PUBLIC SERVER_SECRET\n");
    return 2;
  }
  void *context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 16384);
  void *front = zmq_socket(context, ZMQ_XSUB);
  void *back = zmq_socket(context, ZMQ_XPUB);
  int server = 1;
  check(zmq_setsockopt(front, ZMQ_CURVE_SERVER, &server, sizeof server), "curve server");
  check(zmq_setsockopt(front, ZMQ_CURVE_PUBLICKEY, argv[3], 41), "public key");
  check(zmq_setsockopt(front, ZMQ_CURVE_SECRETKEY, argv[4], 41), "secret key");
  /* As in our broker, messages that a subscriber has not read are queued, so that none are dropped on a busy machine. */
  int waiting = 100000;
  check(zmq_setsockopt(front, ZMQ_RCVHWM, &waiting, sizeof waiting), "high water mark");
  check(zmq_setsockopt(back, ZMQ_SNDHWM, &waiting, sizeof waiting), "high water mark");
  check(zmq_bind(front, argv[1]), argv[1]);
  check(zmq_bind(back, argv[2]), argv[2]);
  puts("ready");
  fflush(stdout);
  zmq_proxy(front, back, NULL);
  return 0;
}
