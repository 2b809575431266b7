// The products P[f] = V[f] U[f], a register block of `rows` tiles by two vectors of output
// channels at a time.
#pragma once

#include "vector.h"

// Terms summed in registers before they are added to memory: one chain of 512 rounded additions
// makes the features' error 2.5 times as large, and the traffic costs no measurable time.
enum { SUM_TERMS = 64 };

// Every number of rows that a register block can have.
#if PANEL_ROWS == 14
#define EACH_PANEL(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#else
#define EACH_PANEL(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

#ifndef BF16_PRODUCTS
typedef vec word;

INLINE word loadWeights(const float *u) { return load(u); }
INLINE word broadcast(const float *v) { return (vec)(*v); }
INLINE vec multiplyWords(word a, word b, vec sum) { return multiplyAdd(a, b, sum); }
#endif

// p[rows][2 vectors] = v[words][rows] * u[words][2 vectors], v packed
// [words / VECTOR_WIDTH][rows][VECTOR_WIDTH]. `next`: weights to be fetched towards L2,
// `lines` cache lines in each step.
INLINE void panel(int rows, int words, const float *v, const float *u, float *p, size_t tile,
                  const char *next, int lines) {
  for (int start = 0; start < words; start += SUM_TERMS) {
    vec sum[PANEL_ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = (vec)(0.0f);
    const int count = smaller(SUM_TERMS, words - start);
    for (int w = 0; w < count; w += VECTOR_WIDTH) {
      for (int i = 0; i < lines; i++, next += 64) __builtin_prefetch(next, 0, 2);
      _Pragma("clang loop unroll_count(4)") for (int i = 0; i < VECTOR_WIDTH; i++) {
        word u0 = loadWeights(u), u1 = loadWeights(u + VECTOR_WIDTH);
        UNROLL for (int r = 0; r < rows; r++) {
          word s = broadcast(v + r * VECTOR_WIDTH + i);
          sum[r][0] = multiplyWords(s, u0, sum[r][0]);
          sum[r][1] = multiplyWords(s, u1, sum[r][1]);
        }
        u += CHANNEL_BLOCK;
      }
      v += rows * VECTOR_WIDTH;
    }
    UNROLL for (int r = 0; r < rows; r++) {
      float *to = p + (size_t)r * tile;
      if (start > 0) {
        sum[r][0] += load(to);
        sum[r][1] += load(to + VECTOR_WIDTH);
      }
      store(to, sum[r][0]);
      store(to + VECTOR_WIDTH, sum[r][1]);
    }
  }
}

static void panelOf(int rows, int words, const float *v, const float *u, float *p, size_t tile,
                    const char *next, int lines) {
#define CASE(rows) \
  case rows: panel(rows, words, v, u, p, tile, next, lines); break;
  switch (rows) { EACH_PANEL(CASE) }
#undef CASE
}

static void multiply(const ck_winograd *layer, const ck_block *block, const float *v,
                     const float *u, float *p, const float *next) {
  int words = layer->input_channels / CHANNELS_PER_WORD, steps = words / VECTOR_WIDTH;
  int allLines = words * CHANNEL_BLOCK / LINE, allSteps = block->panels * steps;
  int lines = (allLines + allSteps - 1) / allSteps;
  const char *fetch = (const char *)next;
  for (int first = 0; first < block->tiles; first += block->panel_rows) {
    panelOf(smaller(block->panel_rows, block->tiles - first), words, v, u, p, block->product_tile,
            fetch, lines);
    v += (size_t)block->panel_rows * (size_t)words;
    p += (size_t)block->panel_rows * block->product_tile;
    fetch += (size_t)steps * (size_t)lines * 64;
  }
}
