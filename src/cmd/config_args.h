/* config_args.h - CONFIG [key=value...] on a command line, and the session that it describes, shared by the commands
 * that take one. */
#ifndef DS_CMD_CONFIG_ARGS_H
#define DS_CMD_CONFIG_ARGS_H

#include "cmd.h"
#include "descent/config.h"
#include "descent/train.h"

/* Read the config named first, with the key=value words after it as settings. Every mistake is printed on stderr and
 * the exit code is returned (3), or 2 when no config is named; 0 and *config [owned] when good. Notes go to stderr too.
 */
int ds_config_from_args(ds_config **config, ds_ctx *ctx, const ds_args *a, const ds_command *c);
/* A mistake found later, shown at the place of its key; returns exit code 3. */
int ds_config_refuse(ds_ctx *ctx, const ds_config *c, const char *key, const char *text);
/* The same from a text; file: the name that messages show. a: settings from its second word on. */
int ds_config_from_text(ds_config **config, ds_ctx *ctx, const char *file, const char *text, const ds_args *a);
/* The session of a config; *session [owned] when 0 is returned. A shape that does not fit is shown at its place in the
 * config (exit 3), data that cannot be read give 4. dtype: as the config says, or forced. */
int ds_session_from_config(ds_session **session, ds_ctx *ctx, const ds_config *c, const ds_dtype *dtype);

/* Load the run's "best", "last" or "average" weights; *weights becomes "last" where no best ones were kept. */
ds_status ds_session_take(ds_session *session, ds_run *run, const char **weights);

#endif
