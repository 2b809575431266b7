// A pool of threads that sleep when there is nothing to do.
#pragma once

#include <stddef.h>

typedef struct ck_pool ck_pool;

// Starts `threads` - 1 threads; whoever calls `ck_pool_for` is worker 0. NULL when the system has
// no room for them.
ck_pool *ck_pool_create(int threads);

// Ends the threads. No run may be under way.
void ck_pool_destroy(ck_pool *pool);

// Calls `body(context, index, worker)` for every index 0 ..< count, each on the next worker
// that is free, and waits for all. Work given by several threads is done in turns; what is given
// from inside a body of the same pool is done by that worker alone, one index after another.
void ck_pool_for(ck_pool *pool, long count, void (*body)(void *context, long index, int worker),
                 void *context);

// Cores this process may use: its affinity mask, cut by the quota of its control group.
int ck_available_cores(void);
