/* metric.c - metrics over any number of batches: rows are counted one after another, so batches change no bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "problem/problem.h"

/* The largest output that is a number; comparisons with NaN are false. */
int ds_predict(const ds_metric *m, const double *z)
{
    int best = -1;
    if (m->width == 1 && m->classes == 2) return z[0] != z[0] ? -1 : z[0] > 0;
    for (int k = 0; k < (int)m->width; k++)
        if (best < 0 ? z[k] == z[k] : z[k] > z[best]) best = k;
    return best;
}

ds_status ds_metric_create(ds_metric **out, const ds_problem *p, const char *text)
{
    *out = NULL;
    ds_part part;
    DS_TRY(ds_part_parse(p->ctx, NULL, &ds_metric_registry, "metric", text, &part));
    const ds_metric_def *def = (const ds_metric_def *)part.head;
    if (!(def->fits & (p->classes ? DS_FOR_CLASSES : DS_FOR_REALS)))
        return ds_fail(p->ctx, DS_ECONFIG, "metric \"%s\" is for %s, but the data has %s", def->head.name,
                       p->classes ? "real targets" : "classes", p->classes ? "classes" : "real targets");
    size_t row = 2 * (size_t)p->width * sizeof(double),
           table = def->table ? (size_t)p->classes * (size_t)p->classes * sizeof(int64_t) : 0;
    ds_metric *m = calloc(1, sizeof *m + row + table);
    if (!m) return ds_fail_memory(p->ctx, sizeof *m + row + table, "a metric");
    *m = (ds_metric){
        .def = def, .part = part, .dtype = p->dtype, .classes = p->classes, .width = p->width, .targets = p->targets
    };
    m->row = (double *)(void *)(m + 1);
    if (table) m->table = (int64_t *)(void *)((char *)m->row + row);
    *out = m;
    return DS_OK;
}

void ds_metric_free(ds_metric *m) { free(m); }
const char *ds_metric_name(const ds_metric *m) { return m->def->head.name; }
double ds_metric_value(const ds_metric *m) { return m->rows ? m->def->value(m) : (double)NAN; }

void ds_metric_reset(ds_metric *m)
{
    m->rows = m->hits = 0;
    m->sum = 0;
    if (m->table) memset(m->table, 0, (size_t)m->classes * (size_t)m->classes * sizeof *m->table);
}

const int64_t *ds_metric_table(const ds_metric *m, int *classes)
{
    *classes = m->classes;
    return m->table;
}

static void widen(ds_dtype t, const void *from, int64_t at, int64_t n, double *to)
{
    for (int64_t k = 0; k < n; k++)
        to[k] = t == DS_F64 ? ((const double *)from)[at + k] : (double)((const float *)from)[at + k];
}

void ds_metric_add(ds_metric *m, const void *outputs, const void *y, int64_t n)
{
    double *z = m->row, *target = m->row + m->width;
    for (int64_t i = 0; i < n; i++, m->rows++) {
        widen(m->dtype, outputs, i * m->width, m->width, z);
        if (m->targets) widen(m->dtype, y, i * m->width, m->width, target);
        m->def->add(m, z, m->targets ? -1 : ((const int32_t *)y)[i], m->targets ? target : NULL);
    }
}
