// The input transform V = B^T d B and the inverse transform A^T P A of Winograd's F(m x m, 3 x 3).
// m is a constant in every function that takes it, so that all small loops unroll.
#pragma once

#include "points.h"
#include "vector.h"

// B^T d: m + 2 values to m + 2. Plus and minus a point share their even and odd halves.
// The frequencies' order: the pairs, infinity, then 0 if m is even.
INLINE void inputTransform1D(int m, const vec d[8], vec t[8]) {
  const int pairs = (m + 1) / 2, zero = m % 2 == 0;
  UNROLL for (int p = 0; p < pairs; p++) {
    vec even = d[2 * (pairs - 1) + zero * 2], odd = d[2 * (pairs - 1) + 1];
    UNROLL for (int j = pairs - 2; j >= 0; j--) {
      even = multiplyAdd((vec)(restOf[m][p][j]), d[2 * j + zero * 2], even);
      odd = multiplyAdd((vec)(restOf[m][p][j]), d[2 * j + 1], odd);
    }
    // With the point 0 a row is x (x +- a) rest(x^2), without it (x +- a) rest(x^2).
    vec a = (vec)(pointOf[m][p]);
    t[2 * p] = zero ? multiplyAdd(a, odd, even) : multiplyAdd(a, even, odd);
    t[2 * p + 1] = zero ? multiplyAdd(-a, odd, even) : multiplyAdd(-a, even, odd);
  }
  // Infinity, and 0: the product of all (x^2 - a^2).
  vec infinite = d[2 * pairs + zero], nought = d[2 * pairs];
  UNROLL for (int j = pairs - 1; j >= 0; j--) {
    infinite = multiplyAdd((vec)(fullOf[m][j]), d[2 * j + zero], infinite);
    nought = multiplyAdd((vec)(fullOf[m][j]), d[2 * j], nought);
  }
  t[2 * pairs] = infinite;
  if (zero) t[2 * pairs + 1] = nought;
}

// A^T t: m + 2 values to m.
INLINE void outputTransform1D(int m, const vec t[8], vec y[6]) {
  const int pairs = (m + 1) / 2, zero = m % 2 == 0;
  vec sum[3], difference[3];
  UNROLL for (int p = 0; p < pairs; p++) {
    sum[p] = t[2 * p] + t[2 * p + 1];
    difference[p] = t[2 * p] - t[2 * p + 1];
  }
  UNROLL for (int i = 0; i < m; i++) {
    vec total = i == 0 && zero ? t[2 * pairs + 1] : (vec)(0.0f);
    if (i == m - 1) total += t[2 * pairs];
    UNROLL for (int p = 0; p < pairs; p++)
      total = multiplyAdd((vec)(powersOf[m][p][i]), i % 2 ? difference[p] : sum[p], total);
    y[i] = total;
  }
}

// Transforms one patch of one vector of channels; `v` is where its frequency 0 goes.
// With `prefetch` the m columns that the next tile to the right adds are fetched: a patch's
// short rows defeat the hardware prefetcher, and the input is in L3 at best.
INLINE void inputTile(int m, const float *source, ptrdiff_t row, ptrdiff_t pixel, int prefetch,
                      float *v, size_t frequency) {
  const int n = m + 2;
  vec middle[8][8];
  UNROLL for (int x = 0; x < n; x++) {
    vec d[8], t[8];
    if (x >= 2 && prefetch)
      UNROLL for (int y = 0; y < n; y++)
        __builtin_prefetch(source + y * row + (x + m) * pixel, 0, 3);
    UNROLL for (int y = 0; y < n; y++) d[y] = load(source + y * row + x * pixel);
    inputTransform1D(m, d, t);
    UNROLL for (int y = 0; y < n; y++) middle[y][x] = t[y];
  }
  UNROLL for (int y = 0; y < n; y++) {
    vec t[8];
    inputTransform1D(m, middle[y], t);
    UNROLL for (int x = 0; x < n; x++) store(v + (size_t)(y * n + x) * frequency, t[x]);
  }
}

// Inverse transform of one tile and one vector of output channels, with bias and, if `least` is 0,
// ReLU, stored as rows x columns pixels (fewer than m at the edges) or, with pool, as the maximum
// of each 2 x 2 of them, rows and columns then counting pooled pixels. The next tile's lines are
// prefetched for writing.
INLINE void outputTile(int m, int pool, const float *p, size_t frequency, vec bias,
                       vec least, float *destination, ptrdiff_t row, ptrdiff_t pixel, int rows,
                       int columns, int prefetch) {
  const int n = m + 2, step = pool ? m / 2 : m;
  if (prefetch)
    UNROLL for (int y = 0; y < step; y++)
      UNROLL for (int x = 0; x < step; x++)
        __builtin_prefetch(destination + y * row + (x + step) * pixel, 1, 3);
  vec middle[6][8];
  UNROLL for (int x = 0; x < n; x++) {
    vec t[8], y[6];
    UNROLL for (int i = 0; i < n; i++) t[i] = load(p + (size_t)(i * n + x) * frequency);
    outputTransform1D(m, t, y);
    UNROLL for (int i = 0; i < m; i++) middle[i][x] = y[i];
  }
  UNROLL for (int y = 0; y < step; y++) {
    vec out[6], below[6];
    outputTransform1D(m, middle[pool ? 2 * y : y], out);
    if (pool) {
      outputTransform1D(m, middle[2 * y + 1], below);
      UNROLL for (int x = 0; x < step; x++)
        out[x] = largest(out[2 * x], below[2 * x], out[2 * x + 1], below[2 * x + 1]);
    }
    UNROLL for (int x = 0; x < step; x++)
      if (y < rows && x < columns)
        store(destination + y * row + x * pixel, larger(least, out[x] + bias));
  }
}

// Top left pixel of the patch of tile `t`, and where its V goes.
typedef struct {
  const float *source;
  int y, x;
  float *v;
  size_t chunk;  // words of V from one vector of channels to the next
} Patch;

// The patch of a tile counted through all pictures.
INLINE Patch patchAt(const ck_winograd *layer, int tile) {
  const ck_activations *in = &layer->input;
  int perPicture = layer->tiles_y * layer->tiles_x, place = tile % perPicture;
  int y = place / layer->tiles_x * layer->m - layer->pad_y;
  int x = place % layer->tiles_x * layer->m - layer->pad_x;
  return (Patch){
      .source = in->origin + tile / perPicture * in->picture + y * in->row + x * in->pixel,
      .y = y,
      .x = x};
}

INLINE Patch patchOf(const ck_winograd *layer, const ck_block *block, int t, float *v,
                     int channelsPerWord) {
  Patch patch = patchAt(layer, block->first + t);
  int panel = t / block->panel_rows, first = panel * block->panel_rows;
  int rows = smaller(block->panel_rows, block->tiles - first);
  patch.v = v + (size_t)first * (size_t)(layer->input_channels / channelsPerWord) +
            (t - first) * VECTOR_WIDTH;
  patch.chunk = (size_t)rows * VECTOR_WIDTH;
  return patch;
}

// One tile of a picture without border and with any number of channels: what is outside is zero.
INLINE void exactInputTile(int m, const ck_winograd *layer, const Patch *patch,
                           size_t frequency) {
  const int n = m + 2, top = larger0(-patch->y), left = larger0(-patch->x);
  const int bottom = smaller(n, layer->input_height - patch->y);
  const int right = smaller(n, layer->input_width - patch->x);
  const int whole = top == 0 && left == 0 && bottom == n && right == n;
  const ptrdiff_t row = layer->input.row, pixel = layer->input.pixel;
  float *v = patch->v;
  for (int c = 0; c < layer->input_channels; c += VECTOR_WIDTH, v += patch->chunk) {
    const float *source = patch->source + c;
    int lanes = smaller(VECTOR_WIDTH, layer->exact_input_channels - c);
    if (whole && lanes == VECTOR_WIDTH) {
      inputTile(m, source, row, pixel, c % LINE == 0, v, frequency);
      continue;
    }
    vec copy[64];
    for (int i = 0; i < n * n; i++) copy[i] = (vec)(0.0f);
    for (int y = top; y < bottom; y++)
      for (int x = left; x < right; x++)
        copy[y * n + x] = loadSome(source + y * row + x * pixel, lanes);
    inputTile(m, (const float *)copy, n * VECTOR_WIDTH, VECTOR_WIDTH, 0, v, frequency);
  }
}

#ifndef BF16_PRODUCTS
INLINE void inputTiles(int m, const ck_winograd *layer, const ck_block *block, int from, int to,
                       float *v) {
  for (int t = from; t < to; t++) {
    Patch patch = patchOf(layer, block, t, v, 1);
    if (layer->exact) {
      exactInputTile(m, layer, &patch, block->input_frequency);
      continue;
    }
    for (int c = 0; c < layer->input_channels; c += VECTOR_WIDTH, patch.v += patch.chunk)
      inputTile(m, patch.source + c, layer->input.row, layer->input.pixel, c % LINE == 0, patch.v,
                block->input_frequency);
  }
}
#endif

INLINE void outputTiles(int m, int pool, const ck_winograd *layer, const ck_block *block, int from,
                        int to, int channel, int channels, const float *p) {
  const ck_activations *out = &layer->output;
  int perPicture = layer->tiles_y * layer->tiles_x, step = pool ? m / 2 : m;
  const vec least = (vec)(layer->least);
  for (int t = from; t < to; t++) {
    int tile = block->first + t, place = tile % perPicture;
    int y = place / layer->tiles_x * step, x = place % layer->tiles_x * step;
    float *destination = out->origin + tile / perPicture * out->picture + y * out->row +
                         x * out->pixel + channel;
    const float *source = p + (size_t)t * block->product_tile;
    int rows = layer->output_height - y, columns = layer->output_width - x;
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
      vec bias = load(layer->bias + channel + c);
      int lanes =
          layer->exact ? layer->exact_output_channels - channel - c : VECTOR_WIDTH;
      if (lanes >= VECTOR_WIDTH) {
        outputTile(m, pool, source + c, block->product_frequency, bias, least, destination + c,
                   out->row, out->pixel, rows, columns, c % LINE == 0);
      } else if (lanes > 0) {
        vec copy[36];
        outputTile(m, pool, source + c, block->product_frequency, bias, least, (float *)copy,
                   m * VECTOR_WIDTH, VECTOR_WIDTH, m, m, 0);
        for (int i = 0; i < smaller(rows, m); i++)
          for (int j = 0; j < smaller(columns, m); j++)
            storeSome(destination + c + i * out->row + j * out->pixel, copy[i * m + j], lanes);
      }
    }
  }
}

static void transformInput(const ck_winograd *layer, const ck_block *block, int from, int to,
                           float *v) {
  switch (layer->m) {
    case 2: inputTiles(2, layer, block, from, to, v); break;
    case 3: inputTiles(3, layer, block, from, to, v); break;
    case 4: inputTiles(4, layer, block, from, to, v); break;
    case 5: inputTiles(5, layer, block, from, to, v); break;
    case 6: inputTiles(6, layer, block, from, to, v); break;
  }
}

static void transformOutput(const ck_winograd *layer, const ck_block *block, int from, int to,
                            int channel, int channels, const float *p) {
  switch (layer->m * 2 + layer->pool) {
    case 4: outputTiles(2, 0, layer, block, from, to, channel, channels, p); break;
    case 5: outputTiles(2, 1, layer, block, from, to, channel, channels, p); break;
    case 6: outputTiles(3, 0, layer, block, from, to, channel, channels, p); break;
    case 8: outputTiles(4, 0, layer, block, from, to, channel, channels, p); break;
    case 9: outputTiles(4, 1, layer, block, from, to, channel, channels, p); break;
    case 10: outputTiles(5, 0, layer, block, from, to, channel, channels, p); break;
    case 12: outputTiles(6, 0, layer, block, from, to, channel, channels, p); break;
    case 13: outputTiles(6, 1, layer, block, from, to, channel, channels, p); break;
  }
}
