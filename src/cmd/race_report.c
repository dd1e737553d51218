/* race_report.c - what a race came to: the table, who is ahead of whom, performance profiles; for people, as JSON, as TSV. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "race.h"

static const double level = 0.05, within = 4;

/* One racer on one workload, over its seeds. */
typedef struct summary {
    int o;
    double final[SEEDS], median, least, most, best;
    int reached;
    double to_steps, to_gradients, to_seconds; /* medians of the runs that got there; INFINITY: fewer than half did */
    double step_seconds;                       /* NaN: no run has a point */
    int64_t bytes;
} summary;

/* ---- sums -------------------------------------------------------------------------------------------------------- */

static void sum_up(const race *r, int w, int o, summary *s)
{
    const workload *at = &r->workload[w];
    const result *found = result_of(r, w, o);
    double best[SEEDS], steps[SEEDS], gradients[SEEDS], seconds[SEEDS], each[SEEDS];
    int timed = 0;
    *s = (summary){ .o = o };
    for (int k = 0; k < r->seeds; k++) {
        const ds_race_run *run = found->run[k];
        const ds_curve_point *p = ds_race_reached(at, run);
        s->final[k] = ds_race_final(at, run);
        best[k] = ds_race_best(at, run);
        steps[k] = p ? p->step : INFINITY;
        gradients[k] = p ? p->gradients : INFINITY;
        seconds[k] = p ? p->seconds : INFINITY;
        s->reached += p != NULL;
        s->bytes = run->state_bytes;
        if (run->count) each[timed++] = run->point[run->count - 1].seconds / run->point[run->count - 1].step;
    }
    s->median = ds_quantile(r->seeds, s->final, 0.5);
    s->least = ds_quantile(r->seeds, s->final, 0);
    s->most = ds_quantile(r->seeds, s->final, 1);
    s->best = ds_quantile(r->seeds, best, 0.5);
    s->to_steps = ds_quantile(r->seeds, steps, 0.5);
    s->to_gradients = ds_quantile(r->seeds, gradients, 0.5);
    s->to_seconds = ds_quantile(r->seeds, seconds, 0.5);
    s->step_seconds = timed ? ds_quantile(timed, each, 0.5) : NAN;
}

static int by_median(const void *a, const void *b)
{
    const summary *x = a, *y = b;
    return x->median != y->median ? (x->median > y->median) - (x->median < y->median) : (x->o > y->o) - (x->o < y->o);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* A value as people read it: shares in percent. */
static char *shown(const workload *w, double value, char *buf, size_t bytes)
{
    bool share = !strcmp(w->metric, "val.accuracy") || !strcmp(w->metric, "val.error");
    if (!isfinite(value))
        snprintf(buf, bytes, "diverged");
    else if (share)
        snprintf(buf, bytes, "%.2f%%", 100 * ds_race_shown(w, value));
    else
        snprintf(buf, bytes, "%.4g", value);
    return buf;
}

static char *memory(int64_t bytes, char *buf, size_t size)
{
    if (bytes == 0)
        snprintf(buf, size, "0");
    else if (bytes < 1 << 20)
        snprintf(buf, size, "%.3gK", (double)bytes / 1024);
    else
        snprintf(buf, size, "%.3gM", (double)bytes / 1048576);
    return buf;
}

static char *whole_or_never(double x, char *buf, size_t bytes)
{
    if (isfinite(x))
        snprintf(buf, bytes, "%.6g", x);
    else
        snprintf(buf, bytes, "never");
    return buf;
}

static int width_of_names(const race *r)
{
    int width = 9;
    for (int o = 0; o < r->racers; o++)
        if ((int)strlen(r->racer[o].text) > width) width = (int)strlen(r->racer[o].text);
    return width;
}

static void print_row(const race *r, int w, const summary *s, int width)
{
    char median[32], least[32], most[32], best[32], steps[32], gradients[32], seconds[32], bytes[32], spread[72],
        reached[16], each[32];
    const workload *at = &r->workload[w];
    const result *found = result_of(r, w, s->o);
    snprintf(spread, sizeof spread, "[%s .. %s]", shown(at, s->least, least, sizeof least),
             shown(at, s->most, most, sizeof most));
    printf("%-*s  %9s%s  %9s %-22s  %9s", width, r->racer[s->o].text, found->rate, found->edge ? "*" : " ",
           shown(at, s->median, median, sizeof median), spread, shown(at, s->best, best, sizeof best));
    if (at->aims) {
        snprintf(reached, sizeof reached, "%d/%d", s->reached, r->seeds);
        if (isfinite(s->to_seconds))
            snprintf(seconds, sizeof seconds, "%.3gs", s->to_seconds);
        else
            snprintf(seconds, sizeof seconds, "-");
        printf("  %5s %7s %9s %7s", reached, whole_or_never(s->to_steps, steps, sizeof steps),
               whole_or_never(s->to_gradients, gradients, sizeof gradients), seconds);
    }
    snprintf(each, sizeof each, "%.3gms", 1000 * s->step_seconds);
    printf("  %7s %9s\n", memory(s->bytes, bytes, sizeof bytes), isnan(s->step_seconds) ? "-" : each);
}

static void print_table(const race *r, int w, const summary *list)
{
    const workload *at = &r->workload[w];
    int width = width_of_names(r);
    bool edge = false;
    printf("\n%s: %s of %s, seeds %llu to %llu", at->name, at->metric, r->budget_text, (unsigned long long)at->seed,
           (unsigned long long)at->seed + (unsigned long long)r->seeds - 1);
    if (at->aims) printf(", target %.6g", at->target);
    printf("\n%-*s  %9s   %9s %-22s  %9s", width, "optimizer", "rate", "median", "[best .. worst] at end", "best");
    if (at->aims) printf("  %5s %7s %9s %7s", "there", "steps", "gradients", "time");
    printf("  %7s %9s\n", "state", "a step");
    for (int k = 0; k < r->racers; k++) {
        print_row(r, w, &list[k], width);
        edge = edge || result_of(r, w, list[k].o)->edge;
    }
    if (edge) printf("* the end of the rates that were tried; --rates beyond it may do better\n");
}

/* ---- who is ahead ------------------------------------------------------------------------------------------------ */

static const ds_duel *duel_of(const ds_duel *duel, int pairs, int a, int b)
{
    for (int k = 0; k < pairs; k++)
        if ((duel[k].a == a && duel[k].b == b) || (duel[k].a == b && duel[k].b == a)) return &duel[k];
    return NULL;
}

/* "name (p = 0.01), ..." of the racers behind list[from] that it is, or is not, told apart from. */
static void print_others(const race *r, const summary *list, int from, const ds_duel *duel, int pairs, bool apart)
{
    int n = 0;
    for (int k = 0; k < r->racers; k++) {
        if (k == from) continue;
        const ds_duel *d = duel_of(duel, pairs, list[from].o, list[k].o);
        bool wins = d->ahead == list[from].o;
        if (apart ? !wins : (d->ahead >= 0 || k < from)) continue;
        printf("%s%s (p = %.2g)", n++ ? ", " : "", r->racer[list[k].o].text, d->holm);
    }
}

static bool any(const race *r, const summary *list, int from, const ds_duel *duel, int pairs, bool apart)
{
    for (int k = 0; k < r->racers; k++) {
        if (k == from) continue;
        const ds_duel *d = duel_of(duel, pairs, list[from].o, list[k].o);
        if (apart ? d->ahead == list[from].o : d->ahead < 0 && k > from) return true;
    }
    return false;
}

static void print_verdicts(const race *r, const summary *list, const ds_duel *duel)
{
    int pairs = r->racers * (r->racers - 1) / 2, need = ds_duels_need(r->racers, level);
    if (r->seeds < need || need == 0) {
        printf("%d seeds are too few for any verdict: no p of %d pairs can be below %.2g after Holm; ", r->seeds, pairs,
               fmin(1, pairs * ds_rank_sum_least(r->seeds, r->seeds)));
        printf(need ? "%d seeds or more can tell at %.2g\n" : "the optimizers are too many\n", need, level);
        return;
    }
    for (int k = 0; k < r->racers; k++) {
        if (any(r, list, k, duel, pairs, true)) {
            printf("%s is ahead of ", r->racer[list[k].o].text);
            print_others(r, list, k, duel, pairs, true);
            printf("\n");
        }
        if (any(r, list, k, duel, pairs, false)) {
            printf("%s cannot be told apart from ", r->racer[list[k].o].text);
            print_others(r, list, k, duel, pairs, false);
            printf("\n");
        }
    }
}

/* ---- JSON and TSV ------------------------------------------------------------------------------------------------ */

static void json_number(const char *name, double x)
{
    printf(", \"%s\": ", name);
    ds_print_json_number(stdout, x);
}

static void json_text(const char *name, const char *text)
{
    printf("\"%s\": ", name);
    ds_print_json_text(stdout, text);
}

static void json_racer(const race *r, int w, const summary *s)
{
    const workload *at = &r->workload[w];
    const result *found = result_of(r, w, s->o);
    printf("{");
    json_text("optimizer", r->racer[s->o].text);
    json_number("lr", found->run[0]->lr);
    printf(", \"trials\": [");
    for (int k = 0; k < found->tried; k++) {
        printf("%s[", k ? ", " : "");
        ds_print_json_number(stdout, found->trial_rate[k]);
        printf(", ");
        ds_print_json_number(stdout, ds_race_shown(at, found->trial_value[k]));
        printf("]");
    }
    printf("], \"final\": [");
    for (int k = 0; k < r->seeds; k++) {
        if (k) printf(", ");
        ds_print_json_number(stdout, ds_race_shown(at, s->final[k]));
    }
    printf("]");
    json_number("median", ds_race_shown(at, s->median));
    json_number("best_final", ds_race_shown(at, s->least));
    json_number("worst_final", ds_race_shown(at, s->most));
    json_number("best", ds_race_shown(at, s->best));
    if (at->aims) {
        printf(", \"reached\": %d", s->reached);
        json_number("steps_to_target", s->to_steps);
        json_number("gradients_to_target", s->to_gradients);
        json_number("seconds_to_target", s->to_seconds);
    }
    printf(", \"state_bytes\": %lld", (long long)s->bytes);
    json_number("seconds_per_step", s->step_seconds);
    printf("}");
}

static void json_workload(const race *r, int w, const summary *list, const ds_duel *duel)
{
    const workload *at = &r->workload[w];
    int pairs = r->racers * (r->racers - 1) / 2, need = ds_duels_need(r->racers, level);
    printf("{");
    json_text("workload", at->name);
    printf(", ");
    json_text("metric", at->metric);
    if (at->aims) json_number("target", at->target);
    printf(", \"optimizers\": [");
    for (int k = 0; k < r->racers; k++) {
        if (k) printf(", ");
        json_racer(r, w, &list[k]);
    }
    printf("], \"seeds_needed\": %d, \"pairs\": [", need);
    for (int k = 0; k < pairs; k++) {
        printf("%s{", k ? ", " : "");
        json_text("a", r->racer[duel[k].a].text);
        printf(", ");
        json_text("b", r->racer[duel[k].b].text);
        json_number("p", duel[k].p);
        json_number("holm", duel[k].holm);
        printf(", \"ahead\": ");
        if (duel[k].ahead >= 0)
            ds_print_json_text(stdout, r->racer[duel[k].ahead].text);
        else
            printf("null");
        printf("}");
    }
    printf("]}");
}

static void tsv_rows(FILE *f, const race *r, int w, const summary *list)
{
    const workload *at = &r->workload[w];
    for (int k = 0; k < r->racers; k++) {
        const summary *s = &list[k];
        fprintf(f, "%s\t%s\t%.17g\t%d\t%s\t%.17g\t%.17g\t%.17g\t%.17g\t%d\t%.17g\t%.17g\t%.3g\t%lld\t%.3g\n", at->name,
                r->racer[s->o].text, result_of(r, w, s->o)->run[0]->lr, r->seeds, at->metric,
                ds_race_shown(at, s->median), ds_race_shown(at, s->least), ds_race_shown(at, s->most),
                ds_race_shown(at, s->best), s->reached, s->to_steps, s->to_gradients, s->to_seconds,
                (long long)s->bytes, s->step_seconds);
    }
}

static int write_tsv(const race *r, const summary *all)
{
    char path[4000];
    snprintf(path, sizeof path, "%s/table.tsv", r->folder);
    FILE *f = fopen(path, "w");
    if (f)
        fprintf(
            f,
            "workload\toptimizer\tlr\tseeds\tmetric\tmedian\tbest.final\tworst.final\tbest\treached\tsteps.to.target\t"
            "gradients.to.target\tseconds.to.target\tstate.bytes\tseconds.per.step\n");
    for (int w = 0; w < r->workloads && f; w++) tsv_rows(f, r, w, all + w * r->racers);
    bool good = f && !ferror(f);
    if (f && fclose(f)) good = false;
    return good ? 0 : ds_complain(DS_EXIT_DATA, "%s: cannot be written", path);
}

/* ---- profiles ---------------------------------------------------------------------------------------------------- */

/* What it cost each racer to get to the target of each workload, in the unit of the budget: cost[racer * workloads + w]. */
static void costs(const race *r, const summary *all, double *cost)
{
    for (int w = 0; w < r->workloads; w++)
        for (int k = 0; k < r->racers; k++) {
            const summary *s = &all[w * r->racers + k];
            cost[s->o * r->workloads + w] = r->unit == DS_BUDGET_STEPS       ? s->to_steps
                                            : r->unit == DS_BUDGET_GRADIENTS ? s->to_gradients
                                                                             : s->to_seconds;
        }
}

static void print_profiles(const race *r, const double *cost)
{
    static const double at[] = { 1, 1.25, 1.5, 2, 3, 4 };
    printf("\nperformance profile: share of the %d configs whose target was reached within a factor of the best\n%-*s",
           r->workloads, width_of_names(r), "factor");
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++) printf("  %5.2f", at[k]);
    printf("   area to %g\n", within);
    for (int o = 0; o < r->racers; o++) {
        printf("%-*s", width_of_names(r), r->racer[o].text);
        for (size_t k = 0; k < sizeof at / sizeof at[0]; k++)
            printf("  %5.2f", ds_profile_at(r->racers, r->workloads, cost, o, at[k]));
        printf("   %.3f\n", ds_profile_area(r->racers, r->workloads, cost, o, within));
    }
}

static void json_profiles(const race *r, const double *cost)
{
    printf(", \"profile\": [");
    for (int o = 0; o < r->racers; o++) {
        printf("%s{", o ? ", " : "");
        json_text("optimizer", r->racer[o].text);
        json_number("area", ds_profile_area(r->racers, r->workloads, cost, o, within));
        printf("}");
    }
    printf("]");
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int compare(const race *r, const summary *list, ds_duel *duel)
{
    double *value = calloc((size_t)(r->racers * r->seeds), sizeof *value);
    if (!value) return ds_complain(DS_EXIT_FAILED, "out of memory");
    for (int k = 0; k < r->racers; k++)
        memcpy(value + list[k].o * r->seeds, list[k].final, (size_t)r->seeds * sizeof *value);
    ds_status status = ds_duels(r->ctx, r->racers, r->seeds, value, level, duel);
    free(value);
    return status == DS_OK ? 0 : ds_complain_status(r->ctx, status);
}

static bool all_aim(const race *r)
{
    bool aim = r->workloads > 1;
    for (int w = 0; w < r->workloads; w++) aim = aim && r->workload[w].aims;
    return aim;
}

static int report(const race *r, summary *all, ds_duel *duel, double *cost)
{
    int pairs = r->racers * (r->racers - 1) / 2;
    for (int w = 0; w < r->workloads; w++) {
        summary *list = all + w * r->racers;
        for (int o = 0; o < r->racers; o++) sum_up(r, w, o, &list[o]);
        qsort(list, (size_t)r->racers, sizeof *list, by_median);
        int code = compare(r, list, duel + w * pairs);
        if (code) return code;
    }
    costs(r, all, cost);
    if (r->json) {
        printf("{");
        json_text("race", r->folder);
        printf(", ");
        json_text("budget", r->budget_text);
        printf(", \"seeds\": %d, \"workloads\": [", r->seeds);
    }
    for (int w = 0; w < r->workloads; w++) {
        const summary *list = all + w * r->racers;
        if (r->json) {
            if (w) printf(", ");
            json_workload(r, w, list, duel + w * pairs);
        } else {
            print_table(r, w, list);
            print_verdicts(r, list, duel + w * pairs);
        }
    }
    if (r->json) {
        printf("]");
        if (all_aim(r)) json_profiles(r, cost);
        printf("}\n");
    } else if (all_aim(r)) {
        print_profiles(r, cost);
    }
    return write_tsv(r, all);
}

int ds_race_report(const race *r)
{
    size_t cells = (size_t)(r->workloads * r->racers);
    summary *all = calloc(cells, sizeof *all);
    double *cost = calloc(cells, sizeof *cost);
    ds_duel *duel = calloc(cells * (size_t)r->racers, sizeof *duel);
    int code = all && cost && duel ? report(r, all, duel, cost) : ds_complain(DS_EXIT_FAILED, "out of memory");
    free(all);
    free(cost);
    free(duel);
    return code;
}
