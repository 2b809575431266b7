// The operands of a kernel's gradient, V = B^T x B and D = A dy A^T, and their products.
#pragma once

#include "products.h"
#include "transforms.h"

// A t: m values to m + 2, the adjoint of outputTransform1D.
INLINE void gradientTransform1D(int m, const vec y[6], vec t[8]) {
  const int pairs = (m + 1) / 2, zero = m % 2 == 0;
  UNROLL for (int p = 0; p < pairs; p++) {
    vec even = y[0], odd = (vec)(powersOf[m][p][1]) * y[1];
    UNROLL for (int i = 2; i < m; i++) {
      if (i % 2) odd = multiplyAdd((vec)(powersOf[m][p][i]), y[i], odd);
      else even = multiplyAdd((vec)(powersOf[m][p][i]), y[i], even);
    }
    t[2 * p] = even + odd;
    t[2 * p + 1] = even - odd;
  }
  t[2 * pairs] = y[m - 1];
  if (zero) t[2 * pairs + 1] = y[0];
}

// D of one tile and one vector of channels.
INLINE void gradientTile(int m, const float *source, ptrdiff_t row, ptrdiff_t pixel, float *d,
                         size_t frequency) {
  const int n = m + 2;
  vec middle[8][6];
  UNROLL for (int x = 0; x < m; x++) {
    vec y[6], t[8];
    UNROLL for (int i = 0; i < m; i++) y[i] = load(source + i * row + x * pixel);
    gradientTransform1D(m, y, t);
    UNROLL for (int i = 0; i < n; i++) middle[i][x] = t[i];
  }
  UNROLL for (int i = 0; i < n; i++) {
    vec t[8];
    gradientTransform1D(m, middle[i], t);
    UNROLL for (int j = 0; j < n; j++) store(d + (size_t)(i * n + j) * frequency, t[j]);
  }
}

INLINE void gradientInputTiles(int m, const ck_winograd *layer, const ck_gradient *block,
                               int first, int from, int to, float *v) {
  for (int t = from; t < to; t++) {
    Patch patch = patchAt(layer, first + t);
    patch.v = v + (size_t)t * block->input_tile;
    patch.chunk = VECTOR_WIDTH;
    exactInputTile(m, layer, &patch, block->input_frequency);
  }
}

INLINE void gradientOutputTiles(int m, const ck_winograd *layer, const ck_gradient *block,
                                int first, int from, int to, float *d) {
  const ck_activations *out = &layer->output;
  int perPicture = layer->tiles_y * layer->tiles_x;
  for (int t = from; t < to; t++) {
    int tile = first + t, place = tile % perPicture;
    int y = place / layer->tiles_x * m, x = place % layer->tiles_x * m;
    const float *source =
        out->origin + tile / perPicture * out->picture + y * out->row + x * out->pixel;
    int rows = smaller(m, layer->output_height - y), columns = smaller(m, layer->output_width - x);
    float *target = d + (size_t)t * block->output_tile;
    for (int c = 0; c < layer->output_channels; c += VECTOR_WIDTH) {
      int lanes = smaller(VECTOR_WIDTH, layer->exact_output_channels - c);
      if (rows == m && columns == m && lanes == VECTOR_WIDTH) {
        gradientTile(m, source + c, out->row, out->pixel, target + c, block->output_frequency);
        continue;
      }
      vec copy[36];
      for (int i = 0; i < m * m; i++) copy[i] = (vec)(0.0f);
      for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
          copy[i * m + j] = loadSome(source + c + i * out->row + j * out->pixel, lanes);
      gradientTile(m, (const float *)copy, m * VECTOR_WIDTH, VECTOR_WIDTH, target + c,
                   block->output_frequency);
    }
  }
}

static void gradientInput(const ck_winograd *layer, const ck_gradient *block, int first, int from,
                          int to, float *v) {
  switch (layer->m) {
    case 2: gradientInputTiles(2, layer, block, first, from, to, v); break;
    case 3: gradientInputTiles(3, layer, block, first, from, to, v); break;
    case 4: gradientInputTiles(4, layer, block, first, from, to, v); break;
    case 5: gradientInputTiles(5, layer, block, first, from, to, v); break;
    case 6: gradientInputTiles(6, layer, block, first, from, to, v); break;
  }
}

static void gradientOutput(const ck_winograd *layer, const ck_gradient *block, int first, int from,
                           int to, float *d) {
  switch (layer->m) {
    case 2: gradientOutputTiles(2, layer, block, first, from, to, d); break;
    case 3: gradientOutputTiles(3, layer, block, first, from, to, d); break;
    case 4: gradientOutputTiles(4, layer, block, first, from, to, d); break;
    case 5: gradientOutputTiles(5, layer, block, first, from, to, d); break;
    case 6: gradientOutputTiles(6, layer, block, first, from, to, d); break;
  }
}

// p[rows][2 vectors] += sum of v[i][rows] * d[i][2 vectors].
INLINE void outer(int rows, int count, const float *v, ptrdiff_t vStep, const float *d,
                  ptrdiff_t dStep, float *p, ptrdiff_t row) {
  for (int start = 0; start < count; start += SUM_TERMS) {
    vec sum[PANEL_ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = (vec)(0.0f);
    const int terms = smaller(SUM_TERMS, count - start);
    _Pragma("clang loop unroll_count(2)") for (int i = 0; i < terms; i++) {
      vec d0 = load(d), d1 = load(d + VECTOR_WIDTH);
      UNROLL for (int r = 0; r < rows; r++) {
        vec s = (vec)(v[r]);
        sum[r][0] = multiplyAdd(s, d0, sum[r][0]);
        sum[r][1] = multiplyAdd(s, d1, sum[r][1]);
      }
      v += vStep;
      d += dStep;
    }
    UNROLL for (int r = 0; r < rows; r++) {
      float *to = p + r * row;
      store(to, load(to) + sum[r][0]);
      store(to + VECTOR_WIDTH, load(to + VECTOR_WIDTH) + sum[r][1]);
    }
  }
}

static void addOuter(int count, int rows, const float *v, ptrdiff_t vStep, const float *d,
                     ptrdiff_t dStep, float *p, ptrdiff_t row) {
  for (; rows > PANEL_ROWS; rows -= PANEL_ROWS, v += PANEL_ROWS, p += PANEL_ROWS * row)
    outer(PANEL_ROWS, count, v, vStep, d, dStep, p, row);
#define CASE(rows) \
  case rows: outer(rows, count, v, vStep, d, dStep, p, row); break;
  switch (rows) { EACH_PANEL(CASE) }
#undef CASE
}
