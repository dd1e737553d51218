/* paths.h - a picture of paths over the contours of a function of two numbers. */
#ifndef DS_CMD_PATHS_H
#define DS_CMD_PATHS_H

#include "descent/function.h"
#include "picture.h"

enum { DS_PATHS = 12 };

typedef struct ds_path {
    const char *name;
    double *x; /* [count][2] */
    int count, room;
} ds_path;

typedef struct ds_paths {
    const ds_function *f;
    const char *function;
    ds_path path[DS_PATHS];
    int count;
    ds_picture picture;
} ds_paths;

/* f and function are set. 0, or an exit code once it is said what is wrong: a path that is no picture's, a function that is
 * not of two numbers. */
int ds_paths_begin(ds_paths *p, const char *file);
/* One path more; name is the caller's. */
ds_path *ds_paths_next(ds_paths *p, const char *name);
void ds_path_add(ds_path *path, const double x[2]);
/* Draw them unless code is another than 0, and free all; the exit code. */
int ds_paths_end(ds_paths *p, int code);

#endif
