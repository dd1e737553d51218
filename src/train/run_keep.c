/* run_keep.c - tags of a run, and removing one. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "descent/runs.h"
#include "train/run.h"

enum { LIMIT = 1 << 20 };

/* ---- tags -------------------------------------------------------------------------------------------------------- */

static bool is_tag(const char *tag)
{
    for (const char *c = tag; *c; c++)
        if (!isgraph((unsigned char)*c) || strchr(",=<>!~", *c)) return false;
    return *tag != 0;
}

ds_status ds_run_tag(ds_ctx *ctx, const char *path, const char *tag, bool on)
{
    char file[4200], *old = NULL, *lines = NULL;
    size_t bytes;
    if (!is_tag(tag)) return ds_fail(ctx, DS_EUSAGE, "\"%s\" is no tag: wanted one word without , = < > ! ~", tag);
    snprintf(file, sizeof file, "%s/tags", path);
    if (access(file, F_OK) == 0) DS_TRY(ds_file_read(ctx, file, LIMIT, &old, &bytes));
    ds_text t = { 0 };
    for (char *line = old ? strtok_r(old, "\n", &lines) : NULL; line; line = strtok_r(NULL, "\n", &lines))
        if (strcmp(line, tag)) ds_text_add(&t, "%s\n", line);
    if (on) ds_text_add(&t, "%s\n", tag);
    free(old);
    char *text = ds_text_take(&t);
    if (!text) return ds_fail_memory(ctx, 4096, "tags");
    ds_status status = ds_file_write(ctx, file, 1, &(ds_piece){ text, strlen(text) });
    free(text);
    return status;
}

/* ---- removing ---------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* What a run writes into its folder, checkpoints aside. */
static bool is_ours(const char *name)
{
    static const char *const ours[] = { "config.yaml", "resolved.yaml", "metrics.tsv", "lock", "tags" };
    for (size_t k = 0; k < sizeof ours / sizeof ours[0]; k++)
        if (strcmp(name, ours[k]) == 0) return true;
    return ends_with(name, ".safetensors");
}

static void remove_checkpoints(const char *folder)
{
    char path[4400];
    DIR *d = opendir(folder);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.' && n > 0 && (size_t)n < sizeof path) ds_folder_remove(path);
    }
    closedir(d);
    rmdir(folder);
}

ds_status ds_run_remove(ds_ctx *ctx, const char *path)
{
    char file[4400], other[256] = "";
    snprintf(file, sizeof file, "%s/resolved.yaml", path);
    if (access(file, F_OK)) return ds_fail(ctx, DS_EUSAGE, "%s is no run: it holds no resolved.yaml", path);
    if (ds_run_busy(path)) return ds_fail(ctx, DS_EUSAGE, "%s: a trainer is at work here; stop it first", path);
    DIR *d = opendir(path);
    if (!d) return ds_fail(ctx, DS_EIO, "%s: cannot open: %s", path, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, "checkpoints") == 0)
            remove_checkpoints(file);
        else if (is_ours(e->d_name) && strcmp(e->d_name, "resolved.yaml"))
            unlink(file);
        else if (!is_ours(e->d_name) && strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            snprintf(other, sizeof other, "%s", e->d_name);
    }
    closedir(d);
    snprintf(file, sizeof file, "%s/resolved.yaml", path);
    unlink(file); /* last: a removal that was cut short can be done again */
    if (rmdir(path) == 0) return DS_OK;
    if (*other)
        return ds_fail(ctx, DS_EIO, "%s: the run is removed; the folder stays, since it holds \"%s\" that no run wrote",
                       path, other);
    return ds_fail(ctx, DS_EIO, "%s: cannot remove: %s", path, strerror(errno));
}
