// Vectors of VECTOR_WIDTH floats. Every file of this folder is compiled once per instruction
// set, by the .c files that define
//   VECTOR_WIDTH   16 (AVX-512), 8 (AVX2) or 4 (portable)
//   PANEL_ROWS     most tiles in a register block
//   HAS_FMA        whether the target has a fused multiply-add
// On NHWC activations a vector is that many adjacent channels.
#pragma once

#include <stddef.h>

#include "ck_kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vec __attribute__((ext_vector_type(VECTOR_WIDTH), aligned(4)));

enum { CHANNEL_BLOCK = 2 * VECTOR_WIDTH, LINE = 16 /* floats of a cache line */ };

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }

// a * b + c
INLINE vec multiplyAdd(vec a, vec b, vec c) {
#if HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// The larger of each pair, b where one is not a number: larger(0, x) keeps NaN visible.
// (One instruction; __builtin_elementwise_max takes three.)
INLINE vec larger(vec a, vec b) { return a > b ? a : b; }

// The largest of four, not a number where one of them is not.
INLINE vec largest(vec a, vec b, vec c, vec d) {
  vec value = larger(larger(a, b), larger(c, d));
  return ((a != a) | (b != b) | (c != c) | (d != d)) ? (vec)(__builtin_nanf("")) : value;
}

INLINE int smaller(int a, int b) { return a < b ? a : b; }
INLINE int larger0(int a) { return a > 0 ? a : 0; }

// The first `lanes` floats, zeros behind them; none if `lanes` is not positive.
INLINE vec loadSome(const float *p, int lanes) {
  if (lanes >= VECTOR_WIDTH) return load(p);
  vec v = (vec)(0.0f);
  for (int i = 0; i < lanes; i++) v[i] = p[i];
  return v;
}
INLINE void storeSome(float *p, vec v, int lanes) {
  if (lanes >= VECTOR_WIDTH) {
    store(p, v);
  } else {
    for (int i = 0; i < lanes; i++) p[i] = v[i];
  }
}
