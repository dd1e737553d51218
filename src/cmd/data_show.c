/* data_show.c - `descent data show`: rows as a terminal can show them: pictures by blocks of two pixels in one cell (in
 * colour where the terminal has it, else by ten grays of ASCII), tables with their columns, JSON with every number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

enum { MOST_WIDTH = 76, MOST_COLUMNS = 12 };

typedef struct shown {
    const ds_dataset *d;
    ds_shape layout;
    int64_t elements, targets, row;
    double *x, *y;
    int32_t label;
} shown;

static void print_label(const shown *s)
{
    const char *name = ds_dataset_class_name(s->d, s->label);
    if (s->targets == 0) printf("%s", name ? name : "?");
    for (int64_t k = 0; k < s->targets; k++) printf("%s%.6g", k ? " " : "", s->y[k]);
}

/* Mean of channel c over the pixels of one cell's upper or lower half, from 0 to 1 within the row's own range. */
static double cell(const shown *s, int64_t step, int64_t top, int64_t left, int64_t c, const double range[2])
{
    int64_t H = s->layout.dim[0], W = s->layout.dim[1], C = s->layout.dim[2], n = 0;
    double sum = 0;
    for (int64_t i = top; i < top + step && i < H; i++)
        for (int64_t j = left; j < left + step && j < W; j++, n++) sum += s->x[(i * W + j) * C + c];
    return n && range[1] > range[0] ? (sum / (double)n - range[0]) / (range[1] - range[0]) : 0;
}

static void print_cell(const shown *s, int64_t step, int64_t i, int64_t j, const double range[2], bool color)
{
    int64_t C = s->layout.dim[2];
    double half[2][3] = { { 0 } }, gray = 0;
    for (int h = 0; h < 2; h++)
        for (int64_t c = 0; c < 3; c++) {
            half[h][c] = cell(s, step, i + h * step, j, C >= 3 ? c : 0, range);
            gray += half[h][c] / 6;
        }
    if (color)
        printf("\033[38;2;%d;%d;%dm\033[48;2;%d;%d;%dm▀", (int)(half[0][0] * 255), (int)(half[0][1] * 255),
               (int)(half[0][2] * 255), (int)(half[1][0] * 255), (int)(half[1][1] * 255), (int)(half[1][2] * 255));
    else
        putchar(" .:-=+*#%@"[(int)(gray * 9.999)]);
}

static void print_picture(const shown *s, bool color)
{
    int64_t H = s->layout.dim[0], W = s->layout.dim[1], step = (W + MOST_WIDTH - 1) / MOST_WIDTH;
    double range[2] = { INFINITY, -INFINITY };
    for (int64_t i = 0; i < s->elements; i++) {
        if (s->x[i] < range[0]) range[0] = s->x[i];
        if (s->x[i] > range[1]) range[1] = s->x[i];
    }
    printf("row %lld: ", (long long)s->row);
    print_label(s);
    putchar('\n');
    for (int64_t i = 0; i < H; i += 2 * step) {
        for (int64_t j = 0; j < W; j += step) print_cell(s, step, i, j, range, color);
        puts(color ? "\033[0m" : "");
    }
}

static void print_heading(const shown *s)
{
    int64_t n = s->elements < MOST_COLUMNS ? s->elements : MOST_COLUMNS;
    printf("%8s ", "row");
    for (int64_t k = 0; k < n; k++) {
        char number[24];
        const char *name = ds_dataset_column_name(s->d, k);
        snprintf(number, sizeof number, "%lld", (long long)k);
        printf(" %10.10s", name ? name : number);
    }
    printf("%s  label\n", n < s->elements ? " ..." : "");
}

static void print_line(const shown *s)
{
    int64_t n = s->elements < MOST_COLUMNS ? s->elements : MOST_COLUMNS;
    printf("%8lld ", (long long)s->row);
    for (int64_t k = 0; k < n; k++) printf(" %10.5g", s->x[k]);
    printf("%s  ", n < s->elements ? " ..." : "");
    print_label(s);
    putchar('\n');
}

static void print_json(const shown *s)
{
    printf("{\"row\": %lld, \"%s\": ", (long long)s->row, s->targets ? "targets" : "label");
    if (s->targets == 0) ds_print_json_text(stdout, ds_dataset_class_name(s->d, s->label));
    for (int64_t k = 0; k < s->targets; k++) {
        fputs(k ? ", " : "[", stdout);
        ds_print_json_number(stdout, s->y[k]);
    }
    fputs(s->targets ? "], \"x\": [" : ", \"x\": [", stdout);
    for (int64_t k = 0; k < s->elements; k++) {
        if (k) fputs(", ", stdout);
        ds_print_json_number(stdout, s->x[k]);
    }
    puts("]}");
}

static int show_rows(const data_call *call, const ds_view *v, shown *s)
{
    int64_t from = data_flag(call, "from")->integer, rows = ds_view_rows(v), n = data_flag(call, "rows")->integer;
    bool picture = s->layout.rank == 3, color = ds_wants_color(stdout);
    if (from >= rows)
        return ds_complain(DS_EXIT_USAGE, "--from %lld: there are %lld rows", (long long)from, (long long)rows);
    if (!picture && !call->json) print_heading(s);
    for (s->row = from; s->row < rows && s->row < from + n; s->row++) {
        ds_batch b = { .x = s->x, .y = s->targets ? (void *)s->y : (void *)&s->label };
        ds_status status = ds_view_read(v, &s->row, 1, DS_F64, &b);
        if (status != DS_OK) return ds_complain_status(call->ctx, status);
        if (call->json)
            print_json(s);
        else if (picture)
            print_picture(s, color);
        else
            print_line(s);
    }
    return DS_EXIT_OK;
}

int data_show(const data_call *call)
{
    ds_dataset *d;
    int code = data_open(call, &d);
    if (code) return code;
    shown s = { .d = d, .layout = ds_dataset_layout(d), .targets = ds_dataset_targets(d) };
    s.elements = ds_shape_count(s.layout);
    s.x = malloc((size_t)s.elements * sizeof *s.x);
    s.y = malloc((size_t)s.targets * sizeof *s.y + 1);
    const ds_view *v = ds_dataset_view(d, (ds_split)data_flag(call, "split")->integer);
    if (!s.x || !s.y)
        code = ds_complain(DS_EXIT_FAILED, "out of memory");
    else if (ds_view_rows(v) == 0)
        code = ds_complain(DS_EXIT_DATA, "the set has no %s rows", data_flag(call, "split")->text);
    else
        code = show_rows(call, v, &s);
    free(s.x);
    free(s.y);
    ds_dataset_free(d);
    return code;
}
