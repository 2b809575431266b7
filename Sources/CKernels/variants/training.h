// The transform of weights that change with every step, U = G w G^T, and the adjoint of it that
// gives their gradient, dw = G^T dU G; both in f32.
#pragma once

#include "vector.h"
#include "weights.h"

INLINE void transformMatrixF32(int m, vec g[8][3]) {
  double exact[8][3];
  transformMatrix(m, exact);
  for (int i = 0; i < m + 2; i++)
    for (int k = 0; k < 3; k++) g[i][k] = (vec)((float)exact[i][k]);
}

// The weights of up to VECTOR_WIDTH input channels and N output channels, tap by tap.
typedef float WeightBlock[9][VECTOR_WIDTH][CHANNEL_BLOCK];

// kernel[3][3][input][output]; for the gradient of the input kernel[3][3][output][input], turned.
INLINE void fetchWeights(const ck_weights *job, int block, int from, int rows, WeightBlock w) {
  const int first = block * CHANNEL_BLOCK;
  const int columns = smaller(CHANNEL_BLOCK, job->output_channels - first);
  const int real = smaller(rows, job->input_channels - from);
  const ptrdiff_t tap = (ptrdiff_t)job->input_channels * job->output_channels;
  for (int t = 0; t < 9; t++) {
    const float *source = job->kernel + (job->flipped ? 8 - t : t) * tap;
    for (int r = 0; r < rows; r++)
      for (int c = r < real ? columns : 0; c < CHANNEL_BLOCK; c++) w[t][r][c] = 0;
    if (job->flipped) {
      for (int c = 0; c < columns; c++) {
        const float *line = source + (ptrdiff_t)(first + c) * job->input_channels + from;
        for (int r = 0; r < real; r++) w[t][r][c] = line[r];
      }
    } else {
      for (int r = 0; r < real; r++) {
        const float *line = source + (ptrdiff_t)(from + r) * job->output_channels + first;
        for (int c = 0; c < columns; c++) w[t][r][c] = line[c];
      }
    }
  }
}

INLINE void trainingWeights(int m, const ck_weights *job, int block, int from, int to) {
  const int n = m + 2;
  const size_t blocks = (size_t)(job->padded_output / CHANNEL_BLOCK);
  const size_t frequency = blocks * (size_t)job->padded_input * CHANNEL_BLOCK;
  vec g[8][3];
  transformMatrixF32(m, g);
  WeightBlock w;
  for (int first = from; first < to; first += VECTOR_WIDTH) {
    const int rows = smaller(VECTOR_WIDTH, to - first);
    fetchWeights(job, block, first, rows, w);
    for (int r = 0; r < rows; r++) {
      float *u = job->transformed +
                 ((size_t)block * (size_t)job->padded_input + (size_t)(first + r)) * CHANNEL_BLOCK;
      for (int c = 0; c < CHANNEL_BLOCK; c += VECTOR_WIDTH) {
        vec half[8][3];
        UNROLL for (int x = 0; x < 3; x++) {
          vec a = load(&w[x][r][c]), b = load(&w[3 + x][r][c]), d = load(&w[6 + x][r][c]);
          UNROLL for (int i = 0; i < n; i++)
            half[i][x] = multiplyAdd(g[i][2], d, multiplyAdd(g[i][1], b, g[i][0] * a));
        }
        UNROLL for (int i = 0; i < n; i++)
          UNROLL for (int j = 0; j < n; j++)
            store(u + (size_t)(i * n + j) * frequency + c,
                  multiplyAdd(g[j][2], half[i][2],
                              multiplyAdd(g[j][1], half[i][1], g[j][0] * half[i][0])));
      }
    }
  }
}

static void transformTraining(const ck_weights *job, int block, int from, int to) {
  switch (job->m) {
    case 2: trainingWeights(2, job, block, from, to); break;
    case 3: trainingWeights(3, job, block, from, to); break;
    case 4: trainingWeights(4, job, block, from, to); break;
    case 5: trainingWeights(5, job, block, from, to); break;
    case 6: trainingWeights(6, job, block, from, to); break;
  }
}

INLINE void gatherChannels(int m, const ck_weights *job, size_t frequency, int from, int to,
                           const float *sums, float *kernel) {
  const int n = m + 2, width = job->output_channels;
  const ptrdiff_t tap = (ptrdiff_t)job->input_channels * width;
  vec g[8][3];
  transformMatrixF32(m, g);
  for (int channel = from; channel < to; channel++) {
    const float *row = sums + (size_t)channel * (size_t)job->padded_output;
    float *to9 = kernel + (ptrdiff_t)channel * width;
    for (int c = 0; c < width; c += VECTOR_WIDTH) {
      vec total[9];
      UNROLL for (int t = 0; t < 9; t++) total[t] = (vec)(0.0f);
      for (int i = 0; i < n; i++) {
        vec half[3] = {(vec)(0.0f), (vec)(0.0f), (vec)(0.0f)};
        UNROLL for (int j = 0; j < n; j++) {
          vec u = load(row + (size_t)(i * n + j) * frequency + c);
          UNROLL for (int x = 0; x < 3; x++) half[x] = multiplyAdd(g[j][x], u, half[x]);
        }
        UNROLL for (int y = 0; y < 3; y++)
          UNROLL for (int x = 0; x < 3; x++)
            total[y * 3 + x] = multiplyAdd(g[i][y], half[x], total[y * 3 + x]);
      }
      UNROLL for (int t = 0; t < 9; t++) storeSome(to9 + t * tap + c, total[t], width - c);
    }
  }
}

static void gatherWeights(const ck_weights *job, size_t frequency, int from, int to,
                          const float *sums, float *kernel) {
  switch (job->m) {
    case 2: gatherChannels(2, job, frequency, from, to, sums, kernel); break;
    case 3: gatherChannels(3, job, frequency, from, to, sums, kernel); break;
    case 4: gatherChannels(4, job, frequency, from, to, sums, kernel); break;
    case 5: gatherChannels(5, job, frequency, from, to, sums, kernel); break;
    case 6: gatherChannels(6, job, frequency, from, to, sums, kernel); break;
  }
}
