/* The measurement stream as the triggering broker publishes it, from one plain XPUB: BOXES boxes of one DIALECT (2: TriggerMessage of 36 bytes, 3:
 * Measurement with four metrics), one after the other. Each box's message is built once; time and voltage are written into it.
 *
 * RATE > 0: open loop, RATE measurements per second in total; what the subscriber does not read is dropped, as by the broker.
 * RATE = 0: as fast as the subscriber reads them; nothing is dropped.
 *
 * usage: stream ENDPOINT DIALECT BOXES STEP_MS SUBSCRIBERS
 * Binds, waits for SUBSCRIBERS subscriptions, prints "ready". Then for each line "MESSAGES RATE" on stdin it sends that many, the time of each box
 * advancing by STEP_MS per message, starting half a day ago, and prints {"sent":..., "seconds":...}. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <zmq.h>
#include "clock.h"

/* The time of the boxes begins this long ago: a service accepts measurements up to a day old, and none that are minutes ahead. */
#define BEGIN_S 43200

typedef struct {
  char topic[12];
  unsigned char payload[128];
  int topic_length, length, time_at, voltage_at;
} message;

static void check(int bad, const char *what) {
  if (!bad) return;
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

static int varint(unsigned char *at, uint64_t value) {
  int n = 0;
  for (; value >= 0x80; value >>= 7) at[n++] = (unsigned char)(value | 0x80);
  at[n++] = (unsigned char)value;
  return n;
}

static int tagged_float(unsigned char *at, unsigned char tag, float value) {
  at[0] = tag;
  memcpy(at + 1, &value, 4); /* little endian, as the machines this runs on */
  return 5;
}

static int metric(unsigned char *at, const char *name, float value) {
  int n = (int)strlen(name), length = 0;
  at[length++] = 0x1a;
  at[length++] = (unsigned char)(2 + n + 2 + 15);
  at[length++] = 0x0a;
  at[length++] = (unsigned char)n;
  memcpy(at + length, name, n);
  length += n;
  at[length++] = 0x12;
  at[length++] = 15;
  length += tagged_float(at + length, 0x0d, value * 0.999f);
  length += tagged_float(at + length, 0x15, value * 1.001f);
  return length + tagged_float(at + length, 0x1d, value);
}

static void build(message *m, int dialect, int id) {
  unsigned char *p = m->payload;
  int n = 0;
  m->topic_length = snprintf(m->topic, sizeof m->topic, dialect == 3 ? "%04d" : "%d", id);
  p[n++] = 0x08;
  n += varint(p + n, (uint64_t)id);
  p[n++] = 0x10;
  m->time_at = n;
  n += 6; /* Unix milliseconds take six bytes until 2109 */
  if (dialect == 2) {
    n += tagged_float(p + n, 0x1d, 60.0f);
    m->voltage_at = n + 1;
    n += tagged_float(p + n, 0x25, 120.0f);
    n += tagged_float(p + n, 0x2d, 0.02f);
    p[n++] = 0x30;
    n += varint(p + n, 1000);
    p[n++] = 0x38;
    n += varint(p + n, 1000);
    p[n++] = 0x40;
    p[n++] = 0;
  } else {
    n += metric(p + n, "f", 60.0f);
    n += metric(p + n, "rms", 120.0f);
    m->voltage_at = n - 4;
    n += metric(p + n, "thd", 0.02f);
    n += metric(p + n, "trans", 1.0f);
  }
  m->length = n;
}

static void set(message *m, uint64_t ms, float voltage) {
  varint(m->payload + m->time_at, ms);
  memcpy(m->payload + m->voltage_at, &voltage, 4);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: stream ENDPOINT DIALECT BOXES STEP_MS SUBSCRIBERS\n");
    return 2;
  }
  int dialect = atoi(argv[2]), boxes = atoi(argv[3]), step = atoi(argv[4]), subscribers = atoi(argv[5]);
  message *messages = calloc((size_t)boxes, sizeof *messages);
  for (int i = 0; i < boxes; i++) build(&messages[i], dialect, 1000 + i);
  void *context = zmq_ctx_new();
  void *socket = zmq_socket(context, ZMQ_XPUB);
  int yes = 1, waiting = 20000;
  zmq_setsockopt(socket, ZMQ_XPUB_VERBOSE, &yes, sizeof yes);
  zmq_setsockopt(socket, ZMQ_SNDHWM, &waiting, sizeof waiting);
  check(zmq_bind(socket, argv[1]) != 0, argv[1]);
  char subscription[16];
  for (int i = 0; i < subscribers; i++)
    check(zmq_recv(socket, subscription, sizeof subscription, 0) < 0, "no subscription");
  puts("ready");
  fflush(stdout);

  long count;
  double rate;
  unsigned noise = 1;
  struct timeval wall;
  gettimeofday(&wall, NULL);
  uint64_t latest = ((uint64_t)wall.tv_sec - BEGIN_S) * 1000;
  char line[128];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%ld %lf", &count, &rate) != 2) return 2;
    int nodrop = rate == 0;
    zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop);
    uint64_t base = latest + 1;
    int64_t start = now_ns();
    for (long n = 0; n < count; n++) {
      if (rate > 0) {
        int64_t ahead = start + (int64_t)(n * 1e9 / rate) - now_ns();
        if (ahead > 100000) usleep((unsigned)(ahead / 1000));
      }
      message *m = &messages[n % boxes];
      latest = base + (uint64_t)(n / boxes) * step;
      noise = noise * 1664525u + 1013904223u;
      set(m, latest, 120.0f + (float)(noise >> 16) / 655360.0f - 0.05f);
      check(zmq_send(socket, m->topic, m->topic_length, ZMQ_SNDMORE) < 0, "send");
      check(zmq_send(socket, m->payload, m->length, 0) < 0, "send");
    }
    printf("{\"sent\":%ld,\"seconds\":%.6f}\n", count, (double)(now_ns() - start) / 1e9);
    fflush(stdout);
  }
  _exit(0);
}
