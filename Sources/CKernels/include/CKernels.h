// The C floor of Headstart's arithmetic: convolution kernels for the instruction set of this
// CPU, a thread pool and memory on huge pages. Nothing here checks its arguments: the Swift
// target Kernels does.
#pragma once

#include "ck_kernels.h"
#include "ck_memory.h"
#include "ck_pool.h"
#include "ck_updates.h"
