#include "ck_kernels.h"

extern const ck_kernels ck_portable_kernels;

const ck_kernels *ck_portable(void) { return &ck_portable_kernels; }

#if defined(__x86_64__)
extern const ck_kernels ck_avx2_kernels, ck_avx512_kernels, ck_avx512_bf16_kernels;

static int hasAVX2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int hasAVX512(void) {
  return hasAVX2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

const ck_kernels *ck_avx2(void) { return hasAVX2() ? &ck_avx2_kernels : 0; }

const ck_kernels *ck_avx512(void) { return hasAVX512() ? &ck_avx512_kernels : 0; }

const ck_kernels *ck_avx512_bf16(void) {
  return hasAVX512() && __builtin_cpu_supports("avx512bf16") ? &ck_avx512_bf16_kernels : 0;
}
#else
const ck_kernels *ck_avx2(void) { return 0; }
const ck_kernels *ck_avx512(void) { return 0; }
const ck_kernels *ck_avx512_bf16(void) { return 0; }
#endif
