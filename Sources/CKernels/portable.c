// The kernels in plain vectors of four floats, for CPUs without AVX2 and for other processors.
#define VECTOR_WIDTH 4
#define PANEL_ROWS 6
#define CHANNELS_PER_WORD 1
#define HAS_FMA 0
#include "variants/table.h"

const ck_kernels ck_portable_kernels = KERNELS;
