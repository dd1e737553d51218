/* data.h - the verbs of `descent data` and what they share. */
#ifndef DS_CMD_DATA_H
#define DS_CMD_DATA_H

#include "config_args.h"

typedef struct data_call {
    ds_ctx *ctx;
    const ds_args *args;
    const char *source;   /* as named on the command line */
    ds_data_settings set; /* of the config or the source, with the key=value words */
    bool json;
} data_call;

/* Each returns an exit code. */
int data_show(const data_call *call);
int data_stats(const data_call *call);
int data_convert(const data_call *call);
int data_shuffle(const data_call *call);

/* Value of a flag of `descent data`. */
const ds_optval *data_flag(const data_call *call, const char *name);
/* The set opened with the call's settings; 0 and *d [owned], or an exit code. */
int data_open(const data_call *call, ds_dataset **d);
/* Settings without what changes rows: scale, standardization, augmentation, holdout by number. */
ds_data_settings data_as_stored(const data_call *call);
const char *data_split_name(ds_split split);

#endif
