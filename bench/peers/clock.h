/* Nanoseconds of the machine's monotonic clock, which is the same in every process: one process sends it and another subtracts it. */
#include <stdint.h>
#include <time.h>

static inline int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
