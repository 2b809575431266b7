#if defined(__x86_64__)
#include <stddef.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#define VECTOR_WIDTH 16
#define PANEL_ROWS 14  // 14 x 2 sums, 2 weights and 1 broadcast are 31 of 32 registers
#define CHANNELS_PER_WORD 1
#define HAS_FMA 1
#include "variants/table.h"

const ck_kernels ck_avx512_kernels = KERNELS;
#pragma clang attribute pop
#endif
