// Convolution with any window, directly, and sums of rows.
#pragma once

#include "products.h"

// `pixels` adjacent output pixels of one block of output channels, of which `lanes` exist.
INLINE void linePixels(int pixels, const ck_lines *row, const float *source,
                       const float *weights, const float *bias, vec least, float *destination,
                       int lanes) {
  vec sum[PANEL_ROWS][2];
  UNROLL for (int x = 0; x < pixels; x++) {
    sum[x][0] = load(bias);
    sum[x][1] = load(bias + VECTOR_WIDTH);
  }
  for (int y = 0; y < row->lines; y++) {
    const float *s = source + y * row->input_row;
    for (int i = 0; i < row->line; i++, weights += CHANNEL_BLOCK) {
      vec w0 = load(weights), w1 = load(weights + VECTOR_WIDTH);
      UNROLL for (int x = 0; x < pixels; x++) {
        vec d = (vec)(s[x * row->input_step + i]);
        sum[x][0] = multiplyAdd(d, w0, sum[x][0]);
        sum[x][1] = multiplyAdd(d, w1, sum[x][1]);
      }
    }
  }
  UNROLL for (int x = 0; x < pixels; x++) {
    float *to = destination + (ptrdiff_t)x * row->output_channels;
    storeSome(to, larger(least, sum[x][0]), lanes);
    if (lanes > VECTOR_WIDTH)
      storeSome(to + VECTOR_WIDTH, larger(least, sum[x][1]), lanes - VECTOR_WIDTH);
  }
}

static void directLines(const ck_lines *row, const float *weights, const float *bias,
                        float least) {
  const int channels = row->output_channels;
  // Blocks of channels follow each other while a panel's pixels are in L1.
  for (int x = 0; x < row->pixels; x += PANEL_ROWS) {
    const float *source = row->input + x * row->input_step, *w = weights;
    float *to = row->output + (ptrdiff_t)x * channels;
    for (int c = 0; c < channels; c += CHANNEL_BLOCK, w += row->lines * row->line * CHANNEL_BLOCK)
#define CASE(pixels)                                                                           \
  case pixels:                                                                                 \
    linePixels(pixels, row, source, w, bias + c, (vec)(least), to + c, channels - c);          \
    break;
      switch (smaller(PANEL_ROWS, row->pixels - x)) { EACH_PANEL(CASE) }
#undef CASE
  }
}

// Terms that are added in f32 before they go to the f64 sums.
enum { ROW_TERMS = 16 };

static void addRows(long rows, int channels, const float *values, double *sums) {
  for (long first = 0; first < rows; first += ROW_TERMS) {
    const float *block = values + first * channels;
    const int terms = rows - first < ROW_TERMS ? (int)(rows - first) : ROW_TERMS;
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
      const int lanes = smaller(VECTOR_WIDTH, channels - c);
      vec sum = (vec)(0.0f);
      for (int r = 0; r < terms; r++) sum += loadSome(block + (ptrdiff_t)r * channels + c, lanes);
      for (int i = 0; i < lanes; i++) sums[c + i] += (double)sum[i];
    }
  }
}
