/* Latencies in buckets of 1/32 of a power of two (an HDR histogram, at most 3 % off), in nanoseconds. */
#include <stdint.h>

#define SUB 32

typedef struct {
  long total;
  long buckets[64 * SUB];
} histogram;

static inline void record(histogram *h, int64_t value) {
  int index = 0;
  if (value >= SUB) {
    int exponent = 63 - __builtin_clzll((unsigned long long)value);
    index = (exponent - 4) * SUB + (int)((value >> (exponent - 5)) & (SUB - 1));
  } else if (value > 0) {
    index = (int)value;
  }
  h->buckets[index]++;
  h->total++;
}

static inline double percentile_ms(const histogram *h, double share) {
  long seen = 0;
  for (int i = 0; i < 64 * SUB; i++) {
    seen += h->buckets[i];
    if (seen < share * h->total) continue;
    if (i < SUB) return i / 1e6;
    int exponent = i / SUB + 4;
    return (double)((int64_t)(SUB + i % SUB) << (exponent - 5)) / 1e6;
  }
  return 0;
}
