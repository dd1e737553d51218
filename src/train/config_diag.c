/* config_diag.c - mistakes of a config: kept in order of place, shown with the line and carets. */
#include <stdlib.h>
#include <string.h>

#include "train/config_node.h"

void *config_keep(reader *r, size_t bytes)
{
    void *p = ds_arena_alloc(&r->own->arena, bytes);
    if (!p) r->no_memory = true;
    return p;
}

char *config_take(reader *r, ds_text *t)
{
    static char empty[1];
    char *text = t->failed ? NULL : ds_arena_text(&r->own->arena, t->data ? t->data : "");
    ds_text_free(t);
    if (!text) r->no_memory = true;
    return text ? text : empty;
}

char *config_text(reader *r, const char *fmt, ...)
{
    ds_text t = { 0 };
    va_list args;
    va_start(args, fmt);
    ds_text_add_v(&t, fmt, args);
    va_end(args);
    return config_take(r, &t);
}

/* The line of the file that a place is on, without its end. */
static const char *source_line(reader *r, ds_arena *arena, int line)
{
    if (line < 1 || line > r->own->line_count) return NULL;
    const char *from = r->own->lines[line - 1];
    size_t n = strcspn(from, "\r\n");
    char *copy = ds_arena_alloc(arena, n + 1);
    if (copy) memcpy(copy, from, n);
    return copy;
}

void config_mistake(reader *r, place at, const char *hint, const char *fmt, ...)
{
    ds_diagnostics *d = r->mistakes;
    if (d->count == CONFIG_MISTAKES) {
        d->dropped++;
        return;
    }
    ds_text t = { 0 };
    va_list args;
    va_start(args, fmt);
    ds_text_add_v(&t, fmt, args);
    va_end(args);
    bool typed = at.setting >= 0;
    if (typed && at.line > 0) { /* a place within a value that was read as YAML */
        const char *equal = strchr(r->own->setting[at.setting], '=');
        at.column += equal ? (int)(equal + 1 - r->own->setting[at.setting]) : 0;
    }
    ds_diagnostic *m = &d->list[d->count];
    *m = (ds_diagnostic){
        .file = typed ? "command line" : d->file, .line = typed ? 0 : at.line, .column = at.column, .width = at.width
    };
    m->text = ds_arena_text(&d->arena, t.data ? t.data : "");
    m->source = typed ? ds_arena_text(&d->arena, r->own->setting[at.setting]) : source_line(r, &d->arena, at.line);
    m->hint = hint ? ds_arena_text(&d->arena, hint) : NULL;
    if (!m->text || t.failed) r->no_memory = true;
    d->order[d->count++] = at.setting;
    ds_text_free(&t);
}

static bool before(const ds_diagnostics *d, int a, int b)
{
    if (d->order[a] != d->order[b]) return d->order[a] < d->order[b];
    if (d->list[a].line != d->list[b].line) return d->list[a].line < d->list[b].line;
    return d->list[a].column < d->list[b].column;
}

void config_sort(ds_diagnostics *d)
{
    for (int i = 1; i < d->count; i++)
        for (int k = i; k > 0 && before(d, k, k - 1); k--) {
            ds_diagnostic m = d->list[k];
            int o = d->order[k];
            bool s = d->shape[k];
            d->list[k] = d->list[k - 1];
            d->order[k] = d->order[k - 1];
            d->shape[k] = d->shape[k - 1];
            d->list[k - 1] = m;
            d->order[k - 1] = o;
            d->shape[k - 1] = s;
        }
}

int ds_diagnostics_count(const ds_diagnostics *d) { return d->count; }
const ds_diagnostic *ds_diagnostics_at(const ds_diagnostics *d, int i)
{
    return i >= 0 && i < d->count ? &d->list[i] : NULL;
}

void ds_diagnostics_free(ds_diagnostics *d)
{
    if (!d) return;
    ds_config_free(d->config);
    ds_arena_free(&d->arena);
    free(d);
}

/* Bytes of the character at p: continuation bytes belong to it. */
static size_t step(const char *p)
{
    size_t n = 1;
    while (((unsigned char)p[n] & 0xc0) == 0x80) n++;
    return n;
}

/* The line with carets below. Of a long line the part around them; tabs keep their width by standing in both lines. */
static void show_line(ds_text *t, const ds_diagnostic *m, const char *red, const char *end)
{
    enum { WIDE = 120, BEFORE = 60 };
    const char *line = m->source;
    int length = 0, from = 0, width = m->width > 0 ? m->width : 1;
    for (const char *p = line; *p; p += step(p)) length++;
    if (length > WIDE && m->column > BEFORE) from = m->column - BEFORE;
    for (int k = 0; k < from && *line; k++) line += step(line);
    const char *stop = line;
    for (int k = 0; k < WIDE && *stop; k++) stop += step(stop);
    if (m->line > 0)
        ds_text_add(t, "%5d | ", m->line);
    else
        ds_text_add(t, "      | ");
    ds_text_add(t, "%s", from ? "..." : "");
    ds_text_put(t, line, (size_t)(stop - line));
    ds_text_add(t, "%s\n      | %s", *stop ? "..." : "", from ? "   " : "");
    for (int k = from + 1; k < m->column; k++) {
        ds_text_put(t, *line == '\t' ? "\t" : " ", 1);
        if (*line) line += step(line);
    }
    if (m->column - from + width > WIDE) width = WIDE - (m->column - from) > 1 ? WIDE - (m->column - from) : 1;
    ds_text_add(t, "%s", red);
    ds_text_repeat(t, '^', width);
    ds_text_add(t, "%s", end);
    if (m->hint) ds_text_add(t, "  %s", m->hint);
    ds_text_add(t, "\n");
}

static void show(ds_text *t, const ds_diagnostic *m, bool color)
{
    const char *bold = color ? "\033[1m" : "", *red = color ? "\033[31m" : "", *end = color ? "\033[0m" : "";
    if (m->line > 0)
        ds_text_add(t, "%s%s:%d:%d:%s %s\n", bold, m->file, m->line, m->column, end, m->text);
    else if (m->source)
        ds_text_add(t, "%s%s: %s:%s %s\n", bold, m->file, m->source, end, m->text);
    else
        ds_text_add(t, "%s%s:%s %s\n", bold, m->file, end, m->text);
    if (m->column > 0 && m->source)
        show_line(t, m, red, end);
    else if (m->hint)
        ds_text_add(t, "      hint: %s\n", m->hint);
}

const ds_config *ds_diagnostics_config(const ds_diagnostics *d) { return d->config; }

static void count(ds_text *t, int n, const char *of) { ds_text_add(t, "%d error%s%s", n, n == 1 ? "" : "s", of); }

char *ds_diagnostics_text(const ds_diagnostics *d, bool color)
{
    ds_text t = { 0 };
    int typed = 0, shapes = 0;
    for (int k = 0; k < d->count; k++) {
        show(&t, &d->list[k], color);
        typed += d->order[k] >= 0;
        shapes += d->shape[k] && d->order[k] < 0;
    }
    int in_file = d->count + d->dropped - typed;
    if (d->dropped) ds_text_add(&t, "... and %d more\n", d->dropped);
    if (in_file > shapes) count(&t, in_file - shapes, shapes ? " of form and " : "");
    if (shapes && in_file == shapes)
        count(&t, shapes, "");
    else if (shapes)
        ds_text_add(&t, "%d of shape", shapes);
    if (in_file) ds_text_add(&t, " in %s", d->file);
    if (in_file && typed) ds_text_add(&t, " and %d", typed);
    if (!in_file) count(&t, typed, "");
    if (typed) ds_text_add(&t, " on the command line");
    ds_text_add(&t, "; nothing was started\n");
    return ds_text_take(&t);
}
