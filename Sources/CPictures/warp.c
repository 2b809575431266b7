#include "CPictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Coordinates decide which pixels are outside, so they are rounded after every operation as SciPy's
// are: a fused multiplication and addition would move a pixel on the border across it.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "sse4.1", "default")))
#else
#define FOR_EACH_CPU
#endif

typedef uint8_t two_pixels __attribute__((vector_size(8)));
typedef double eight __attribute__((vector_size(64)));
typedef double four __attribute__((vector_size(32)));
typedef float four_floats __attribute__((vector_size(16)));

// Beyond this many pixels nothing can be told from noise, and integers would overflow.
static const double FARTHEST = 1e9;

// Where a coordinate lies among the pixels 0...last of an axis, as SciPy's map_coordinate has it for
// order 1: a place whose whole part is -1...last, of which -1 stands for 0 and last + 1 for last; or
// -2 for outside. NaN and infinity become 0.
static inline double place(double at, double last, hsp_fill fill) {
  at = fabs(at) <= FARTHEST ? at : 0;
  switch (fill) {
    case HSP_FILL_NEAREST:
      at = at < 0 ? 0 : at;
      return at > last ? last : at;
    case HSP_FILL_CONSTANT:
      return at < 0 || at > last ? -2 : at;
    case HSP_FILL_REFLECT: {
      // The picture and its mirror image, by turns; a pixel at the edge stands beside its own image.
      double period = 2 * (last + 1);
      at -= period * floor(at / period);
      return at > last + 0.5 ? period - 1 - at : at;
    }
    case HSP_FILL_WRAP: {
      // SciPy repeats with a period of one pixel less than there are.
      if (last <= 0) return 0;
      double before = at + last * (trunc(-at / last) + 1);
      double behind = at - last * trunc(at / last);
      return at < 0 ? before : at > last ? behind : at;
    }
  }
  return 0;
}

// The places of a row's pixels on one axis: `start + step * x`, `first` being added in between as
// SciPy does.
FOR_EACH_CPU
static void places(
    double first, double step, double offset, int count, double last, hsp_fill fill, double *out) {
  switch (fill) {  // a loop for each mode, so that none has a choice in it
    case HSP_FILL_NEAREST:
      for (int x = 0; x < count; x++)
        out[x] = place(first + (double)x * step + offset, last, HSP_FILL_NEAREST);
      break;
    case HSP_FILL_CONSTANT:
      for (int x = 0; x < count; x++)
        out[x] = place(first + (double)x * step + offset, last, HSP_FILL_CONSTANT);
      break;
    case HSP_FILL_REFLECT:
      for (int x = 0; x < count; x++)
        out[x] = place(first + (double)x * step + offset, last, HSP_FILL_REFLECT);
      break;
    case HSP_FILL_WRAP:
      for (int x = 0; x < count; x++)
        out[x] = place(first + (double)x * step + offset, last, HSP_FILL_WRAP);
      break;
  }
}

// A row of pixels between four others each.
FOR_EACH_CPU
static void blend(
    const uint8_t *padded, size_t stride, const double *rows, const double *columns, int count,
    float value, float *out) {
  for (int x = 0; x < count; x++, out += 3) {
    double row = rows[x], column = columns[x];
    if (row == -2 || column == -2) {
      out[0] = out[1] = out[2] = value;
      continue;
    }
    double top = floor(row), left = floor(column);
    const uint8_t *p = padded + (size_t)((int)top + 1) * stride + (size_t)((int)left + 1) * 4;
    two_pixels upper, lower;
    memcpy(&upper, p, sizeof upper);
    memcpy(&lower, p + stride, sizeof lower);
    double down = row - top, right = column - left;
    eight both = __builtin_convertvector(upper, eight) * (1 - down) +
                 __builtin_convertvector(lower, eight) * down;
    four one = __builtin_shufflevector(both, both, 0, 1, 2, 3) * (1 - right) +
               __builtin_shufflevector(both, both, 4, 5, 6, 7) * right;
    four_floats pixel = __builtin_convertvector(one, four_floats);
    // The fourth float is the next pixel's, and written again with it.
    memcpy(out, &pixel, sizeof pixel);
  }
}

hsp_status hsp_warp(
    const uint8_t *rgb, int width, int height, const double map[6], hsp_fill fill, float value,
    float *output) {
  // Four bytes a pixel and a border of one pixel all around: any four neighbours are there.
  size_t stride = ((size_t)width + 2) * 4, row_floats = (size_t)width * 3;
  uint8_t *padded = malloc(stride * ((size_t)height + 2));
  double *rows = malloc((size_t)width * 2 * sizeof(double));
  float *line = malloc((row_floats + 1) * sizeof(float));
  if (!padded || !rows || !line) {
    free(padded);
    free(rows);
    free(line);
    return HSP_NO_MEMORY;
  }
  for (int y = 0; y < height; y++) {
    const uint8_t *in = rgb + (size_t)y * row_floats;
    uint8_t *out = padded + ((size_t)y + 1) * stride;
    for (int x = 0; x < width; x++) {
      uint8_t *pixel = out + ((size_t)x + 1) * 4;
      pixel[0] = in[3 * x];
      pixel[1] = in[3 * x + 1];
      pixel[2] = in[3 * x + 2];
      pixel[3] = 0;
    }
    memcpy(out, out + 4, 4);
    memcpy(out + stride - 4, out + stride - 8, 4);
  }
  memcpy(padded, padded + stride, stride);
  memcpy(padded + ((size_t)height + 1) * stride, padded + (size_t)height * stride, stride);

  double *columns = rows + width;
  for (int y = 0; y < height; y++) {
    places(y * map[0], map[1], map[2], width, height - 1, fill, rows);
    places(y * map[3], map[4], map[5], width, width - 1, fill, columns);
    blend(padded, stride, rows, columns, width, value, line);
    memcpy(output + (size_t)y * row_floats, line, row_floats * sizeof(float));
  }
  free(padded);
  free(rows);
  free(line);
  return HSP_OK;
}
