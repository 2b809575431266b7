// Workers wait for a new generation of work: a bounded spin first, because the steps of a
// network follow each other within microseconds, then asleep on a condition variable, because
// other threads (decoding, other programs) want the core.
#define _GNU_SOURCE
#include "ck_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SPINS = 1000 };  // some 20 to 40 microseconds

struct ck_pool {
  int threads;
  int spins;
  pthread_mutex_t turn;  // held by the caller whose work is under way
  pthread_mutex_t lock;  // guards what the condition variables are about
  pthread_cond_t work, finished;
  atomic_long generation;
  atomic_int unfinished;
  int asleep;       // workers waiting on `work`
  bool ending;
  void (*body)(void *context, int worker);
  void *context;
  pthread_t *ids;
};

typedef struct {
  ck_pool *pool;
  int index;
} Worker;

// The pool whose body this thread is running, and which of its workers it is.
static _Thread_local ck_pool *running;
static _Thread_local int runningWorker;

static inline void pauseBriefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void waitForWork(ck_pool *pool, long seen) {
  for (int i = 0; i < pool->spins; i++) {
    if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen) return;
    pauseBriefly();
  }
  pthread_mutex_lock(&pool->lock);
  pool->asleep++;
  while (atomic_load_explicit(&pool->generation, memory_order_acquire) == seen)
    pthread_cond_wait(&pool->work, &pool->lock);
  pool->asleep--;
  pthread_mutex_unlock(&pool->lock);
}

static void *workerMain(void *argument) {
  Worker worker = *(Worker *)argument;
  free(argument);
  ck_pool *pool = worker.pool;
  running = pool;
  runningWorker = worker.index;
  for (long seen = 0;; seen++) {
    waitForWork(pool, seen);
    if (pool->ending) return NULL;
    pool->body(pool->context, worker.index);
    if (atomic_fetch_sub_explicit(&pool->unfinished, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

// Lets every worker see a new generation.
static void announce(ck_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
  if (pool->asleep > 0) pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
}

// Waits for the workers other than the caller.
static void waitForWorkers(ck_pool *pool) {
  for (int i = 0; i < pool->spins; i++) {
    if (atomic_load_explicit(&pool->unfinished, memory_order_acquire) == 0) return;
    pauseBriefly();
  }
  pthread_mutex_lock(&pool->lock);
  while (atomic_load_explicit(&pool->unfinished, memory_order_acquire) > 0)
    pthread_cond_wait(&pool->finished, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

// Calls `body` once on every worker; inside a body of the same pool, on the worker that asks.
static void runOnWorkers(ck_pool *pool, void (*body)(void *, int), void *context) {
  if (running == pool) {
    body(context, runningWorker);
    return;
  }
  pthread_mutex_lock(&pool->turn);
  ck_pool *poolBefore = running;
  int workerBefore = runningWorker;
  running = pool;
  runningWorker = 0;
  if (pool->threads > 1) {
    pool->body = body;
    pool->context = context;
    atomic_store_explicit(&pool->unfinished, pool->threads - 1, memory_order_relaxed);
    announce(pool);
  }
  body(context, 0);
  if (pool->threads > 1) waitForWorkers(pool);
  running = poolBefore;
  runningWorker = workerBefore;
  pthread_mutex_unlock(&pool->turn);
}

typedef struct {
  atomic_long next;
  long count;
  void (*body)(void *context, long index, int worker);
  void *context;
} Loop;

static void runLoop(void *argument, int worker) {
  Loop *loop = argument;
  for (;;) {
    long index = atomic_fetch_add_explicit(&loop->next, 1, memory_order_relaxed);
    if (index >= loop->count) return;
    loop->body(loop->context, index, worker);
  }
}

void ck_pool_for(ck_pool *pool, long count, void (*body)(void *, long, int), void *context) {
  Loop loop = {.count = count, .body = body, .context = context};
  if (count > 0) runOnWorkers(pool, runLoop, &loop);
}

ck_pool *ck_pool_create(int threads) {
  ck_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->ids = calloc((size_t)threads, sizeof *pool->ids);
  if (!pool->ids) {
    free(pool);
    return NULL;
  }
  // Without a core for each thread, whoever spins keeps another from working.
  pool->spins = threads <= ck_available_cores() ? SPINS : 0;
  pthread_mutex_init(&pool->turn, NULL);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_cond_init(&pool->finished, NULL);
  pool->threads = 1;
  for (int index = 1; index < threads; index++) {
    Worker *worker = malloc(sizeof *worker);
    if (worker) *worker = (Worker){pool, index};
    if (!worker || pthread_create(&pool->ids[index], NULL, workerMain, worker) != 0) {
      free(worker);
      ck_pool_destroy(pool);
      return NULL;
    }
    pool->threads++;
  }
  return pool;
}

void ck_pool_destroy(ck_pool *pool) {
  pool->ending = true;
  announce(pool);
  for (int index = 1; index < pool->threads; index++) pthread_join(pool->ids[index], NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->turn);
  free(pool->ids);
  free(pool);
}
