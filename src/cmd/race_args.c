/* race_args.c - the command line of `descent race`: configs and settings, racers, budget, target. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optimizers.h"
#include "race.h"

extern const ds_command ds_command_race;

static const char *text_of(const ds_args *a, const char *flag)
{
    const char *text = ds_args_flag(a, &ds_command_race, flag)->text;
    return text && *text ? text : NULL;
}

/* ---- racers ------------------------------------------------------------------------------------------------------ */

/* "a=1, b=2" behind the name, each as a setting of the config. */
static int read_options(racer *o, char *list)
{
    for (char *rest = list, *word; (word = strtok_r(rest, ",", &rest));) {
        word += strspn(word, " ");
        for (size_t n = strlen(word); n && word[n - 1] == ' '; n--) word[n - 1] = 0;
        if (!strchr(word, '=') || o->settings == OPTIONS)
            return ds_complain(DS_EXIT_USAGE, "--optimizers: %s: wanted NAME or NAME(option=value, ...)", o->text);
        if (!strncmp(word, "lr=", 3)) o->tuned = false;
        snprintf(o->setting[o->settings++], sizeof o->setting[0], "optimizer.%s", word);
    }
    return 0;
}

static int read_racer(race *r, const char *word)
{
    ds_named_optimizer named;
    if (r->racers == RACERS) return ds_complain(DS_EXIT_USAGE, "--optimizers: at most %d of them", RACERS);
    int code = ds_name_optimizer(&named, "optimizers", word);
    if (code) return code;
    for (int k = 0; k < r->racers; k++)
        if (!strcmp(r->racer[k].text, named.text))
            return ds_complain(DS_EXIT_USAGE, "--optimizers: %s twice", named.text);
    racer *o = &r->racer[r->racers++];
    memcpy(o->text, named.text, sizeof o->text);
    o->head = named.head;
    o->rule = named.rule;
    o->tuned = named.rule && r->trials > 1 && ds_option_find(named.head->options, "lr") >= 0;
    snprintf(o->setting[o->settings++], sizeof o->setting[0], "optimizer.name=%s", named.head->name);
    return read_options(o, named.list);
}

bool ds_race_concerns(const race *r, const racer *o, const char *setting)
{
    char key[64];
    if (!strncmp(setting, "schedule", 8)) return o->rule;
    if (strncmp(setting, "optimizer.", 10)) return true;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(setting + 10, "=."), setting + 10);
    if (ds_option_find(o->head->options, key) >= 0) return true;
    for (int k = 0; k < r->racers; k++)
        if (ds_option_find(r->racer[k].head->options, key) >= 0) return false;
    return true; /* nobody's: a key of the section, or a mistake */
}

static int read_racers(race *r, const char *text)
{
    char copy[4096], *rest = copy;
    int code = 0;
    if (!text) return ds_complain(DS_EXIT_USAGE, "race wants --optimizers, such as --optimizers momentum,adam,lion");
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return ds_complain(DS_EXIT_USAGE, "--optimizers: the list is too long");
    for (const char *word; !code && (word = ds_next_optimizer(&rest));) code = read_racer(r, word);
    return code;
}

/* ---- budget, rates, target --------------------------------------------------------------------------------------- */

static int read_budget(race *r, const char *text)
{
    static const char *const units[] = { "steps", "gradients", "seconds" };
    const char *wanted = "\"500 steps\", \"2000 gradients\" or \"60 seconds\"";
    if (!text) return ds_complain(DS_EXIT_USAGE, "race wants --budget: %s", wanted);
    char *end;
    r->budget = strtod(text, &end);
    while (*end == ' ') end++;
    if (end == text || !*end)
        return ds_complain(DS_EXIT_USAGE, "--budget %s: found %s, wanted %s", text,
                           end == text ? "no number" : "a number without a unit", wanted);
    int unit = -1;
    for (int k = 0; k < 3; k++)
        if (!strncmp(end, units[k], strlen(units[k]) - 1) && strlen(end) <= strlen(units[k])) unit = k;
    if (unit < 0) return ds_complain(DS_EXIT_USAGE, "--budget %s: found unit \"%s\", wanted %s", text, end, wanted);
    r->unit = (ds_budget_unit)unit;
    bool whole = r->budget == floor(r->budget);
    if (!(r->budget > 0) || r->budget > 1e12 || (!whole && r->unit != DS_BUDGET_SECONDS))
        return ds_complain(DS_EXIT_USAGE, "--budget %s: wanted a %snumber above 0, such as %s", text,
                           r->unit == DS_BUDGET_SECONDS ? "" : "whole ", wanted);
    snprintf(r->budget_text, sizeof r->budget_text, "%.15g %s", r->budget, units[unit]);
    return 0;
}

static int read_rates(race *r, const char *text)
{
    char *end;
    r->lo = strtod(text, &end);
    if (end != text && *end == ':') r->hi = strtod(end + 1, &end);
    if (*end || !(r->lo > 0) || !(r->hi > r->lo) || !isfinite(r->hi))
        return ds_complain(DS_EXIT_USAGE, "--rates %s: wanted LOW:HIGH with 0 < LOW < HIGH, such as 1e-4:1", text);
    return 0;
}

static const char *const metrics[] = { "val.loss", "val.accuracy", "val.error", "train.loss" };
enum { METRICS = sizeof metrics / sizeof metrics[0] };

static int read_metric(workload *w, const char *flag, const char *text, size_t length)
{
    snprintf(w->metric, sizeof w->metric, "%.*s", (int)length, text);
    w->more = !strcmp(w->metric, "val.accuracy");
    for (int k = 0; k < METRICS; k++)
        if (!strcmp(metrics[k], w->metric)) return 0;
    const char *near = ds_nearest(w->metric, metrics, METRICS);
    return ds_complain(DS_EXIT_USAGE,
                       "--%s: \"%s\" cannot be compared; wanted val.loss, val.accuracy, val.error or train.loss%s%s%s",
                       flag, w->metric, near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

/* "val.loss<=0.3", "val.accuracy>=0.97". */
static int read_target(workload *w, const char *text)
{
    size_t name = strcspn(text, "<>=");
    const char *sign = text + name, *number = sign + strspn(sign, "<>=");
    char *end;
    int code = read_metric(w, "target", text, name);
    if (code) return code;
    const char *wanted = w->more ? ">=" : "<=";
    w->target = strtod(number, &end);
    if (number - sign != 2 || strncmp(sign, wanted, 2) || end == number || *end || !isfinite(w->target))
        return ds_complain(DS_EXIT_USAGE, "--target %s: wanted %s%s and a number, such as %s%s%s", text, w->metric,
                           wanted, w->metric, wanted, w->more ? "0.97" : "0.1");
    w->aims = true;
    return 0;
}

/* One target for all configs, or one for each, apart by commas. */
static int read_targets(race *r, const char *target, const char *metric)
{
    char copy[2048];
    int n = 0;
    snprintf(copy, sizeof copy, "%s", target ? target : "");
    for (char *rest = copy, *word; (word = strtok_r(rest, ",", &rest)); n++) {
        if (n == r->workloads) return ds_complain(DS_EXIT_USAGE, "--target %s: more targets than configs", target);
        int code = read_target(&r->workload[n], word + strspn(word, " "));
        if (code) return code;
    }
    if (n > 1 && n < r->workloads)
        return ds_complain(DS_EXIT_USAGE, "--target %s: %d targets for %d configs; wanted one, or one for each", target,
                           n, r->workloads);
    for (int w = 0; w < r->workloads; w++) {
        workload *at = &r->workload[w];
        if (n == 1 && w) {
            memcpy(at->metric, r->workload[0].metric, sizeof at->metric);
            at->more = r->workload[0].more;
            at->target = r->workload[0].target;
            at->aims = true;
        }
        if (metric && at->aims && strcmp(metric, at->metric))
            return ds_complain(DS_EXIT_USAGE, "--metric %s, but the target is one of %s; leave one out", metric,
                               at->metric);
        int code = at->aims
                       ? 0
                       : read_metric(at, "metric", metric ? metric : "val.loss", strlen(metric ? metric : "val.loss"));
        if (code) return code;
    }
    return 0;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* What a config is called: without folders and ending. */
static void name_workload(workload *w)
{
    const char *slash = strrchr(w->config, '/'), *base = slash ? slash + 1 : w->config, *dot = strrchr(base, '.');
    snprintf(w->name, sizeof w->name, "%.*s", dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
    for (char *c = w->name; *c; c++)
        if (!isgraph((unsigned char)*c)) *c = '_';
}

static int read_words(race *r, const ds_args *a)
{
    for (int k = 0; k < a->count; k++) {
        char *word = a->positional[k];
        if (strchr(word, '=')) {
            if (!strncmp(word, "optimizer.name=", 15) || !strncmp(word, "train.seed=", 11))
                return ds_complain(DS_EXIT_USAGE, "%s: --optimizers and --seeds say that in a race", word);
            if (r->settings == SETTINGS) return ds_complain(DS_EXIT_USAGE, "at most %d settings for all", SETTINGS);
            r->setting[r->settings++] = word;
            continue;
        }
        if (r->workloads == WORKLOADS) return ds_complain(DS_EXIT_USAGE, "at most %d configs", WORKLOADS);
        workload *w = &r->workload[r->workloads++];
        w->config = word;
        name_workload(w);
        for (int i = 0; i < r->workloads - 1; i++)
            if (!strcmp(r->workload[i].name, w->name))
                return ds_complain(DS_EXIT_USAGE, "%s and %s have one name; rename one of them", r->workload[i].config,
                                   word);
    }
    if (r->workloads) return 0;
    return ds_complain(DS_EXIT_USAGE, "race wants a CONFIG: descent race %s", ds_command_race.usage);
}

/* races/NAME-HHHHHHHH by all that the runs depend on, racers and seeds aside: the same words find the same folder. */
static void name_folder(race *r, const char *out)
{
    uint64_t h = 14695981039346656037u;
    char text[256];
    if (out) {
        snprintf(r->folder, sizeof r->folder, "%s", out);
        return;
    }
    snprintf(text, sizeof text, "%s %d %d %.17g %.17g", r->budget_text, r->points, r->trials, r->lo, r->hi);
    h = ds_race_hash(h, text);
    for (int k = 0; k < r->settings; k++) h = ds_race_hash(h, r->setting[k]);
    for (int w = 0; w < r->workloads; w++) {
        h = ds_race_hash(h, r->workload[w].config);
        h = ds_race_hash(h, r->workload[w].metric);
    }
    snprintf(r->folder, sizeof r->folder, "races/%s-%08x", r->workload[0].name, (unsigned)(h ^ (h >> 32)));
}

int ds_race_read(race *r, const ds_args *a)
{
    const ds_command *c = &ds_command_race;
    r->seeds = (int)ds_args_flag(a, c, "seeds")->integer;
    r->trials = (int)ds_args_flag(a, c, "trials")->integer;
    r->points = (int)ds_args_flag(a, c, "points")->integer;
    r->json = ds_args_flag(a, c, "json")->integer;
    r->picture = ds_args_flag(a, c, "picture")->text;
    int code = read_words(r, a);
    if (!code) code = read_racers(r, text_of(a, "optimizers"));
    if (!code) code = read_budget(r, text_of(a, "budget"));
    if (!code) code = read_rates(r, text_of(a, "rates"));
    if (!code) code = read_targets(r, text_of(a, "target"), text_of(a, "metric"));
    if (code) return code;
    if (r->racers < 2) return ds_complain(DS_EXIT_USAGE, "a race wants two optimizers or more");
    if (r->unit != DS_BUDGET_SECONDS && r->points > r->budget) r->points = (int)r->budget;
    name_folder(r, text_of(a, "out"));
    return 0;
}
