/* Silent Box 3s: COUNT subscribers over CURVE, each on its own connection and subscribed to its id.
 * usage: fleet ENDPOINT SERVER_PUBLIC PUBLIC SECRET FIRST_ID COUNT
 * Prints "ready" when all are connecting, and runs until stdin ends. */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static void check(int bad, const char *what) {
  if (!bad) return;
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: fleet ENDPOINT SERVER_PUBLIC PUBLIC SECRET FIRST_ID COUNT\n");
    return 2;
  }
  int first = atoi(argv[5]), count = atoi(argv[6]);
  void *context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_MAX_SOCKETS, count + 16);
  for (int i = 0; i < count; i++) {
    char id[16];
    int length = snprintf(id, sizeof id, "%d", first + i);
    void *socket = zmq_socket(context, ZMQ_SUB);
    check(socket == NULL, "socket");
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, argv[2], 41);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, argv[3], 41);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, argv[4], 41);
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, id, length);
    check(zmq_connect(socket, argv[1]) != 0, argv[1]);
  }
  puts("ready");
  fflush(stdout);
  while (getchar() != EOF) continue;
  _Exit(0);
}
