// Updates of parameters by their gradients, in C for the sake of vector square roots: Swift's
// take one lane after the other.
//
// Every sum and product is rounded by itself (no fused multiply-add), as in Keras, so the bits
// do not depend on the width of the vectors. Arrays do not overlap.
#pragma once

// w -= rate * g
void ck_update_descent(float *w, const float *g, long count, float rate);

// m = momentum * m - rate * g, then w += m, or momentum * m - rate * g if nesterov.
void ck_update_momentum(
    float *w, float *m, const float *g, long count, float rate, float momentum, int nesterov);

// v = rho * v + rest * g², then w -= rate * g / sqrt(v + epsilon). With m, that quotient is added
// to momentum * m first, and w -= m.
void ck_update_rmsprop(
    float *w, float *v, float *m, const float *g, long count, float rate, float rho, float rest,
    float momentum, float epsilon);

// m += (g - m) * rest1, v += (g² - v) * rest2, then w -= alpha * m / (sqrt(v) + epsilon).
void ck_update_adam(
    float *w, float *m, float *v, const float *g, long count, float alpha, float rest1,
    float rest2, float epsilon);
