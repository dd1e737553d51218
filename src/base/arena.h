/* arena.h - memory that grows by blocks and is freed at once: for graphs and other things built piece by piece. */
#ifndef DS_BASE_ARENA_H
#define DS_BASE_ARENA_H

#include <stddef.h>

typedef struct ds_arena {
    struct ds_arena_block *last;
} ds_arena;

/* Zeroed, 16-byte aligned; NULL when memory is out. {0} is an empty arena. */
void *ds_arena_alloc(ds_arena *a, size_t bytes);
char *ds_arena_text(ds_arena *a, const char *text); /* copy of a string */
void ds_arena_free(ds_arena *a);

#endif
