/* data_driven.c - another initializer, then one batch: layer after layer the weight is divided by the standard
 * deviation of the layer's product on that batch, so that every product starts with variance 1. The division needs the
 * network and a batch: the objective does it (problem/start.c); here is the starting point.
 * Mishkin, Matas 2016; Goodfellow sec. 8.4 */
#include "nn/nn.h"

static const ds_option options[] = {
    { "base", DS_OPT_TEXT, 0, 0, "orthogonal", NULL, NULL,
      "the initializer before rescaling, with its options in parentheses", .why = "directions far apart from the start",
      .elsewhere = "none" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status fill(const ds_init_ask *a, double *w)
{
    ds_arena arena = { 0 };
    ds_part base;
    ds_init_ask inner = *a;
    ds_status status =
        ds_part_parse(a->ctx, &arena, &ds_initializer_registry, "init data-driven", a->option[0].text, &base);
    if (status == DS_OK) {
        const ds_initializer_def *def = (const ds_initializer_def *)base.head;
        inner.option = base.value;
        status = def->data_driven
                     ? ds_fail(a->ctx, DS_ECONFIG, "init of \"%s\": data-driven wants another initializer as its base",
                               a->segment->name)
                     : def->fill(&inner, w);
    }
    ds_arena_free(&arena);
    return status;
}

const ds_initializer_def ds_initializer_data_driven = {
    .head = { "data-driven", "another initializer, rescaled to unit variance on one batch", "W = W0 / std(x W0)",
              "Mishkin, Matas 2016; Goodfellow sec. 8.4", options, "LSUV; none in PyTorch, Keras and Caffe" },
    .data_driven = true,
    .fill = fill,
};
