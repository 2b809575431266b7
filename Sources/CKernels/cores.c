#define _GNU_SOURCE
#include "ck_pool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>

// Cores allowed by one file `cpu.max` ("quota period" or "max period"), or `most`.
static int coresOfQuota(const char *path, int most) {
  FILE *file = fopen(path, "r");
  if (!file) return most;
  long quota = 0, period = 0;
  int fields = fscanf(file, "%ld %ld", &quota, &period);
  fclose(file);
  if (fields != 2 || quota <= 0 || period <= 0) return most;
  long cores = (quota + period - 1) / period;
  return cores < most ? (int)cores : most;
}

// The quota (cgroup v2) of this process' group and of every group above it.
static int coresOfGroups(int most) {
  char line[4096], path[4096 + 64];
  FILE *file = fopen("/proc/self/cgroup", "r");
  if (!file) return most;
  char *group = NULL;
  while (!group && fgets(line, sizeof line, file))
    if (strncmp(line, "0::", 3) == 0) group = line + 3;
  fclose(file);
  if (!group) return most;
  group[strcspn(group, "\n")] = 0;
  for (;;) {
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
    most = coresOfQuota(path, most);
    char *last = strrchr(group, '/');
    if (!last || group[0] == 0) return most;
    *last = 0;
  }
}
#endif

int ck_available_cores(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
  if (cores > 1) cores = coresOfGroups((int)cores);
#endif
  return cores < 1 ? 1 : (int)cores;
}
