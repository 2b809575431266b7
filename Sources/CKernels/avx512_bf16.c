// AVX-512 with bf16 products: transforms, sums and activations stay f32; V and U are rounded to
// bf16, whose dot product of pairs does twice the work of an f32 multiply-add.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma"))), \
    apply_to = function)
#define VECTOR_WIDTH 16
#define PANEL_ROWS 14
#define CHANNELS_PER_WORD 2
#define HAS_FMA 1
#define BF16_PRODUCTS
#include "variants/vector.h"

// Products: a word is a pair of adjacent input channels.
typedef __m512bh word;

INLINE word loadWeights(const float *u) { return (__m512bh)_mm512_loadu_ps(u); }
INLINE word broadcast(const float *v) { return (__m512bh)_mm512_set1_ps(*v); }
INLINE vec multiplyWords(word a, word b, vec sum) {
  return (vec)_mm512_dpbf16_ps((__m512)sum, a, b);
}

INLINE void inputTiles(int m, const ck_winograd *layer, const ck_block *block, int from, int to,
                       float *v);
INLINE void storeWeights(const ck_weights *job, int f, int block, int channel,
                         const double *values);
#include "variants/table.h"

// Two vectors of channels become one vector of pairs.
INLINE void inputTiles(int m, const ck_winograd *layer, const ck_block *block, int from, int to,
                       float *v) {
  const int frequencies = (m + 2) * (m + 2);
  float halves[64 * 2 * VECTOR_WIDTH] __attribute__((aligned(64)));
  for (int t = from; t < to; t++) {
    Patch patch = patchOf(layer, block, t, v, 2);
    for (int c = 0; c < layer->input_channels; c += 2 * VECTOR_WIDTH, patch.v += patch.chunk) {
      for (int half = 0; half < 2; half++)
        inputTile(m, patch.source + c + half * VECTOR_WIDTH, layer->input.row, layer->input.pixel,
                  1, halves + half * VECTOR_WIDTH, 2 * VECTOR_WIDTH);
      for (int f = 0; f < frequencies; f++) {
        const float *pair = halves + f * 2 * VECTOR_WIDTH;
        __m512bh rounded =
            _mm512_cvtne2ps_pbh(_mm512_load_ps(pair + VECTOR_WIDTH), _mm512_load_ps(pair));
        _mm512_storeu_ps(patch.v + (size_t)f * block->input_frequency, (__m512)rounded);
      }
    }
  }
}

// The nearest bf16, ties to even.
INLINE uint16_t bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);  // NaN stays NaN
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// One input channel's weights of frequency `f` to one half of U[f][block][channel / 2].
INLINE void storeWeights(const ck_weights *job, int f, int block, int channel,
                         const double *values) {
  int blocks = job->padded_output / CHANNEL_BLOCK;
  size_t at = ((size_t)f * (size_t)blocks + (size_t)block) * (size_t)(job->padded_input / 2);
  uint16_t *u = (uint16_t *)(job->transformed + (at + (size_t)channel / 2) * CHANNEL_BLOCK);
  for (int c = 0; c < CHANNEL_BLOCK; c++) u[2 * c + channel % 2] = bf16((float)values[c]);
}

const ck_kernels ck_avx512_bf16_kernels = KERNELS;
#pragma clang attribute pop
#endif
