/* checkpoint_write.c - a checkpoint's way to the disk: part folder, flush, rename, flush, read back, drop older ones. It
 * touches nothing of the run but its files, so that it can go on beside training. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/checkpoint_job.h"
#include "train/tensors.h"

typedef char path_text[4300];

static void path_of(path_text path, const char *run, const char *name, const char *file)
{
    snprintf(path, sizeof(path_text), "%s/checkpoints/%s%s%s", run, name, *file ? "/" : "", file);
}

/* ---- listing ----------------------------------------------------------------------------------------------------- */

/* "000012-step-3400"; anything else (*.part, *.damaged) is no checkpoint. */
static bool read_name(const char *name, ds_checkpoint_at *at)
{
    int end = 0;
    long long step;
    if (!isdigit((unsigned char)*name) || strlen(name) >= sizeof at->name) return false;
    if (sscanf(name, "%9d-step-%18lld%n", &at->serial, &step, &end) != 2 || name[end]) return false;
    memcpy(at->name, name, strlen(name) + 1);
    return true;
}

static int newest_first(const void *a, const void *b)
{
    return ((const ds_checkpoint_at *)b)->serial - ((const ds_checkpoint_at *)a)->serial;
}

ds_status ds_checkpoint_list(ds_ctx *ctx, const char *run, ds_checkpoint_at **list, int *count)
{
    path_text folder;
    ds_checkpoint_at at = { 0 };
    *list = NULL;
    *count = 0;
    path_of(folder, run, "", "");
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT ? DS_OK
                               : ds_fail(ctx, DS_EIO, "%s: cannot open the folder: %s", folder, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        if (!read_name(e->d_name, &at)) continue;
        ds_checkpoint_at *grown = realloc(*list, ((size_t)*count + 1) * sizeof *grown);
        if (!grown) {
            closedir(d);
            free(*list);
            *list = NULL;
            *count = 0;
            return ds_fail_memory(ctx, sizeof *grown, "a list of checkpoints");
        }
        *list = grown;
        grown[(*count)++] = at;
    }
    closedir(d);
    if (*count) qsort(*list, (size_t)*count, sizeof **list, newest_first);
    return DS_OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static const char *const files[] = { "weights.safetensors", "state.safetensors", "manifest.json" };
enum { FILES = sizeof files / sizeof files[0] };

static ds_status no_memory(const ds_job *j) { return ds_fail_memory(j->ctx, 4096, "a checkpoint's manifest"); }

ds_status ds_manifest_put(ds_ctx *ctx, const char *path, json_t *m, bool replace, ds_checksum *sum)
{
    char *text = ds_manifest_text(m);
    if (!text) return ds_fail_memory(ctx, 4096, "a checkpoint's manifest");
    ds_piece piece = { text, strlen(text) };
    *sum = ds_checksum_of(text, piece.bytes);
    ds_status status = replace ? ds_file_write(ctx, path, 1, &piece) : ds_file_put(ctx, path, 1, &piece);
    free(text);
    return status;
}

static ds_status write_files(ds_job *j, ds_checksum sum[FILES])
{
    path_text path;
    path_of(path, j->run, j->part, files[0]);
    DS_TRY(ds_tensors_put(j->ctx, path, j->weights.count, j->weights.tensor, &sum[0]));
    path_of(path, j->run, j->part, files[1]);
    DS_TRY(ds_tensors_put(j->ctx, path, j->state.count, j->state.tensor, &sum[1]));
    path_of(path, j->run, j->part, files[2]);
    if (ds_manifest_add_files(j->manifest, &sum[0], &sum[1])) return no_memory(j);
    return ds_manifest_put(j->ctx, path, j->manifest, false, &sum[2]);
}

/* What the disk gives back must be what was written, before anything older goes. */
static ds_status read_back(const ds_job *j, const ds_checksum sum[FILES])
{
    for (int k = 0; k < FILES; k++) {
        path_text path;
        ds_checksum found;
        path_of(path, j->run, j->name, files[k]);
        DS_TRY(ds_checksum_file(j->ctx, path, &found));
        if (!ds_checksum_equal(&found, &sum[k]))
            return ds_fail(j->ctx, DS_EIO, "%s: reading back gave other bytes than were written; is the disk failing?",
                           path);
    }
    return DS_OK;
}

static void drop_older(const ds_job *j)
{
    ds_checkpoint_at *list;
    int count;
    if (ds_checkpoint_list(j->ctx, j->run, &list, &count) != DS_OK) return; /* the next one tries again */
    for (int k = j->keep; k < count; k++) {
        path_text path;
        path_of(path, j->run, list[k].name, "");
        ds_folder_remove(path);
    }
    free(list);
}

static ds_status commit(ds_job *j, const char *from)
{
    path_text to, folder;
    ds_checksum sum[FILES];
    path_of(to, j->run, j->name, "");
    path_of(folder, j->run, "", "");
    if (fsync(j->metrics)) return ds_fail(j->ctx, DS_EIO, "%s/metrics.tsv: cannot flush: %s", j->run, strerror(errno));
    DS_TRY(ds_folder_sync(j->ctx, j->run)); /* its entries metrics.tsv and checkpoints */
    /* not its parent: where the run's folder was exchanged meanwhile there is none, and nothing is written */
    ds_folder_remove(from); /* of a trainer that was killed while it wrote */
    if (mkdir(from, 0777)) return ds_fail(j->ctx, DS_EIO, "%s: cannot make the folder: %s", from, strerror(errno));
    DS_TRY(write_files(j, sum));
    DS_TRY(ds_folder_sync(j->ctx, from));
    if (rename(from, to)) return ds_fail(j->ctx, DS_EIO, "%s: cannot rename the folder: %s", from, strerror(errno));
    ds_status status = ds_folder_sync(j->ctx, folder);
    if (status == DS_OK) status = read_back(j, sum);
    if (status != DS_OK) ds_folder_remove(to); /* nothing was dropped for it */
    return status;
}

ds_status ds_job_write(ds_job *j)
{
    path_text from;
    path_of(from, j->run, j->part, "");
    ds_status status = commit(j, from);
    if (status == DS_OK)
        drop_older(j);
    else
        ds_folder_remove(from);
    return status;
}
