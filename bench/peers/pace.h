/* When a message is due, and the report at the end: the same for every kind of load. Needs clock.h and histogram.h. */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* Messages that have arrived. */
typedef struct {
  atomic_long received;
  atomic_llong last_ns;
  histogram latencies;
} arrivals;

static inline void arrived(arrivals *all, int64_t due) {
  int64_t now = now_ns();
  record(&all->latencies, now - due);
  atomic_store(&all->last_ns, now);
  atomic_fetch_add(&all->received, 1);
}

/* Waits for the turn of message n: at RATE per second, or until fewer than WINDOW are in flight. Returns when it was due, in ns. */
static inline int64_t turn(arrivals *all, int64_t start, long n, double rate, long window) {
  if (rate > 0) {
    int64_t due = start + (int64_t)(n * 1e9 / rate), ahead = due - now_ns();
    if (ahead > 50000) usleep(ahead / 1000);
    return due;
  }
  int64_t due = now_ns();
  while (n - atomic_load(&all->received) >= window) usleep(20);
  return due;
}

/* Waits for messages in flight until nothing has arrived for two seconds, and prints the figures as JSON. */
static inline void print_report(arrivals *all, int64_t start, long messages) {
  for (long before = -1; atomic_load(&all->received) < messages && before != atomic_load(&all->received);) {
    before = atomic_load(&all->received);
    for (int i = 0; i < 200 && atomic_load(&all->received) < messages; i++) usleep(10000);
  }
  printf("{\"sent\":%ld,\"received\":%ld,\"seconds\":%.6f,\"p50Ms\":%.4f,\"p99Ms\":%.4f,\"p999Ms\":%.4f}\n", messages,
         atomic_load(&all->received), (atomic_load(&all->last_ns) - start) / 1e9, percentile_ms(&all->latencies, 0.5),
         percentile_ms(&all->latencies, 0.99), percentile_ms(&all->latencies, 0.999));
  fflush(stdout);
}
