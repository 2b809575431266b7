// Direct convolution for layers of few input channels, and max-pooling on its own.
#pragma once

#include "vector.h"

enum { DIRECT_PIXELS = VECTOR_WIDTH == 16 ? 6 : 2 };

// `pixels` adjacent output pixels, `vectors` vectors of output channels. `source` is the top
// left input of the first pixel's patch.
INLINE void directPixels(int pixels, int vectors, const ck_direct *layer, const float *source,
                         const float *weights, const float *bias, float *destination) {
  const int taps = 3 * layer->input_channels;
  vec sum[DIRECT_PIXELS][4];
  UNROLL for (int x = 0; x < pixels; x++)
    UNROLL for (int j = 0; j < vectors; j++) sum[x][j] = load(bias + j * VECTOR_WIDTH);
  for (int y = 0; y < 3; y++) {
    const float *s = source + y * layer->input.row;
    for (int i = 0; i < taps; i++, weights += CHANNEL_BLOCK) {
      vec w[4];
      UNROLL for (int j = 0; j < vectors; j++)
        w[j] = load(weights + j / 2 * (3 * taps * CHANNEL_BLOCK) + j % 2 * VECTOR_WIDTH);
      UNROLL for (int x = 0; x < pixels; x++) {
        vec d = (vec)(s[x * layer->input_channels + i]);
        UNROLL for (int j = 0; j < vectors; j++) sum[x][j] = multiplyAdd(d, w[j], sum[x][j]);
      }
    }
  }
  UNROLL for (int x = 0; x < pixels; x++)
    UNROLL for (int j = 0; j < vectors; j++)
      store(destination + x * layer->output.pixel + j * VECTOR_WIDTH,
            larger((vec)(0.0f), sum[x][j]));
}

// A whole row for `vectors` vectors of channels from `channel` on.
INLINE void directChannels(int vectors, const ck_direct *layer, const float *source, int channel,
                           float *destination) {
  const float *weights = layer->weights + (size_t)channel * 9 * (size_t)layer->input_channels;
  const float *bias = layer->bias + channel;
  int x = 0;
  for (; x + DIRECT_PIXELS <= layer->width; x += DIRECT_PIXELS)
    directPixels(DIRECT_PIXELS, vectors, layer, source + x * layer->input.pixel, weights, bias,
                 destination + x * layer->output.pixel + channel);
  for (; x < layer->width; x++)
    directPixels(1, vectors, layer, source + x * layer->input.pixel, weights, bias,
                 destination + x * layer->output.pixel + channel);
}

static void directRow(const ck_direct *layer, int picture, int y) {
  const float *source = layer->input.origin + picture * layer->input.picture +
                        (y - 1) * layer->input.row - layer->input.pixel;
  float *destination =
      layer->output.origin + picture * layer->output.picture + y * layer->output.row;
  int channel = 0;
  for (; channel + 2 * CHANNEL_BLOCK <= layer->output_channels; channel += 2 * CHANNEL_BLOCK)
    directChannels(4, layer, source, channel, destination);
  if (channel < layer->output_channels) directChannels(2, layer, source, channel, destination);
}

static void poolRow(int width, int channels, const float *source, ptrdiff_t row,
                    float *destination) {
  for (int x = 0; x < width; x++, source += 2 * channels, destination += channels)
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
      const float *upper = source + c, *lower = upper + row;
      store(destination + c, largest(load(upper), load(upper + channels), load(lower),
                                     load(lower + channels)));
    }
}
