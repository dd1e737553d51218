/* pool.h - a fixed set of worker threads that run the tasks of one job at a time.
 * Tasks split outputs, never a sum, so which worker runs a task cannot change a bit. */
#ifndef DS_BASE_POOL_H
#define DS_BASE_POOL_H

#include "descent/base.h"

typedef struct ds_pool ds_pool;

/* One task of a job: task in 0..tasks-1, worker in 0..threads-1 (for private scratch). */
typedef void (*ds_task_fn)(void *arg, int64_t task, int worker);

/* threads >= 1 counts the caller. NULL when memory or threads cannot be had. */
ds_pool *ds_pool_create(int threads);
void ds_pool_free(ds_pool *pool);
int ds_pool_threads(const ds_pool *pool);
/* Run fn for every task and return when all are done. Runs inline with one thread or one task. Not reentrant. */
void ds_pool_run(ds_pool *pool, int64_t tasks, ds_task_fn fn, void *arg);

#endif
