/* dropout.c - masks by counter: element e of row n is word e mod 4 of block (site, e / 4) at (step, id of the row);
 * kept when its uniform is at least the rate. */
#include <math.h>

#include "backend/cpu/cpu.h"
#include "base/random.h"

typedef struct job {
    const ds_call *call;
    ds_mask row; /* the same for all rows but for the id */
    int64_t rows, width, step;
} job;

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    (void)worker;
    int64_t last = (index + 1) * j->step < j->rows ? (index + 1) * j->step : j->rows;
    for (int64_t n = index * j->step; n < last; n++) {
        ds_mask d = j->row;
        d.id = (uint32_t)((const int32_t *)j->call->in[1].data)[n];
        char *y = (char *)j->call->out.data + (size_t)(n * j->width) * ds_dtype_bytes(j->call->out.dtype);
        j->call->vec->dropout_row(j->call->out.dtype, &d, j->width, y);
    }
}

void ds_cpu_dropout_mask(const ds_call *call)
{
    const uint32_t *key =
        call->in[0].data; /* seed low, high, step low, high: the step's high word is mixed into the seed */
    ds_shape s = call->out.shape;
    double rate = call->attr->f[0];
    job j = { .call = call, .rows = s.dim[0], .width = 1 };
    j.row = (ds_mask){ .step = key[2], .site = (uint64_t)call->attr->i[0] << 40, .keep = 1 / (1 - rate) };
    j.row.least = (uint32_t)-floor(-rate * 0x1p24);
    ds_draw_key(((uint64_t)key[1] << 32 | key[0]) ^ (uint64_t)key[3] << 32, DS_FOR_DROPOUT, j.row.key);
    for (int a = 1; a < s.rank; a++) j.width *= s.dim[a];
    int64_t threads = ds_pool_threads(call->pool);
    j.step = j.rows * j.width < DS_SMALL_WORK / 4 || threads == 1 ? j.rows : ds_ceil_div(j.rows, 4 * threads);
    if (j.rows > 0) ds_pool_run(call->pool, ds_ceil_div(j.rows, j.step), task, &j);
}
