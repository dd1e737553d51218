/* dropout.c - masks by counter: element e of row n is word e mod 4 of block (site, e / 4) at (step, id of the row);
 * kept when its uniform is at least the rate. */
#include "backend/cpu/cpu.h"
#include "base/random.h"

typedef struct job {
    const ds_call *call;
    uint64_t seed;
    uint32_t step;
    int64_t width;
} job;

static void task(void *arg, int64_t n, int worker)
{
    const job *j = arg;
    (void)worker;
    double rate = j->call->attr->f[0], keep = 1 / (1 - rate);
    uint32_t id = (uint32_t)((const int32_t *)j->call->in[1].data)[n];
    uint64_t site = (uint64_t)j->call->attr->i[0] << 40;
    bool f32 = j->call->out.dtype == DS_F32;
    for (int64_t e = 0; e < j->width; e += 4) {
        ds_draw4 d = ds_draw(j->seed, DS_FOR_DROPOUT, j->step, id, site | (uint64_t)(e / 4));
        for (int64_t k = e; k < e + 4 && k < j->width; k++) {
            double y = (double)ds_uniform_f32(d.u[k - e]) >= rate ? keep : 0;
            if (f32)
                ((float *)j->call->out.data)[n * j->width + k] = (float)y;
            else
                ((double *)j->call->out.data)[n * j->width + k] = y;
        }
    }
}

void ds_cpu_dropout_mask(const ds_call *call)
{
    const uint32_t *key =
        call->in[0].data; /* seed low, high, step low, high: the step's high word is mixed into the seed */
    ds_shape s = call->out.shape;
    job j = { call, (uint64_t)key[1] << 32 | key[0], key[2], 1 };
    j.seed ^= (uint64_t)key[3] << 32;
    for (int a = 1; a < s.rank; a++) j.width *= s.dim[a];
    ds_pool_run(call->pool, s.dim[0], task, &j);
}
