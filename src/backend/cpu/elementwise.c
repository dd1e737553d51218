/* elementwise.c - a fused program over its whole rectangle: threads take rows, or stretches of a single row. */
#include "backend/cpu/cpu.h"

typedef struct job {
    const ds_call *call;
    int64_t rows, cols, step, tasks;
    bool by_rows;
    size_t tile;
} job;

size_t ds_scratch_elementwise(const ds_call *call, int threads)
{
    return ds_align64(ds_ew_tile_bytes(call->post)) * (size_t)threads;
}

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t from = index * j->step, limit = j->by_rows ? j->rows : j->cols,
            to = from + j->step < limit ? from + j->step : limit;
    void *tile = (char *)j->call->scratch + (size_t)worker * j->tile;
    if (j->by_rows)
        j->call->vec->ew(j->call->post, from, to, 0, j->cols, tile, NULL);
    else
        j->call->vec->ew(j->call->post, 0, 1, from, to, tile, NULL);
}

void ds_cpu_elementwise(const ds_call *call)
{
    const ds_ew_program *p = call->post;
    job j = { .call = call, .rows = 1, .cols = p->dim[p->rank - 1], .tile = ds_align64(ds_ew_tile_bytes(p)) };
    for (int d = 0; d < p->rank - 1; d++) j.rows *= p->dim[d];
    j.by_rows = j.rows != 1;
    int64_t limit = j.by_rows ? j.rows : j.cols, threads = ds_pool_threads(call->pool);
    int64_t work = j.rows * j.cols * (p->ninstr + p->nload + p->nstore);
    int64_t tasks = work < DS_SMALL_WORK || threads == 1 ? 1 : 4 * threads;
    j.step = ds_ceil_div(limit, tasks > 0 ? tasks : 1);
    if (!j.by_rows) j.step = ds_ceil_div(j.step, DS_TILE) * DS_TILE;
    if (limit > 0) ds_pool_run(call->pool, ds_ceil_div(limit, j.step), task, &j);
}
