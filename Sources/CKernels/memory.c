#define _GNU_SOURCE
#include "ck_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

static void *allocateSmall(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes ? bytes : 1) != 0) return NULL;
  return memset(memory, 0, bytes);
}

#ifdef WATCHED
// Under AddressSanitizer, memory of exactly the size asked for, so that it sees what is outside.
void *ck_allocate(size_t bytes) { return bytes > SIZE_MAX / 2 ? NULL : allocateSmall(bytes); }

void ck_deallocate(void *memory, size_t bytes) {
  (void)bytes;
  free(memory);
}
#else
enum { HUGE_PAGE = 2 << 20, LEAST_MAPPED = 256 << 10 /* below it a huge page is a waste */ };

static size_t roundUp(size_t bytes) { return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

void *ck_allocate(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return NULL;
  if (bytes < LEAST_MAPPED) return allocateSmall(bytes);
  size_t size = roundUp(bytes);
  char *start = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0);
  if (start == MAP_FAILED) return NULL;
  // Cut the aligned part out of a larger mapping and give the rest back.
  char *aligned = (char *)roundUp((size_t)start);
  if (aligned > start) munmap(start, (size_t)(aligned - start));
  size_t after = (size_t)(start + size + HUGE_PAGE - (aligned + size));
  if (after > 0) munmap(aligned + size, after);
#ifdef MADV_HUGEPAGE
  madvise(aligned, size, MADV_HUGEPAGE);
#endif
  return aligned;
}

void ck_deallocate(void *memory, size_t bytes) {
  if (bytes < LEAST_MAPPED) {
    free(memory);
  } else if (memory) {
    munmap(memory, roundUp(bytes));
  }
}
#endif

void ck_keep_freed_memory(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);  // other arenas have heaps of 64 MiB, given back when they are empty
  mallopt(M_MMAP_MAX, 0);   // a large M_MMAP_THRESHOLD is refused by older libraries
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}
