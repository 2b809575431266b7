// The interpolation points of F(m x m, 3 x 3) and the constants the transforms make of them.
//
// Points: plus and minus each value below, infinity and, for even m, 0. Odd m leaves 0 out, so
// that all finite points are pairs, which halves the transforms. Of the dyadic values (which
// make the constants exact) these have the least error in VGG16's features.
#pragma once

#define POINTS2(X) X(1.0)
#define POINTS3(X) X(0.5, 1.5)
#define POINTS4(X) X(0.625, 1.5)
#define POINTS5(X) X(0.25, 0.875, 1.75)
#define POINTS6(X) X(0.5, 1.0, 2.0)

#define SQUARE(a) ((a) * (a))
#define POWERS(a) {1, (a), SQUARE(a), SQUARE(a) * (a), SQUARE(SQUARE(a)), SQUARE(SQUARE(a)) * (a)}

#define LIST1(a) {a}
#define LIST2(a, b) {a, b}
#define LIST3(a, b, c) {a, b, c}

// Coefficients in x^2 of the product of (x^2 - q^2) over all pairs q but one ...
#define REST1(a) {{1}}
#define REST2(a, b) {{-SQUARE(b), 1}, {-SQUARE(a), 1}}
#define REST3(a, b, c)                                                   \
  {{SQUARE(b) * SQUARE(c), -(SQUARE(b) + SQUARE(c)), 1},                 \
   {SQUARE(a) * SQUARE(c), -(SQUARE(a) + SQUARE(c)), 1},                 \
   {SQUARE(a) * SQUARE(b), -(SQUARE(a) + SQUARE(b)), 1}}

// ... and over all of them.
#define FULL1(a) {-SQUARE(a), 1}
#define FULL2(a, b) {SQUARE(a) * SQUARE(b), -(SQUARE(a) + SQUARE(b)), 1}
#define FULL3(a, b, c)                                                               \
  {-SQUARE(a) * SQUARE(b) * SQUARE(c),                                               \
   SQUARE(a) * SQUARE(b) + SQUARE(a) * SQUARE(c) + SQUARE(b) * SQUARE(c),            \
   -(SQUARE(a) + SQUARE(b) + SQUARE(c)), 1}

#define POWERS1(a) {POWERS(a)}
#define POWERS2(a, b) {POWERS(a), POWERS(b)}
#define POWERS3(a, b, c) {POWERS(a), POWERS(b), POWERS(c)}

// Indexed by m, then by pair.
static const float pointOf[7][3] = {{0}, {0}, POINTS2(LIST1), POINTS3(LIST2), POINTS4(LIST2),
                                    POINTS5(LIST3), POINTS6(LIST3)};
static const float restOf[7][3][3] = {{{0}}, {{0}}, POINTS2(REST1), POINTS3(REST2),
                                      POINTS4(REST2), POINTS5(REST3), POINTS6(REST3)};
static const float fullOf[7][4] = {{0}, {0}, POINTS2(FULL1), POINTS3(FULL2), POINTS4(FULL2),
                                   POINTS5(FULL3), POINTS6(FULL3)};
static const float powersOf[7][3][6] = {{{0}}, {{0}}, POINTS2(POWERS1), POINTS3(POWERS2),
                                        POINTS4(POWERS2), POINTS5(POWERS3), POINTS6(POWERS3)};
