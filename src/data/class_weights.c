/* class_weights.c - what a row of each class counts in the loss: given numbers, or balanced,
 *   w_c = n / (K n_c),   n rows that train, n_c of them of class c, K classes that occur
 * so that every class counts alike and the mean weight of a row is 1. King, Zeng 2001. */
#include "data/dataset.h"

static ds_status given(ds_dataset *d, const ds_data_settings *set)
{
    if (set->class_weight_count != ds_dataset_classes(d))
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.class_weights",
                          "data: class_weights has %d numbers, the data has %d classes; give one a class",
                          set->class_weight_count, ds_dataset_classes(d));
    for (int c = 0; c < set->class_weight_count; c++) {
        d->class_weights[c] = set->class_weights[c];
        if (!(set->class_weights[c] >= 0 && set->class_weights[c] <= 1e30))
            return ds_fail_at(d->ctx, DS_ERANGE, "data.class_weights", "data: class weight %d is %g; wanted 0 to 1e30",
                              c, set->class_weights[c]);
    }
    return DS_OK;
}

static ds_status balanced(ds_dataset *d)
{
    const ds_view *v = &d->view[DS_TRAIN];
    int classes = ds_dataset_classes(d), occur = 0;
    if (ds_view_endless(v))
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.class_weights",
                          "data: class_weights: balanced counts the rows; a stream has no end");
    for (int64_t r = 0; r < v->rows; r++)
        d->class_weights[v->source->def->label(v->source, ds_view_source_row(v, r))]++;
    for (int c = 0; c < classes; c++) occur += d->class_weights[c] > 0;
    for (int c = 0; c < classes; c++)
        if (d->class_weights[c] > 0) d->class_weights[c] = (double)v->rows / ((double)occur * d->class_weights[c]);
    return DS_OK;
}

ds_status ds_class_weights_create(ds_dataset *d, const ds_data_settings *set)
{
    size_t bytes = (size_t)ds_dataset_classes(d) * sizeof *d->class_weights;
    if (!set->balanced && !set->class_weights) return DS_OK;
    if (set->balanced && set->class_weights)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.class_weights",
                          "data: class weights are balanced and given; keep one");
    if (!bytes)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.class_weights",
                          "data: class_weights needs classes, the targets are real numbers");
    d->class_weights = ds_arena_alloc(&d->arena, bytes);
    if (!d->class_weights) return ds_fail_memory(d->ctx, bytes, "class weights");
    return set->balanced ? balanced(d) : given(d, set);
}

const double *ds_dataset_class_weights(const ds_dataset *d) { return d->class_weights; }
