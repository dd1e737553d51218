/* picture.h - pictures by gnuplot, for commands that can draw: a script with its data inside, piped into it. */
#ifndef DS_CMD_PICTURE_H
#define DS_CMD_PICTURE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct ds_picture {
    FILE *script; /* where the caller writes commands and data blocks; NULL: not begun */
    const char *path;
    char *text; /* of the script */
    size_t bytes;
} ds_picture;

/* Begin a picture of width by height pixels; the ending of path, .png or .svg, says its kind. 0, or an exit code once it is
 * said what is wrong. */
int ds_picture_begin(ds_picture *p, const char *path, int width, int height);
/* Draw it. *missing: gnuplot is not there, which the caller has to say; 0 is returned then. */
int ds_picture_end(ds_picture *p, bool *missing);
/* Give it up. */
void ds_picture_drop(ds_picture *p);
/* text as gnuplot reads it between double quotes. */
void ds_picture_text(FILE *script, const char *text);
/* Color k of lines that are told apart, also by people who see few colors: "#0072b2"; they come again after DS_COLORS. */
enum { DS_COLORS = 12 };
const char *ds_picture_color(int k);

#endif
