/* epilogue.c - what follows a kernel's result while it is still in the cache: the fused program, and sums of its values
 * over all rows. Rows come in stretches of whole leaves, so each leaf is one chain and aligned groups of leaves are
 * subtrees (docs/arithmetic.md): a stretch joins its own, the end joins the stretches. */
#include <string.h>

#include "backend/cpu/cpu.h"

enum { BLOCK = 16384 }; /* elements between the program and its sums */

static int64_t block_rows(const ds_ew_program *p)
{
    int64_t leaves = BLOCK / (DS_COLUMN_LEAF * p->dim[1]);
    return (leaves > 1 ? leaves : 1) * DS_COLUMN_LEAF;
}

size_t ds_epilogue_bytes(const ds_call *call)
{
    const ds_ew_program *p = call->post;
    if (!p) return 0;
    if (!p->nsum) return ds_ew_tile_bytes(p);
    size_t value = (size_t)(block_rows(p) * p->dim[1]) * ds_dtype_bytes(p->dtype);
    return ds_align64(ds_ew_tile_bytes(p)) + (size_t)p->nsum * ds_align64(value + 128);
}

/* Leaves that a stretch joins: the largest aligned group that both images and stretches are made of. */
static int64_t group_of(const ds_call *call, int64_t stretch)
{
    int64_t image = call->out.shape.dim[0] ? call->post->dim[0] / call->out.shape.dim[0] : 0;
    int64_t leaves = image / DS_COLUMN_LEAF | stretch / DS_COLUMN_LEAF;
    return leaves ? leaves & -leaves : 1;
}

static char *leaf_sums(const ds_call *call, int k, int64_t leaf)
{
    const ds_ew_program *p = call->post;
    int64_t leaves = ds_ceil_div(p->dim[0], DS_COLUMN_LEAF);
    return (char *)call->leaves + (size_t)((k * leaves + leaf) * p->dim[1]) * ds_dtype_bytes(p->dtype);
}

/* Where sum k's values lie after the program: a store's memory, the operand itself when nothing else is done with it, or
 * a buffer that one more store fills. */
static const char *values_of(ds_ew_program *p, int k, int stores, char *buffer)
{
    int reg = p->sum[k].reg, s = 0;
    while (s < stores && p->store_reg[s] != reg) s++;
    if (s < stores) return p->store[s].data;
    if (reg < 0 && p->ninstr == 0 && stores == 0) return p->load[-1 - reg].data;
    p->store[p->nstore] = (ds_ew_operand){ .data = buffer, .stride = { p->dim[1], 1 }, .dtype = p->dtype };
    p->store_reg[p->nstore++] = (int16_t)reg;
    return buffer;
}

/* Rows [row0, row1), few enough for the buffers: operands are shifted so that the block begins at row 0. */
static void sum_block(const ds_call *call, int64_t row0, int64_t row1, char *tile)
{
    void *leaves[DS_EW_MAX_SUMS];
    for (int k = 0; k < call->post->nsum; k++) leaves[k] = leaf_sums(call, k, row0 / DS_COLUMN_LEAF);
    if (call->vec->ew_sums(call->post, row0, row1, leaves)) return;
    ds_ew_program p = *call->post;
    size_t es = ds_dtype_bytes(p.dtype);
    int64_t cols = p.dim[1];
    char *buffer = tile + ds_align64(ds_ew_tile_bytes(&p));
    const char *values[DS_EW_MAX_SUMS];
    p.dim[0] = row1 - row0;
    for (int k = 0; k < p.nload; k++)
        p.load[k].data = (char *)p.load[k].data + (size_t)(row0 * p.load[k].stride[0]) * es;
    for (int k = 0; k < p.nstore; k++) p.store[k].data = (char *)p.store[k].data + (size_t)(row0 * cols) * es;
    for (int k = 0, stores = p.nstore; k < p.nsum; k++) {
        values[k] = values_of(&p, k, stores, buffer);
        buffer += ds_align64((size_t)(block_rows(&p) * cols) * es + 128);
    }
    if (p.nstore) call->vec->ew(&p, 0, row1 - row0, 0, cols, tile, NULL);
    for (int k = 0; k < p.nsum; k++) call->vec->sum_leaves(p.dtype, row1 - row0, cols, values[k], cols, leaves[k]);
}

void ds_epilogue_ahead(const ds_call *call, int64_t row0, int64_t row1, ds_ahead *ahead)
{
    const ds_ew_program *p = call->post;
    for (int k = 0; p && k < p->nload; k++) {
        const ds_ew_operand *x = &p->load[k];
        size_t es = ds_dtype_bytes(x->dtype);
        if (x->data == call->out.data || x->stride[0] != p->dim[1] || x->stride[1] != 1) continue;
        ds_ahead_add(ahead, (const char *)x->data + (size_t)(row0 * p->dim[1]) * es,
                     (size_t)((row1 - row0) * p->dim[1]) * es);
    }
}

void ds_epilogue(const ds_call *call, int64_t row0, int64_t row1, int64_t stretch, void *tile)
{
    const ds_ew_program *p = call->post;
    if (!p) return;
    if (!p->nsum) {
        call->vec->ew(p, row0, row1, 0, p->dim[1], tile, NULL);
        return;
    }
    int64_t block = block_rows(p), group = group_of(call, stretch);
    for (int64_t r = row0; r < row1; r += block) sum_block(call, r, r + block < row1 ? r + block : row1, tile);
    for (int k = 0; k < p->nsum; k++)
        for (int64_t leaf = row0 / DS_COLUMN_LEAF; leaf < row1 / DS_COLUMN_LEAF; leaf += group)
            ds_tree_join(call->vec, p->dtype, group, p->dim[1], leaf_sums(call, k, leaf), p->dim[1]);
}

void ds_epilogue_end(const ds_call *call, int64_t stretch)
{
    const ds_ew_program *p = call->post;
    for (int k = 0; p && k < p->nsum; k++) {
        int64_t group = group_of(call, stretch), cols = p->dim[1], n = p->dim[0] / DS_COLUMN_LEAF / group;
        size_t bytes = (size_t)cols * ds_dtype_bytes(p->dtype);
        ds_tree_join(call->vec, p->dtype, n, cols, leaf_sums(call, k, 0), group * cols);
        if (n == 0)
            memset(p->sum[k].data, 0, bytes);
        else
            memcpy(p->sum[k].data, leaf_sums(call, k, 0), bytes);
    }
}
