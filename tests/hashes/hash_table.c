/* hash_table.c - the committed hashes of results, checked by every build: gcc, clang, debug, release, aarch64.
 *
 * usage: hash_table TABLE     compare with the rows "name hash" of the file; exit 1 when one differs, is missing or new
 *        hash_table           print the rows (to make the table anew: build/hash_table > tests/hashes/table.txt)
 * DS_BACKEND and DS_ISA choose the kernels as everywhere: all choices must give the one table. */
#include "hashes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/vec.h"

enum { NAME_MAX_LENGTH = 96 };
typedef struct row {
    char name[NAME_MAX_LENGTH];
    uint64_t hash;
    bool seen;
} row;

static ds_ctx *ctx;
static row *table; /* sorted as in the file; NULL: print */
static int rows, good, bad;

static void fnv(uint64_t *h, uint64_t word, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) *h = (*h ^ (word >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
}

static void settle(const char *name, uint64_t hash)
{
    if (!table) {
        printf("%s %016llx\n", name, (unsigned long long)hash);
        return;
    }
    for (int i = 0; i < rows; i++)
        if (!table[i].seen && strcmp(table[i].name, name) == 0) {
            table[i].seen = true;
            if (table[i].hash == hash) {
                good++;
                return;
            }
            printf("%s: found %016llx, wanted %016llx\n", name, (unsigned long long)hash,
                   (unsigned long long)table[i].hash);
            bad++;
            return;
        }
    printf("%s: not in the table (%016llx); make the table anew and commit it\n", name, (unsigned long long)hash);
    bad++;
}

void hash_bytes(const char *name, const void *data, int64_t bytes)
{
    const unsigned char *p = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (int64_t i = 0; i < bytes; i++) fnv(&h, p[i], 1);
    settle(name, h);
}

void hash_row(const char *name, ds_dtype t, const void *data, int64_t count)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (int64_t i = 0; i < count; i++) {
        uint64_t word = 0;
        if (t == DS_F64) {
            double x = ((const double *)data)[i];
            memcpy(&word, &x, sizeof x);
            if (x == 0) word = 0;
            if (x != x) word = UINT64_C(0x7ff8000000000000);
        } else if (t == DS_F32) {
            float x = ((const float *)data)[i];
            uint32_t half;
            memcpy(&half, &x, sizeof x);
            word = x == 0 ? 0 : x != x ? 0x7fc00000u : half;
        } else {
            word = (uint32_t)((const int32_t *)data)[i];
        }
        fnv(&h, word, ds_dtype_bytes(t));
    }
    settle(name, h);
}

ds_ctx *hash_ctx(void) { return ctx; }

void hash_failure(const char *name, const char *why)
{
    printf("%s: %s\n", name, why);
    bad++;
}

static bool read_table(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        printf("cannot open %s\n", path);
        return false;
    }
    char name[NAME_MAX_LENGTH];
    unsigned long long hash;
    int capacity = 0;
    while (fscanf(f, "%95s %llx", name, &hash) == 2) {
        if (rows == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            row *larger = realloc(table, (size_t)capacity * sizeof *table);
            if (!larger) break;
            table = larger;
        }
        strcpy(table[rows].name, name);
        table[rows].hash = hash;
        table[rows++].seen = false;
    }
    bool whole = feof(f) && rows > 0;
    fclose(f);
    if (!whole) printf("%s: row %d is not \"name hash\"\n", path, rows + 1);
    return whole;
}

int main(int argc, char **argv)
{
    if (!ds_vec_get()) {
        printf("skipped: this build and processor have no DS_ISA=%s\n", getenv("DS_ISA"));
        return 77;
    }
    if (argc > 1 && !read_table(argv[1])) return 1;
    if (ds_ctx_create(&ctx, 0) != DS_OK) return 1;
    hash_random();
    hash_digits();
    hash_ops();
    hash_large();
    hash_rules();
    ds_ctx_free(ctx);
    for (int i = 0; i < rows; i++)
        if (!table[i].seen) {
            printf("%s: in the table but not made here\n", table[i].name);
            bad++;
        }
    if (table) printf("%d hashes equal, %d not\n", good, bad);
    free(table);
    return bad ? 1 : 0;
}
