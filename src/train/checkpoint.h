/* checkpoint.h - what a run needs to go on, on disk: RUN/checkpoints/SSSSSS-step-N/, S counting up.
 *
 *   weights.safetensors  weights and running statistics in PyTorch's layout; `train --from` takes it
 *   state.safetensors    the vectors of the state list (descent/state.h) as they lie in memory
 *   manifest.json        its numbers; position, config, data, program and machine; XXH128 of the two files and of itself
 *
 * Writing   into a folder SSSSSS.part: files, each flushed; the folder flushed; renamed; the parent flushed; read back and
 *           compared; only then are older ones removed, all but `keep`. A kill at any instant leaves the older ones whole.
 *           All of that goes on beside training, from a copy of the state.
 * Reading   newest first. One that is torn or flipped is named, set aside as *.damaged, and the one before is used: since
 *           steps are pure functions of the state, that costs time and no bit of the result. */
#ifndef DS_TRAIN_CHECKPOINT_H
#define DS_TRAIN_CHECKPOINT_H

#include "train/checksum.h"
#include "train/loop.h"

typedef struct json_t json_t; /* of jansson, which only the sources that look inside include */

enum { DS_CHECKPOINT_FORMAT = 1, DS_CHECKPOINT_NAME = 64 };

/* One checkpoint by its folder. */
typedef struct ds_checkpoint_at {
    int serial;
    char name[DS_CHECKPOINT_NAME];
} ds_checkpoint_at;

/* Folders that look like checkpoints, newest first; *list [owned, free()]. No folder at all: 0 of them. DS_EIO, DS_EMEM. */
ds_status ds_checkpoint_list(ds_ctx *ctx, const char *run, ds_checkpoint_at **list, int *count);

/* ---- manifest ---- */
json_t *ds_manifest_make(const ds_loop *l); /* without the checksums of the files; NULL: no memory */
/* The text of a manifest with its own checksum; [owned, free()], NULL: no memory. */
char *ds_manifest_text(json_t *manifest);
/* Read and check a manifest; [owned, json_decref]. DS_EFORMAT: torn, flipped, or of a format that is newer. */
ds_status ds_manifest_read(json_t **out, ds_ctx *ctx, const char *path);
ds_status ds_manifest_file(ds_ctx *ctx, const json_t *manifest, const char *file, ds_checksum *sum);
/* Whether the numbers fit the list; then put them into it. DS_EFORMAT. */
ds_status ds_manifest_check(const ds_loop *l, const json_t *manifest, const char *path);
void ds_manifest_restore(const ds_loop *l, const json_t *manifest);

/* ---- saving and restoring ---- */
/* Whether a checkpoint may be without this block, or have it for nothing: train.on_nonfinite may change in a run. */
bool ds_checkpoint_may_lack(const char *name);
/* Write a checkpoint of the loop as it stands. DS_ENONFINITE: a value is NaN or infinite, nothing was written.
 * DS_EIO, DS_EMEM: not written, the older ones stay. */
ds_status ds_checkpoint_save(ds_loop *l);
/* Begin to write one beside training; none may be under way. What went wrong later is told by the next. */
ds_status ds_checkpoint_begin(ds_loop *l);
/* Take the result of the one under way, when it is done or (wait) once it is. DS_OK: there is none, or it is well. */
ds_status ds_checkpoint_settle(ds_loop *l, bool wait);
/* Put the newest good checkpoint back; *found false: there is none, nothing has changed. */
ds_status ds_checkpoint_restore(ds_loop *l, bool *found);
/* Note in the newest checkpoint that the run is over and its files are written. */
ds_status ds_checkpoint_finish(ds_loop *l, const char *text);

#endif
