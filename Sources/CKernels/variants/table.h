// Fills in the table of this instruction set.
#pragma once

#include "direct.h"
#include "products.h"
#include "transforms.h"
#include "weights.h"

#define KERNELS                             \
  {                                         \
    .vector_width = VECTOR_WIDTH,           \
    .channel_block = CHANNEL_BLOCK,         \
    .panel_rows = PANEL_ROWS,               \
    .channels_per_word = CHANNELS_PER_WORD, \
    .transform_weights = transformWeights,  \
    .transform_input = transformInput,      \
    .multiply = multiply,                   \
    .transform_output = transformOutput,    \
    .direct_row = directRow,                \
    .pool_row = poolRow,                    \
  }
