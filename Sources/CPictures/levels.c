#include "CPictures.h"

#include <math.h>
#include <string.h>

// Rounded after every operation, as NumPy does.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "sse4.1", "default")))
#else
#define FOR_EACH_CPU
#endif

typedef float sixteen __attribute__((vector_size(64)));

FOR_EACH_CPU
void hsp_extremes(const float *levels, size_t count, float *lowest, float *highest) {
  float least = INFINITY, greatest = -INFINITY;
  size_t i = 0;
  if (count >= 16) {
    sixteen low, high;
    memcpy(&low, levels, sizeof low);
    high = low;
    for (; i + 16 <= count; i += 16) {
      sixteen some;
      memcpy(&some, levels + i, sizeof some);
      low = __builtin_elementwise_min(low, some);
      high = __builtin_elementwise_max(high, some);
    }
    for (int k = 0; k < 16; k++) {
      least = low[k] < least ? low[k] : least;
      greatest = high[k] > greatest ? high[k] : greatest;
    }
  }
  for (; i < count; i++) {
    least = levels[i] < least ? levels[i] : least;
    greatest = levels[i] > greatest ? levels[i] : greatest;
  }
  *lowest = least;
  *highest = greatest;
}

FOR_EACH_CPU
void hsp_shift_levels(float *levels, size_t count, float by, float lowest, float highest) {
  for (size_t i = 0; i < count; i++) {
    float level = levels[i] + by;
    level = level < lowest ? lowest : level;
    levels[i] = level > highest ? highest : level;
  }
}

FOR_EACH_CPU
void hsp_brighten_levels(
    float *levels, size_t count, float factor, int scaled, float lowest, float span) {
  if (!scaled) {
    for (size_t i = 0; i < count; i++) {
      float level = truncf(truncf(levels[i]) * factor);
      level = level < 0 ? 0 : level;
      levels[i] = level > 255 ? 255 : level;
    }
    return;
  }
  float divisor = span != 0 ? span : 1;
  for (size_t i = 0; i < count; i++) {
    float level = truncf(truncf((levels[i] - lowest) / divisor * 255) * factor);
    level = level < 0 ? 0 : level;
    level = level > 255 ? 255 : level;
    levels[i] = level / 255 * span + lowest;
  }
}
