// The transform of the weights, U = G w G^T, in double and rounded once.
#pragma once

#include "points.h"
#include "vector.h"

// Row i of G belongs to frequency i of inputTransform1D.
static void transformMatrix(int m, double g[8][3]) {
  const int pairs = (m + 1) / 2, finite = m + 1;
  double point[8] = {0};
  for (int i = 0; i < 2 * pairs; i++) point[i] = (i % 2 ? -1 : 1) * (double)pointOf[m][i / 2];
  for (int i = 0; i < finite; i++) {
    double scale = 1;
    for (int j = 0; j < finite; j++)
      if (j != i) scale *= point[i] - point[j];
    double *row = g[i < 2 * pairs ? i : 2 * pairs + 1];
    row[0] = 1 / scale;
    row[1] = point[i] / scale;
    row[2] = point[i] * point[i] / scale;
  }
  g[2 * pairs][0] = g[2 * pairs][1] = 0;
  g[2 * pairs][2] = 1;
}

#ifndef BF16_PRODUCTS
// One input channel's weights of frequency `f` to U[f][block][channel].
INLINE void storeWeights(const ck_weights *job, int f, int block, int channel,
                         const double *values) {
  int blocks = job->padded_output / CHANNEL_BLOCK;
  size_t at = ((size_t)f * (size_t)blocks + (size_t)block) * (size_t)job->padded_input;
  float *u = job->transformed + (at + (size_t)channel) * CHANNEL_BLOCK;
  for (int c = 0; c < CHANNEL_BLOCK; c++) u[c] = (float)values[c];
}
#endif

static void transformWeights(const ck_weights *job, int block, int from, int to) {
  const int n = job->m + 2, width = job->output_channels;
  const int count = smaller(CHANNEL_BLOCK, width - block * CHANNEL_BLOCK);
  const ptrdiff_t tap = (ptrdiff_t)job->input_channels * width;
  double g[8][3];
  transformMatrix(job->m, g);
  for (int channel = from; channel < to; channel++) {
    double w[9][CHANNEL_BLOCK] = {{0}};
    if (channel < job->input_channels)
      for (int t = 0; t < 9; t++)
        for (int c = 0; c < count; c++)
          w[t][c] = (double)job->kernel[t * tap + (ptrdiff_t)channel * width +
                                        block * CHANNEL_BLOCK + c];
    for (int i = 0; i < n; i++) {
      double half[3][CHANNEL_BLOCK];
      for (int x = 0; x < 3; x++)
        for (int c = 0; c < CHANNEL_BLOCK; c++)
          half[x][c] = g[i][0] * w[x][c] + g[i][1] * w[3 + x][c] + g[i][2] * w[6 + x][c];
      for (int j = 0; j < n; j++) {
        double values[CHANNEL_BLOCK];
        for (int c = 0; c < CHANNEL_BLOCK; c++)
          values[c] = g[j][0] * half[0][c] + g[j][1] * half[1][c] + g[j][2] * half[2][c];
        storeWeights(job, i * n + j, block, channel, values);
      }
    }
  }
}
