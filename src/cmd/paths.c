/* paths.c - see paths.h. The picture shows the points within reach of the starts and a margin around them; contours lie at
 * quantiles of the function over it, closer together at the bottom. */
#include "paths.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

enum { GRID = 181, LEVELS = 22, FEW = 60 };

int ds_paths_begin(ds_paths *p, const char *file)
{
    if (p->f->n != 2)
        return ds_complain(DS_EXIT_USAGE, "--picture: wanted a function of 2 numbers, %s has %lld", p->function,
                           (long long)p->f->n);
    return ds_picture_begin(&p->picture, file, 900, 640);
}

ds_path *ds_paths_next(ds_paths *p, const char *name)
{
    ds_path *path = &p->path[p->count++];
    path->name = name;
    return path;
}

/* Where memory is out, the path ends. */
void ds_path_add(ds_path *path, const double x[2])
{
    if (path->count == path->room) {
        int room = path->room ? 2 * path->room : 256;
        double *more = realloc(path->x, (size_t)room * 2 * sizeof *more);
        if (!more) return;
        path->x = more;
        path->room = room;
    }
    memcpy(path->x + 2 * path->count++, x, 2 * sizeof *x);
}

/* ---- the window -------------------------------------------------------------------------------------------------- */

/* Not what flew off: points farther from the start than ten times its own size. */
static bool within_reach(const ds_path *path, int i)
{
    double size = 1 + fabs(path->x[0]) + fabs(path->x[1]);
    return fabs(path->x[2 * i] - path->x[0]) <= 10 * size && fabs(path->x[2 * i + 1] - path->x[1]) <= 10 * size;
}

static void find_window(const ds_paths *p, double low[2], double high[2])
{
    for (int d = 0; d < 2; d++) {
        low[d] = INFINITY;
        high[d] = -INFINITY;
    }
    for (int k = 0; k < p->count; k++)
        for (int i = 0; i < p->path[k].count; i++)
            for (int d = 0; d < 2 && within_reach(&p->path[k], i); d++) {
                double x = p->path[k].x[2 * i + d];
                if (x < low[d]) low[d] = x;
                if (x > high[d]) high[d] = x;
            }
    double wide = fmax(high[0] - low[0], high[1] - low[1]);
    if (!(wide > 0)) wide = 1;
    for (int d = 0; d < 2; d++) {
        double room = fmax(0.15 * wide, (0.5 * wide - (high[d] - low[d])) / 2); /* no window is a slit */
        low[d] -= room;
        high[d] += room;
    }
}

/* ---- contours ---------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is not finite is left out of the levels, and of the picture. */
static int write_contours(const ds_paths *p, const double low[2], const double high[2])
{
    FILE *f = p->picture.script;
    double *value = malloc(GRID * GRID * sizeof *value);
    int finite = 0;
    if (!value) return ds_complain(DS_EXIT_FAILED, "out of memory");
    fputs("$grid << END\n", f);
    for (int i = 0; i < GRID; i++) {
        for (int k = 0; k < GRID; k++) {
            const double x[2] = { low[0] + (high[0] - low[0]) * k / (GRID - 1),
                                  low[1] + (high[1] - low[1]) * i / (GRID - 1) };
            double y = p->f->value(p->f->arg, x, NULL);
            fprintf(f, "%.9g %.9g %.9g\n", x[0], x[1], y);
            if (isfinite(y)) value[finite++] = y;
        }
        fputc('\n', f);
    }
    fputs("END\n", f);
    qsort(value, (size_t)finite, sizeof *value, by_size);
    fputs("set contour base\nunset surface\nset cntrparam levels discrete ", f);
    for (int k = 0; k < LEVELS && finite; k++) {
        double share = (k + 0.5) / LEVELS;
        fprintf(f, "%s%.9g", k ? "," : "", value[(int)(share * share * share * finite)]);
    }
    fputs("\nset table $contours\nsplot $grid using 1:2:3 with lines\nunset table\n", f);
    free(value);
    return 0;
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

/* The points that are shown; their number. */
static int write_points(FILE *f, const ds_path *path, int k)
{
    int shown = 0;
    fprintf(f, "$path%d << END\n", k);
    for (int i = 0; i < path->count; i++)
        if (within_reach(path, i)) shown += fprintf(f, "%.9g %.9g\n", path->x[2 * i], path->x[2 * i + 1]) > 0;
    fputs("END\n", f);
    return shown;
}

/* A square is the start, a disc the end. */
static void write_paths(const ds_paths *p)
{
    FILE *f = p->picture.script;
    int shown[DS_PATHS];
    for (int k = 0; k < p->count; k++) shown[k] = write_points(f, &p->path[k], k);
    fputs("plot $contours using 1:2 with lines lc rgb \"#b0b0b0\" lw 0.7 notitle", f);
    for (int k = 0; k < p->count; k++) {
        const char *color = ds_picture_color(k), *style = shown[k] <= FEW ? "linespoints pt 7 ps 0.5" : "lines";
        if (shown[k] == 0) continue;
        fprintf(f, ", \\\n  $path%d with %s lc rgb \"%s\" lw 1.8 title ", k, style, color);
        ds_picture_text(f, p->path[k].name);
        fprintf(f, ", \\\n  $path%d every ::0::0 with points lc rgb \"#000000\" pt 4 ps 1.4 lw 1.5 notitle", k);
        fprintf(f, ", \\\n  $path%d every ::%d with points lc rgb \"%s\" pt 7 ps 1.6 notitle", k, shown[k] - 1, color);
    }
    fputc('\n', f);
}

static int draw(ds_paths *p)
{
    double low[2], high[2];
    FILE *f = p->picture.script;
    find_window(p, low, high);
    int code = write_contours(p, low, high);
    if (code) return code;
    fprintf(f, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset title ", low[0], high[0], low[1], high[1]);
    ds_picture_text(f, p->function);
    fputs(" noenhanced\nset xlabel \"x1\"\nset ylabel \"x2\"\nunset grid\nset key outside right Left reverse\n", f);
    write_paths(p);
    return 0;
}

int ds_paths_end(ds_paths *p, int code)
{
    bool missing = false;
    if (p->picture.script) {
        if (!code) code = draw(p);
        if (code)
            ds_picture_drop(&p->picture);
        else
            code = ds_picture_end(&p->picture, &missing);
    }
    if (missing)
        code = ds_complain(DS_EXIT_FAILED, "%s is not drawn: gnuplot is not installed (Debian: gnuplot-nox)",
                           p->picture.path);
    for (int k = 0; k < p->count; k++) free(p->path[k].x);
    return code;
}
