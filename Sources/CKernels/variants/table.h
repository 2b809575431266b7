// Fills in the table of this instruction set.
#pragma once

#include "direct.h"
#include "gradients.h"
#include "lines.h"
#include "products.h"
#include "training.h"
#include "transforms.h"
#include "weights.h"

#define KERNELS                             \
  {                                         \
    .vector_width = VECTOR_WIDTH,           \
    .channel_block = CHANNEL_BLOCK,         \
    .panel_rows = PANEL_ROWS,               \
    .channels_per_word = CHANNELS_PER_WORD, \
    .transform_weights = transformWeights,  \
    .transform_training = transformTraining, \
    .transform_input = transformInput,      \
    .multiply = multiply,                   \
    .transform_output = transformOutput,    \
    .gradient_input = gradientInput,        \
    .gradient_output = gradientOutput,      \
    .add_outer = addOuter,                  \
    .gather_weights = gatherWeights,        \
    .direct_lines = directLines,            \
    .add_rows = addRows,                    \
    .direct_row = directRow,                \
    .pool_row = poolRow,                    \
  }
