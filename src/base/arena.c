/* arena.c - blocks of at least 64 KiB, chained. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ds_arena_block {
    struct ds_arena_block *before;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

void *ds_arena_alloc(ds_arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) return NULL;
    bytes = (bytes + 15) & ~(size_t)15;
    struct ds_arena_block *b = a->last;
    if (!b || b->size - b->used < bytes) {
        size_t size = bytes > 65536 ? bytes : 65536;
        b = calloc(1, sizeof *b + size);
        if (!b) return NULL;
        b->size = size;
        b->before = a->last;
        a->last = b;
    }
    void *p = b->bytes + b->used;
    b->used += bytes;
    return p;
}

char *ds_arena_text(ds_arena *a, const char *text)
{
    size_t n = strlen(text) + 1;
    char *p = ds_arena_alloc(a, n);
    return p ? memcpy(p, text, n) : NULL;
}

void ds_arena_free(ds_arena *a)
{
    while (a->last) {
        struct ds_arena_block *before = a->last->before;
        free(a->last);
        a->last = before;
    }
}
