/* sparse.c - each unit has exactly k non-zero inputs, from N(0, std^2): their total does not shrink with the layer's
 * width and units stay different. Which ones: k draws without replacement (Floyd), of a stream of their own per unit.
 * Martens 2010, sec. 5; Goodfellow sec. 8.4 */
#include "base/random.h"
#include "nn/nn.h"

static const ds_option options[] = {
    { "k", DS_OPT_INT, 1, 1 << 20, "15", NULL, NULL, "non-zero inputs of a unit; all of them where there are fewer",
      .why = "Martens's: few inputs of full size, whatever the width", .cite = "Martens 2010; Goodfellow et al. 8.4",
      .elsewhere = "PyTorch init.sparse_(sparsity), Caffe filler sparse" },
    { "std", DS_OPT_REAL, 0, 1e6, "1", NULL, NULL, "standard deviation of a non-zero weight", .why = "Martens's",
      .cite = "Martens 2010", .elsewhere = "PyTorch init.sparse_(std), Caffe filler std" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

/* Mark k of the n entries of w with 1, all equally likely: for j = n-k .. n-1 take a random t <= j, or j when t is
 * taken. */
static void choose(ds_rng *r, int64_t k, int64_t n, double *w)
{
    for (int64_t i = 0; i < n; i++) w[i] = 0;
    for (int64_t j = n - k; j < n; j++) {
        int64_t t = (int64_t)ds_rng_below(r, (uint64_t)j + 1);
        w[w[t] == 0 ? t : j] = 1;
    }
}

static ds_status fill(const ds_init_ask *a, double *w)
{
    enum { CHOICE = 1 }; /* the step word of the counter: 0 is the values */
    int64_t units = a->segment->shape.dim[0], n = a->segment->count / units,
            k = a->option[0].integer < n ? a->option[0].integer : n;
    for (int64_t u = 0; u < units; u++) {
        ds_rng r = ds_rng_at(a->seed, DS_FOR_INIT, CHOICE, a->id);
        r.block = (uint64_t)u << 32;
        choose(&r, k, n, w + u * n);
        for (int64_t i = u * n; i < (u + 1) * n; i++)
            if (w[i] != 0) w[i] = a->option[1].real * ds_init_normal(a, i);
    }
    return DS_OK;
}

const ds_initializer_def ds_initializer_sparse = {
    .head = { "sparse", "k non-zero inputs a unit", "w ~ N(0, std^2) for k inputs, else 0",
              "Martens 2010; Goodfellow sec. 8.4", options,
              "PyTorch init.sparse_ (by share), Keras none, Caffe sparse of gaussian" },
    .fill = fill,
};
