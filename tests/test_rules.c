/* test_rules.c - every rule in every dialect: golden trajectories with states against an independent f64 oracle
 * (tests/golden/rules.py), and the laws that hold for all of them. */
#include "test_rules_support.h"

/* ---- golden trajectories ---------------------------------------------------------------------------------------- */

/* Bounds, in units of the dtype's 2^-p and relative to the largest magnitude that the element has had so far.
 * A step is at most 12 roundings from gradient to theta, and each state keeps at most 1 / (1 - decay) of the past in
 * proportion to its own size, so that a trajectory of 20 steps stays below 20 * 12 units. Two things add: the correction
 * 1 - beta2^t of Adam, whose own f64 rounding is (up to 1 / (1 - beta2) = 1000) / 2 units of f64 in root and oracle each; and
 * the variance r - m^2, which loses up to a factor r / (r - m^2), below 20 in these data. */
enum { UNITS_F64 = 1000, UNITS_F32 = 240 };

typedef struct golden {
    FILE *file;
    int steps, n;
    double theta[16], g[32][16], rate[32], most[8][16];
    char rule[256], dialect[16], name[8][16];
    int states;
} golden;

static double number(golden *d)
{
    char word[64];
    assert_int_equal(fscanf(d->file, "%63s", word), 1);
    return strtod(word, NULL);
}

static void open_golden(golden *d)
{
    d->file = fopen("tests/golden/rules.txt", "r");
    if (!d->file) fail_msg("no tests/golden/rules.txt; run in the source folder");
    assert_int_equal(fscanf(d->file, "inputs %d %d", &d->steps, &d->n), 2);
    assert_true(d->steps <= 32 && d->n <= 16);
    for (int i = 0; i < d->n; i++) d->theta[i] = number(d);
    for (int s = 0; s < d->steps; s++)
        for (int i = 0; i < d->n; i++) d->g[s][i] = number(d);
}

/* The next case's head; false at the end. */
static bool next_case(golden *d)
{
    char word[8];
    assert_int_equal(fscanf(d->file, "%7s", word), 1);
    if (strcmp(word, "end") == 0) return false;
    assert_int_equal(fscanf(d->file, "%255s %15s", d->rule, d->dialect), 2);
    for (int s = 0; s < d->steps; s++) d->rate[s] = number(d);
    assert_int_equal(fscanf(d->file, " states %d", &d->states), 1);
    for (int k = 0; k < d->states; k++) assert_int_equal(fscanf(d->file, "%15s", d->name[k]), 1);
    memset(d->most, 0, sizeof d->most);
    return true;
}

static void compare(golden *d, int slot, const char *what, int step, ds_dtype t, const void *x, const double *wanted,
                    int n)
{
    double unit = t == DS_F32 ? UNITS_F32 * 0x1p-24 : UNITS_F64 * 0x1p-53;
    for (int i = 0; i < n; i++) {
        double *most = &d->most[slot][i], found = get(t, x, i);
        if (fabs(wanted[i]) > *most) *most = fabs(wanted[i]);
        /* Squares of the smallest gradients are subnormal in f32: their unit is the absolute 2^-149. */
        double bound = unit * *most + (t == DS_F32 ? UNITS_F32 * 0x1p-149 : 0);
        if (!(fabs(found - wanted[i]) <= bound))
            fail_msg("%s %s %s, step %d, %s[%d]: found %.17g, wanted %.17g, off by %.3g of the bound", d->rule,
                     d->dialect, ds_dtype_name(t), step + 1, what, i, found, wanted[i],
                     fabs(found - wanted[i]) / bound);
    }
}

/* Elements of theta (k = 0) or of the k-th state named. */
static int length(const golden *d, const bench *b, int k)
{
    int at = k ? ds_optim_state_find(b->o, d->name[k - 1]) : -1;
    return at < 0 ? d->n : (int)ds_optim_state_count(b->o, at);
}

/* What the rule needs beside the gradient, of the other steps' gradients: as tests/golden/rules_needs.py. */
static void supply_golden(const golden *d, bench *b, int s)
{
    ds_need q = { 0 };
    for (;;) {
        OK(b->ctx, ds_optim_ask(b->o, b->theta, b->g, &q));
        if (!q.what) return;
        int from = (s + (q.what == DS_NEED_SAMPLED ? 7 : q.what == DS_NEED_PRODUCT ? 3 : 5)) % d->steps;
        for (int i = 0; q.out && i < d->n; i++)
            put(b->t, q.out, i, d->g[from][i] * (q.what == DS_NEED_PRODUCT ? get(b->t, q.v, i) : 1));
        q.number = q.what == DS_NEED_LOSS ? 0.5 * ((s + 1) % 5) : 16;
    }
}

/* Reads the case's path from the file while two optimizers walk it. */
static void follow(golden *d)
{
    bench b[2];
    for (int t = 0; t < 2; t++) {
        b[t] = start((setup){ .rule = d->rule, .dialect = d->dialect, .n = d->n, .t = t ? DS_F64 : DS_F32 });
        for (int i = 0; i < d->n; i++) put(b[t].t, b[t].theta, i, d->theta[i]);
        assert_int_equal(ds_optim_states(b[t].o), d->states);
    }
    for (int s = 0; s < d->steps; s++) {
        double wanted[8][16];
        for (int k = 0; k <= d->states; k++)
            for (int i = 0; i < length(d, &b[1], k); i++) wanted[k][i] = number(d);
        for (int t = 0; t < 2; t++) {
            for (int i = 0; i < d->n; i++) put(b[t].t, b[t].g, i, d->g[s][i]);
            supply_golden(d, &b[t], s);
            OK(b[t].ctx, ds_optim_step(b[t].o, b[t].theta, b[t].g, d->rate[s]));
            compare(d, 0, "theta", s, b[t].t, b[t].theta, wanted[0], d->n);
            for (int k = 0; k < d->states; k++) {
                int at = ds_optim_state_find(b[t].o, d->name[k]);
                if (at < 0) fail_msg("%s %s has no state \"%s\"", d->rule, d->dialect, d->name[k]);
                compare(d, k + 1, d->name[k], s, b[t].t, ds_optim_state(b[t].o, at), wanted[k + 1],
                        length(d, &b[t], k + 1));
            }
        }
    }
    for (int t = 0; t < 2; t++) stop(&b[t]);
}

static void golden_trajectories(void **state)
{
    (void)state;
    golden d = { 0 };
    int cases = 0;
    bool seen[256] = { 0 };
    assert_true(2 * ds_rule_registry.count <= 256);
    open_golden(&d);
    for (; next_case(&d); cases++) {
        follow(&d);
        for (int i = 0; i < ds_rule_registry.count; i++) {
            const char *name = ds_rule_registry.heads[i]->name;
            size_t length = strlen(name);
            if (strncmp(d.rule, name, length) == 0 && (d.rule[length] == 0 || d.rule[length] == '('))
                seen[2 * i + (strcmp(d.dialect, "book") == 0)] = true;
        }
    }
    fclose(d.file);
    assert_true(cases > 0);
    for (int i = 0; i < 2 * ds_rule_registry.count; i++)
        if (!seen[i] && !ds_rule_of(ds_rule_registry.heads[i / 2])->each) /* test_matrix.c has the others */
            fail_msg("rule %s has no golden trajectory in dialect %s", ds_rule_registry.heads[i / 2]->name,
                     DIALECTS[i % 2]);
}

/* ---- laws ------------------------------------------------------------------------------------------------------- */

/* Same bits for any number of threads, backend, fused or not, at odd sizes. */
static void compare_paths(setup s)
{
    static const int threads[] = { 1, 2, 3, 7 };
    static const char *const backends[] = { "ref", "cpu", "check" };
    static const int64_t sizes[] = { 1, 67, 20011 };
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        s.n = sizes[k];
        if (s.n > 100 && definition(s.rule)->each) continue; /* test_matrix.c has real matrices */
        s.backend = "ref";
        bench a = start(s);
        randomize(s.t, a.theta, s.n, 0);
        for (int step = 0; step < 3; step++) one_step(&a, step);
        for (int path = 0; path < 12; path++) {
            setup other = s;
            other.threads = threads[path % 4];
            other.backend = backends[path / 4];
            other.unfused = path % 2;
            bench b = start(other);
            randomize(s.t, b.theta, s.n, 0);
            for (int step = 0; step < 3; step++) one_step(&b, step);
            assert_same(&a, &b);
            stop(&b);
        }
        stop(&a);
    }
}

static void same_bits_on_every_path(void **state)
{
    (void)state;
    for_each_rule(compare_paths);
}

/* Saved at every step into a new optimizer: the rest of the run has the same bits. */
static void resume(setup s)
{
    s.n = 67;
    bench a = start(s);
    randomize(s.t, a.theta, s.n, 0);
    for (int step = 0; step < 6; step++) {
        bench b = start(s);
        memcpy(b.theta, a.theta, vector_bytes(&a));
        for (int i = 0; i < ds_optim_states(a.o); i++)
            memcpy(ds_optim_state(b.o, i), ds_optim_state(a.o, i),
                   (size_t)ds_optim_state_count(a.o, i) * ds_dtype_bytes(a.t));
        ds_optim_set_steps(b.o, ds_optim_steps(a.o));
        memcpy(ds_optim_numbers(b.o), ds_optim_numbers(a.o), DS_OPTIM_NUMBERS * sizeof(double));
        stop(&a);
        a = b;
        one_step(&a, step);
        assert_int_equal(ds_optim_steps(a.o), step + 1);
    }
    bench whole = start(s);
    randomize(s.t, whole.theta, s.n, 0);
    for (int step = 0; step < 6; step++) one_step(&whole, step);
    assert_same(&a, &whole);
    stop(&a);
    stop(&whole);
}

static void resumes_at_every_step(void **state)
{
    (void)state;
    for_each_rule(resume);
}

static bool decays(const char *rule)
{
    for (int i = 0; i < ds_rule_registry.count; i++) {
        const ds_head *head = ds_rule_registry.heads[i];
        size_t length = strlen(head->name);
        if (strncmp(rule, head->name, length) == 0 && (rule[length] == 0 || rule[length] == '('))
            return ds_option_find(head->options, "weight_decay") >= 0;
    }
    return false;
}

/* No gradient, fresh state, no decay: nothing moves. */
static void rest(setup s)
{
    if (strstr(s.rule, "weight_decay")) return;
    char rule[128];
    size_t length = strlen(s.rule);
    if (!decays(s.rule))
        snprintf(rule, sizeof rule, "%s", s.rule);
    else if (strchr(s.rule, '('))
        snprintf(rule, sizeof rule, "%.*s, weight_decay=0)", (int)length - 1, s.rule);
    else
        snprintf(rule, sizeof rule, "%s(weight_decay=0)", s.rule);
    s.rule = rule;
    s.n = 67;
    bench b = start(s);
    void *before = malloc(vector_bytes(&b));
    randomize(s.t, b.theta, s.n, 0);
    memcpy(before, b.theta, vector_bytes(&b));
    b.still = true;
    for (int step = 0; step < 3; step++) {
        supply(&b, step);
        OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.1));
    }
    assert_memory_equal(b.theta, before, vector_bytes(&b));
    free(before);
    stop(&b);
}

static void zero_gradient_moves_nothing(void **state)
{
    (void)state;
    for_each_rule(rest);
}

/* The gradient is read only, and nothing of it is remembered by address: another buffer each time gives the same bits. */
static void other_buffers(setup s)
{
    s.n = 67;
    bench a = start(s), b = start(s);
    randomize(s.t, a.theta, s.n, 0);
    randomize(s.t, b.theta, s.n, 0);
    for (int step = 0; step < 4; step++) {
        one_step(&a, step);
        void *g = ds_buffer_alloc(vector_bytes(&b)), *theta = ds_buffer_alloc(vector_bytes(&b));
        randomize(s.t, g, s.n, (uint32_t)step + 1);
        memcpy(theta, b.theta, vector_bytes(&b));
        supply(&b, step);
        OK(b.ctx, ds_optim_step(b.o, theta, g, rate_at(step)));
        assert_memory_equal(g, a.g, vector_bytes(&a));
        memset(g, 0xff, vector_bytes(&b));
        memcpy(b.theta, theta, vector_bytes(&b));
        memset(theta, 0xff, vector_bytes(&b));
        ds_buffer_free(g);
        ds_buffer_free(theta);
    }
    assert_same(&a, &b);
    stop(&a);
    stop(&b);
}

static void buffers_may_change(void **state)
{
    (void)state;
    for_each_rule(other_buffers);
}

/* Elements do not see each other: the second half of a vector moves as it does alone, equal elements stay equal. */
static void split(setup s)
{
    enum { HALF = 48 };
    if (couples(s.rule)) return;
    s.n = 2 * HALF;
    bench whole = start(s);
    s.n = HALF;
    bench half = start(s);
    size_t bytes = HALF * ds_dtype_bytes(s.t);
    randomize(s.t, half.theta, HALF, 0);
    memcpy(whole.theta, half.theta, bytes);
    memcpy((char *)whole.theta + bytes, half.theta, bytes);
    for (int step = 0; step < 4; step++) {
        one_step(&half, step);
        memcpy(whole.g, half.g, bytes);
        memcpy((char *)whole.g + bytes, half.g, bytes);
        supply(&whole, step);
        OK(whole.ctx, ds_optim_step(whole.o, whole.theta, whole.g, rate_at(step)));
        assert_memory_equal(whole.theta, half.theta, bytes);
        assert_memory_equal((char *)whole.theta + bytes, half.theta, bytes);
    }
    stop(&whole);
    stop(&half);
}

static void elements_are_independent(void **state)
{
    (void)state;
    for_each_rule(split);
}

/* A fused rule is one pass: no memory beside the state (and the look-ahead point, and what it is given: a product with its
 * direction), nothing staged. */
static void count_bytes(setup s)
{
    if (couples(s.rule)) return;
    s.n = 1 << 16;
    bench b = start(s);
    const void *at;
    OK(b.ctx, ds_optim_point(b.o, b.theta, &at));
    size_t vectors = (size_t)ds_optim_states(b.o) + (at != b.theta);
    vectors += ds_optim_needs(b.o) & DS_NEED_PRODUCT ? 2 : ds_optim_needs(b.o) & DS_NEED_SAMPLED ? 1 : 0;
    assert_true(ds_optim_bytes(b.o) >= vectors * vector_bytes(&b));
    if (ds_optim_bytes(b.o) > vectors * vector_bytes(&b) + vector_bytes(&b) / 2) /* tiles of the workers are small */
        fail_msg("%s %s: %zu bytes for %zu vectors of %zu", s.rule, s.dialect, ds_optim_bytes(b.o), vectors,
                 vector_bytes(&b));
    assert_int_equal(ds_optim_traffic(b.o), (3 + 2 * (size_t)ds_optim_states(b.o)) * vector_bytes(&b));
    stop(&b);
}

static void one_pass_over_memory(void **state)
{
    (void)state;
    for_each_rule(count_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_trajectories),   cmocka_unit_test(same_bits_on_every_path),
        cmocka_unit_test(resumes_at_every_step), cmocka_unit_test(zero_gradient_moves_nothing),
        cmocka_unit_test(buffers_may_change),    cmocka_unit_test(elements_are_independent),
        cmocka_unit_test(one_pass_over_memory),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
