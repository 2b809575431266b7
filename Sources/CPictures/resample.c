#include "CPictures.h"

#include <string.h>

// The arithmetic of PIL's ImagingResampleHorizontal_8bpc and ImagingResampleVertical_8bpc: integer
// sums of 8-bit samples times coefficients of 22 fraction bits, rounded half up and clamped. Integer
// sums have one value in whatever order they are taken, so these loops may go as they like.
enum { FRACTION_BITS = 32 - 8 - 2 };

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_CPU __attribute__((target_clones("avx2", "sse4.1", "default")))
#else
#define FOR_EACH_CPU
#endif

typedef int32_t lanes __attribute__((vector_size(16)));

typedef uint8_t bytes __attribute__((vector_size(4)));

static inline uint8_t clamp(int32_t sum) {
  sum >>= FRACTION_BITS;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static inline lanes pixel(const uint8_t *p) { return (lanes){p[0], p[1], p[2], 0}; }

// One load instead of three; the fourth byte is the next pixel's, and its lane is not used.
static inline lanes pixel_and_one_byte(const uint8_t *p) {
  bytes four;
  memcpy(&four, p, sizeof four);
  return __builtin_convertvector(four, lanes);
}

FOR_EACH_CPU
void hsp_resample_rows(
    const uint8_t *input, int input_width, int rows, uint8_t *output, int output_width,
    const int32_t *starts, const int32_t *lengths, const int32_t *coefficients, int taps) {
  const int32_t half = 1 << (FRACTION_BITS - 1);
  const uint8_t *end = input + (size_t)rows * (size_t)input_width * 3;
  for (int y = 0; y < rows; y++) {
    const uint8_t *row = input + (size_t)y * (size_t)input_width * 3;
    uint8_t *out = output + (size_t)y * (size_t)output_width * 3;
    for (int x = 0; x < output_width; x++, out += 3) {
      const uint8_t *p = row + (size_t)starts[x] * 3;
      const int32_t *k = coefficients + (size_t)x * (size_t)taps;
      int length = lengths[x];
      lanes sum = {half, half, half, 0};
      if (end - p > (ptrdiff_t)length * 3) {
        for (int t = 0; t < length; t++, p += 3) sum += pixel_and_one_byte(p) * k[t];
      } else {
        for (int t = 0; t < length; t++, p += 3) sum += pixel(p) * k[t];
      }
      out[0] = clamp(sum[0]);
      out[1] = clamp(sum[1]);
      out[2] = clamp(sum[2]);
    }
  }
}

FOR_EACH_CPU
void hsp_resample_columns(
    const uint8_t *input, int row_bytes, uint8_t *output, int output_height,
    const int32_t *starts, const int32_t *lengths, const int32_t *coefficients, int taps) {
  enum { STRIP = 64 };  // sums stay in registers or the first-level cache
  for (int y = 0; y < output_height; y++) {
    const int32_t *k = coefficients + (size_t)y * (size_t)taps;
    const uint8_t *top = input + (size_t)starts[y] * (size_t)row_bytes;
    uint8_t *out = output + (size_t)y * (size_t)row_bytes;
    int x = 0;
    for (; x + STRIP <= row_bytes; x += STRIP) {
      int32_t sums[STRIP];
      for (int i = 0; i < STRIP; i++) sums[i] = 1 << (FRACTION_BITS - 1);
      const uint8_t *p = top + x;
      for (int t = 0; t < lengths[y]; t++, p += row_bytes)
        for (int i = 0; i < STRIP; i++) sums[i] += p[i] * k[t];
      for (int i = 0; i < STRIP; i++) out[x + i] = clamp(sums[i]);
    }
    for (; x < row_bytes; x++) {
      int32_t sum = 1 << (FRACTION_BITS - 1);
      const uint8_t *p = top + x;
      for (int t = 0; t < lengths[y]; t++, p += row_bytes) sum += *p * k[t];
      out[x] = clamp(sum);
    }
  }
}
