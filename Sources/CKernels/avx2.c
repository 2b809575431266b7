#if defined(__x86_64__)
#include <stddef.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VECTOR_WIDTH 8
#define PANEL_ROWS 6  // 6 x 2 sums, 2 weights and 1 broadcast are 15 of 16 registers
#define CHANNELS_PER_WORD 1
#define HAS_FMA 1
#include "variants/table.h"

const ck_kernels ck_avx2_kernels = KERNELS;
#pragma clang attribute pop
#endif
