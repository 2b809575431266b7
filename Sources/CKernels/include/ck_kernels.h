// The convolution kernels of one instruction set, as a table of functions.
//
// A 3x3 same-padded convolution runs as Winograd's F(m x m, 3 x 3): the output is cut into
// m x m tiles, a tile needs a patch of (m+2) x (m+2) inputs, and in the transformed domain the
// convolution of all tiles is one matrix product per frequency f:
//
//   P[f][tile][cout] = V[f][tile][cin] * U[f][cin][cout],    f = 0 ..< (m+2)^2
//
// Layouts, N being the table's `channel_block`, W its `vector_width`:
//   activations  NHWC inside a border of zeros wide enough for the last tile, channels a
//                multiple of N
//   V            [f][panel][cin / W][row][W]; a panel is up to `panel_rows` tiles, the rows of
//                the register block. The input transform stores whole vectors, the product
//                broadcasts single floats of them, nothing is transposed.
//   U            [f][cout / N][cin][N]
//   P            [f][tile][channels], strides given by the block
// With bf16 products, V and U hold pairs of adjacent input channels in the place of a float:
// V [f][panel][cin / 2W][row][W][2], U [f][cout / N][cin / 2][N][2].
#pragma once

#include <stddef.h>

typedef struct ck_activations {
  float *origin;                   // pixel (0, 0), channel 0 of the first picture
  ptrdiff_t pixel, row, picture;   // floats from one to the next
} ck_activations;

// A Winograd layer at one size of picture.
typedef struct ck_winograd {
  int m;
  int tiles_y, tiles_x;                  // of one picture
  int input_channels, output_channels;   // multiples of `channel_block`
  int output_height, output_width;       // pixels stored per picture: the pooled ones with `pool`
  int pool;                              // store the maximum of each 2 x 2 pixels (even m only)
  ck_activations input, output;
  const float *weights;                  // U
  const float *bias;
  int pad_y, pad_x;                      // rows above and columns left of pixel (0, 0) in tile 0
  float least;                           // raises what is smaller: 0 for ReLU, else -INFINITY
  // Pictures as they are in the caller's arrays: no border, channels not padded. Only f32.
  int exact;
  int input_height, input_width;
  int exact_input_channels, exact_output_channels;
} ck_winograd;

// The transformed operands of a kernel's gradient, the adjoint of the forward pass:
//
//   dU[f][cin][cout] = sum over tiles of V[f][tile][cin] * D[f][tile][cout],   dw = G^T dU G
//
// with D = A dy A^T. Channels are padded to whole vectors (cin) and blocks (cout).
typedef struct ck_gradient {
  int count;                           // tiles of the block
  size_t input_tile, input_frequency;    // floats between tiles and frequencies of V
  size_t output_tile, output_frequency;  // and of D
} ck_gradient;

// Some consecutive tiles of one or more pictures, cut into panels of equal height.
typedef struct ck_block {
  int first, tiles;                   // first tile, counted through all pictures
  int panel_rows, panels;
  size_t input_frequency;             // floats between frequencies of V
  size_t product_tile, product_frequency;   // floats between tiles and frequencies of P
} ck_block;

// A layer of few input channels, computed directly: the 3 * cin inputs of one row of the kernel
// are adjacent in memory, so the input's pixels must be exactly `input_channels` floats apart.
typedef struct ck_direct {
  int input_channels;
  int output_channels;   // a multiple of `channel_block`
  int width;
  ck_activations input, output;
  const float *weights;  // [cout / N][9 cin][N]
  const float *bias;
} ck_direct;

// Weights to be transformed: kernel[3][3][cin][cout] to U, zeros added up to whole blocks.
typedef struct ck_weights {
  int m;
  int flipped;                           // for the input's gradient: see `transform_training`
  int input_channels, output_channels;   // of `kernel`
  int padded_input, padded_output;       // of `transformed`
  const float *kernel;
  float *transformed;
} ck_weights;

// A row of output pixels of a convolution with any window, computed directly. What a pixel sees
// of one row of the input is a line: adjacent values.
typedef struct ck_lines {
  int pixels;
  int lines, line;               // of a window, and values of each
  const float *input;            // of the first pixel's window
  ptrdiff_t input_row, input_step;   // floats between rows, and between pixels' windows
  int output_channels;           // not padded
  float *output;                 // pixels `output_channels` apart
} ck_lines;

typedef struct ck_kernels {
  int vector_width;
  int channel_block;
  int panel_rows;          // most rows of a panel
  int channels_per_word;   // input channels in the place of one float of V and U: 1, bf16: 2

  // U of input channels from ..< to and one block of output channels.
  void (*transform_weights)(const ck_weights *weights, int block, int from, int to);

  // The same in f32, for weights that change with every step. With `flipped`, `kernel` is that of
  // the forward pass, [3][3][output_channels][input_channels], turned by half a turn.
  void (*transform_training)(const ck_weights *weights, int block, int from, int to);

  // V of the block's tiles from ..< to.
  void (*transform_input)(const ck_winograd *layer, const ck_block *block, int from, int to,
                          float *v);

  // P of one frequency, all tiles of the block, N output channels: `v`, `u`, `p` point to that
  // frequency and those channels. `next` is the U that will be used next.
  void (*multiply)(const ck_winograd *layer, const ck_block *block, const float *v,
                   const float *u, float *p, const float *next);

  // Inverse transform of the block's tiles from ..< to for `channels` output channels from
  // `channel` on, which are the first of `p`; with bias, ReLU and pool, stored as activations.
  void (*transform_output)(const ck_winograd *layer, const ck_block *block, int from, int to,
                           int channel, int channels, const float *p);

  // V and D of the tiles first + from ..< first + to, exact layers only; `layer->output` is dy.
  void (*gradient_input)(const ck_winograd *layer, const ck_gradient *block, int first, int from,
                         int to, float *v);
  void (*gradient_output)(const ck_winograd *layer, const ck_gradient *block, int first, int from,
                          int to, float *d);

  // Adds to p[rows][N] the sum of v[i * v_step + row] * d[i * d_step + column] over
  // i < count, rows being `row` floats apart in p.
  void (*add_outer)(int count, int rows, const float *v, ptrdiff_t v_step, const float *d,
                    ptrdiff_t d_step, float *p, ptrdiff_t row);

  // dw = G^T dU G of input channels from ..< to: `sums` is dU[f][cin][cout], frequencies
  // `frequency` floats apart, cout padded; kernel[3][3][cin][cout] has `output_channels` of them.
  void (*gather_weights)(const ck_weights *weights, size_t frequency, int from, int to,
                         const float *sums, float *kernel);

  // One row of output pixels; `weights` [cout / N][lines][line][N] and `bias` padded to whole
  // blocks, results raised to `least`.
  void (*direct_lines)(const ck_lines *row, const float *weights, const float *bias, float least);

  // Adds to sums[channels] the sum of `rows` rows.
  void (*add_rows)(long rows, int channels, const float *values, double *sums);

  // One row of output pixels of a direct layer, with bias and ReLU.
  void (*direct_row)(const ck_direct *layer, int picture, int y);

  // One row of 2 x 2 maxima: `width` pixels of `channels` channels from the rows `source` and
  // `source + row`, input pixels being `channels` apart as output ones are.
  void (*pool_row)(int width, int channels, const float *source, ptrdiff_t row,
                   float *destination);
} ck_kernels;

// The instruction sets, each NULL where the CPU (or the build) lacks it.
const ck_kernels *ck_portable(void);
const ck_kernels *ck_avx2(void);
const ck_kernels *ck_avx512(void);
// bf16 products with AVX512-BF16, everything else as in `ck_avx512`.
const ck_kernels *ck_avx512_bf16(void);
