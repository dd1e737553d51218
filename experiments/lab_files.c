/* lab_files.c - temporary folders and rows written as files; see lab.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

static ds_status complain(ds_trial *t, const char *path, const char *what)
{
    if (t->talk) fprintf(t->talk, "%s: %s: %s; set TMPDIR to a folder with room\n", path, what, strerror(errno));
    return DS_EIO;
}

ds_status lab_folder_make(ds_trial *t, char path[LAB_PATH])
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(path, LAB_PATH, "%s/descent-tour-XXXXXX", parent && *parent ? parent : "/tmp");
    if (n >= LAB_PATH) return DS_ERANGE;
    return mkdtemp(path) ? DS_OK : complain(t, path, "no temporary folder");
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about, (void)kind, (void)at;
    return remove(path);
}

void lab_folder_remove(const char *path) { nftw(path, drop, 16, FTW_DEPTH | FTW_PHYS); }

static ds_status write_array(ds_trial *t, const char *path, const char *descr, int64_t n, int64_t width, size_t element,
                             const void *cells)
{
    char dict[119], shape[64];
    FILE *f = fopen(path, "wb");
    if (!f) return complain(t, path, "cannot be opened");
    snprintf(shape, sizeof shape, width ? "(%lld, %lld)" : "(%lld,)", (long long)n, (long long)width);
    snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    size_t count = (size_t)(n * (width ? width : 1));
    fwrite("\x93NUMPY\1\0\x76\0", 1, 10, f); /* 118 bytes follow: the elements begin at byte 128 */
    fprintf(f, "%-117s\n", dict);
    bool good = fwrite(cells, element, count, f) == count && !ferror(f);
    return fclose(f) == 0 && good ? DS_OK : complain(t, path, "cannot be written");
}

ds_status lab_rows_write(ds_trial *t, const lab_rows *r, const char *path)
{
    char file[LAB_PATH + 16];
    const char *real = r->dtype == DS_F64 ? "<f8" : "<f4";
    size_t element = ds_dtype_bytes(r->dtype);
    snprintf(file, sizeof file, "%s-x.npy", path);
    LAB_TRY(write_array(t, file, real, r->n, r->width, element, r->x));
    snprintf(file, sizeof file, "%s-y.npy", path);
    if (r->classes) return write_array(t, file, "<i4", r->n, 0, 4, r->y);
    return write_array(t, file, real, r->n, r->targets, element, r->y);
}
