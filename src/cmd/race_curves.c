/* race_curves.c - curves of a race: medians over the seeds, with the spread where there is room for it. On the terminal as
 * letters, as a picture by gnuplot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "race.h"

enum { WIDTH = 64, HEIGHT = 14 };

/* A point of the curve of a racer: over the runs that have it. */
typedef struct place {
    double x, median, least, most;
} place;

/* Places of a racer's curve; their number. */
static int places_of(const race *r, int w, int o, place *list)
{
    const result *found = result_of(r, w, o);
    int n = 0;
    for (int k = 0; k < DS_CURVE_POINTS; k++) {
        double x[SEEDS], y[SEEDS];
        int runs = 0;
        for (int s = 0; s < r->seeds; s++) {
            const ds_race_run *run = found->run[s];
            if (k >= run->count) continue;
            x[runs] = ds_race_spent(r, &run->point[k]);
            y[runs++] = run->point[k].value;
        }
        if (runs == 0 || 2 * runs < r->seeds) break;
        list[n++] = (place){ ds_quantile(runs, x, 0.5), ds_quantile(runs, y, 0.5), ds_quantile(runs, y, 0),
                             ds_quantile(runs, y, 1) };
    }
    return n;
}

/* ---- the terminal ------------------------------------------------------------------------------------------------ */

typedef struct frame {
    double end, low, high; /* x from 0 to end; y */
    bool log;
} frame;

/* Logarithmic where a loss falls far. */
static frame frame_of(const race *r, int w)
{
    frame f = { 0, INFINITY, -INFINITY, false };
    place list[DS_CURVE_POINTS];
    for (int o = 0; o < r->racers; o++) {
        int n = places_of(r, w, o, list);
        for (int k = 0; k < n; k++) {
            if (list[k].x > f.end) f.end = list[k].x;
            if (list[k].median < f.low) f.low = list[k].median;
            if (list[k].median > f.high) f.high = list[k].median;
        }
    }
    f.log = !r->workload[w].more && f.low > 0 && f.high > 4 * f.low;
    return f;
}

static double height(const frame *f, double y)
{
    if (f->log) return log(y / f->low) / log(f->high / f->low);
    return (y - f->low) / (f->high - f->low);
}

static void draw_curve(char field[HEIGHT][WIDTH + 1], const frame *f, const place *list, int n, char letter)
{
    for (int k = 0; k < n; k++) {
        int x = (int)(list[k].x / f->end * (WIDTH - 1) + 0.5);
        int y = HEIGHT - 1 - (int)(height(f, list[k].median) * (HEIGHT - 1) + 0.5);
        if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT) field[y][x] = field[y][x] == ' ' ? letter : '*';
    }
}

static void print_curves(const race *r, int w)
{
    char field[HEIGHT][WIDTH + 1];
    place list[DS_CURVE_POINTS];
    frame f = frame_of(r, w);
    if (!(f.high > f.low) || !(f.end > 0)) return;
    for (int y = 0; y < HEIGHT; y++) {
        memset(field[y], ' ', WIDTH);
        field[y][WIDTH] = 0;
    }
    for (int o = 0; o < r->racers; o++) draw_curve(field, &f, list, places_of(r, w, o, list), (char)('a' + o));
    printf("\n%s of %s, median%s:", r->workload[w].metric, r->workload[w].name, f.log ? ", logarithmic" : "");
    for (int o = 0; o < r->racers; o++) printf(" %c %s%s", 'a' + o, r->racer[o].text, o < r->racers - 1 ? "," : "");
    printf("; * several\n");
    for (int y = 0; y < HEIGHT; y++) {
        double share = 1 - (double)y / (HEIGHT - 1);
        double at = f.log ? f.low * exp(share * log(f.high / f.low)) : f.low + share * (f.high - f.low);
        printf("%9.4g |%s\n", at, field[y]);
    }
    printf("%9s +", "");
    for (int x = 0; x < WIDTH; x++) putchar('-');
    printf("\n%11s0%*.6g\n", "", WIDTH - 1, f.end);
}

/* ---- the picture ------------------------------------------------------------------------------------------------- */

static void write_data(FILE *f, const race *r, int w)
{
    place list[DS_CURVE_POINTS];
    for (int o = 0; o < r->racers; o++) {
        int n = places_of(r, w, o, list);
        fprintf(f, "$racer%d << END\n", o);
        for (int k = 0; k < n; k++)
            fprintf(f, "%.9g %.9g %.9g %.9g\n", list[k].x, list[k].median, list[k].least, list[k].most);
        fputs("END\n", f);
    }
}

static void write_plot(FILE *f, const race *r, int w)
{
    place list[DS_CURVE_POINTS];
    const char *before = "plot ";
    for (int pass = 0; pass < 2; pass++)
        for (int o = 0; o < r->racers; o++) {
            const char *color = ds_picture_color(o);
            if (places_of(r, w, o, list) == 0) continue;
            fprintf(f, "%s$racer%d using ", before, o);
            if (pass == 0) {
                fprintf(f, "1:3:4 with filledcurves fc rgb \"%s\" fs transparent solid 0.15 noborder notitle", color);
            } else {
                fprintf(f, "1:2 with lines lc rgb \"%s\" lw 2 dt %d title ", color, 1 + o / DS_COLORS);
                ds_picture_text(f, r->racer[o].text);
            }
            before = ", \\\n  ";
        }
    fputc('\n', f);
}

static int draw(const race *r, int w, bool *missing)
{
    static const char *const units[] = { "steps", "gradients", "seconds" };
    ds_picture p;
    char path[4000], text[256];
    frame f = frame_of(r, w);
    snprintf(path, sizeof path, "%s/%s.%s", r->folder, r->workload[w].name, r->picture);
    if (!(f.end > 0) || !(f.high > f.low)) return 0;
    int code = ds_picture_begin(&p, path, 900, 560);
    if (code) return code;
    snprintf(text, sizeof text, "%s of %s: median of %d seeds, and all of them", r->workload[w].metric,
             r->workload[w].name, r->seeds);
    fputs("set title ", p.script);
    ds_picture_text(p.script, text);
    fprintf(p.script, " noenhanced\nset xlabel \"%s\"\nset xrange [0:*]\nset key outside right Left reverse\n",
            units[r->unit]);
    if (f.log) fputs("set logscale y\n", p.script);
    if (r->workload[w].aims)
        fprintf(p.script, "set arrow from graph 0,first %.9g to graph 1,first %.9g nohead dt 2 lc rgb \"#606060\"\n",
                r->workload[w].target, r->workload[w].target);
    write_data(p.script, r, w);
    write_plot(p.script, r, w);
    code = ds_picture_end(&p, missing);
    if (!code && !*missing) fprintf(stderr, "curves: %s\n", path);
    return code;
}

int ds_race_draw(const race *r)
{
    bool missing = false;
    int code = 0;
    for (int w = 0; w < r->workloads && !r->json; w++) print_curves(r, w);
    for (int w = 0; w < r->workloads && !code && !missing && strcmp(r->picture, "none"); w++)
        code = draw(r, w, &missing);
    if (missing) fprintf(stderr, "note: no picture: gnuplot is not installed (Debian: gnuplot-nox)\n");
    return code;
}
