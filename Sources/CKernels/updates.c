#include "ck_updates.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF
// How vectors are passed differs with and without AVX; here they only pass between inlined helpers.
#pragma clang diagnostic ignored "-Wpsabi"

// Eight numbers; compilers without such registers use two of four.
typedef float vector __attribute__((vector_size(32)));

#define LANES 8

// The next lanes of an array; past its end 1, for which every formula is harmless.
static inline vector load(const float *from, long lanes) {
  vector result = {1, 1, 1, 1, 1, 1, 1, 1};
  if (lanes >= LANES) {
    memcpy(&result, from, sizeof result);
  } else {
    memcpy(&result, from, (size_t)lanes * sizeof(float));
  }
  return result;
}

static inline void store(float *to, vector value, long lanes) {
  if (lanes >= LANES) {
    memcpy(to, &value, sizeof value);
  } else {
    memcpy(to, &value, (size_t)lanes * sizeof(float));
  }
}

void ck_update_descent(float *w, const float *g, long count, float rate) {
  for (long i = 0; i < count; i++) w[i] -= g[i] * rate;
}

void ck_update_momentum(
    float *w, float *m, const float *g, long count, float rate, float momentum, int nesterov) {
  for (long i = 0; i < count; i++) {
    float change = g[i] * rate;
    m[i] = m[i] * momentum - change;
    w[i] += nesterov ? m[i] * momentum - change : m[i];
  }
}

void ck_update_rmsprop(
    float *w, float *v, float *m, const float *g, long count, float rate, float rho, float rest,
    float momentum, float epsilon) {
  for (long i = 0; i < count; i += LANES) {
    long lanes = count - i;
    vector gradient = load(g + i, lanes);
    vector square = rho * load(v + i, lanes) + rest * (gradient * gradient);
    store(v + i, square, lanes);
    vector increment = rate * gradient / __builtin_elementwise_sqrt(square + epsilon);
    if (m) {
      increment = momentum * load(m + i, lanes) + increment;
      store(m + i, increment, lanes);
    }
    store(w + i, load(w + i, lanes) - increment, lanes);
  }
}

void ck_update_adam(
    float *w, float *m, float *v, const float *g, long count, float alpha, float rest1,
    float rest2, float epsilon) {
  for (long i = 0; i < count; i += LANES) {
    long lanes = count - i;
    vector gradient = load(g + i, lanes);
    vector mean = load(m + i, lanes);
    vector square = load(v + i, lanes);
    mean += (gradient - mean) * rest1;
    square += (gradient * gradient - square) * rest2;
    store(m + i, mean, lanes);
    store(v + i, square, lanes);
    vector change = mean * alpha / (__builtin_elementwise_sqrt(square) + epsilon);
    store(w + i, load(w + i, lanes) - change, lanes);
  }
}
