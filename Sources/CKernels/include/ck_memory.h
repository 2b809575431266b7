// Memory for the kernels: zeroed, aligned to cache lines, if large on huge pages where the system
// allows.
#pragma once

#include <stddef.h>

// `bytes` of zeroed memory, or NULL when there is none. The transforms touch (m+2)² distant
// places at a time, too many for a TLB of 4 KiB pages: hence the huge pages.
void *ck_allocate(size_t bytes);

// Gives back what `ck_allocate(bytes)` returned.
void ck_deallocate(void *memory, size_t bytes);

// Makes malloc keep what is freed for the next request instead of giving it back to the system,
// where the C library can be told so.
void ck_keep_freed_memory(void);
