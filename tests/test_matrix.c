/* test_matrix.c - rules for matrices (Muon, Shampoo, SOAP): golden trajectories with states against two f64 oracles that
 * agree (tests/golden/matrix.py), singular values against the scalar polynomial, equivalences, and the laws that a rule
 * on matrices has to keep. */
#include <inttypes.h>

#include "descent/op.h"
#include "kernel/dense.h"
#include "kernel/vec.h"
#include "space/space.h"
#include "test_rules_support.h"

/* One rule on one matrix, or on all those of a space. */
typedef struct matrix {
    ds_ctx *ctx;
    ds_optim *o;
    int64_t rows, cols, n;
    ds_dtype t;
    void *theta, *g;
} matrix;

typedef struct how {
    const char *rule, *dialect, *backend;
    int64_t rows, cols;
    ds_dtype t;
    int threads;
    bool unfused;
    const ds_space *space;
} how;

static matrix begin(how h)
{
    matrix m = { .rows = h.rows, .cols = h.cols, .n = h.space ? ds_space_dim(h.space) : h.rows * h.cols, .t = h.t };
    assert_int_equal(ds_ctx_create(&m.ctx, h.threads ? h.threads : 1), DS_OK);
    ds_optim_settings s = { .dialect = h.dialect, .n = m.n, .dtype = h.t, .backend = h.backend, .unfused = h.unfused,
                            .space = h.space, .columns = h.cols };
    OK(m.ctx, ds_rule_parse(m.ctx, h.rule, &s.rule));
    OK(m.ctx, ds_optim_create(&m.o, m.ctx, &s));
    m.theta = ds_buffer_alloc((size_t)m.n * ds_dtype_bytes(h.t));
    m.g = ds_buffer_alloc((size_t)m.n * ds_dtype_bytes(h.t));
    assert_true(m.theta && m.g);
    return m;
}

static void end(matrix *m)
{
    ds_optim_free(m->o);
    ds_buffer_free(m->theta);
    ds_buffer_free(m->g);
    ds_ctx_free(m->ctx);
}

static void step(matrix *m, double rate) { OK(m->ctx, ds_optim_step(m->o, m->theta, m->g, rate)); }

/* Normal numbers of (seed, element), exact in f32. */
static void normal(ds_dtype t, void *x, int64_t n, uint32_t seed)
{
    ds_rng r = ds_rng_at(3, DS_FOR_TEST, seed, 1);
    for (int64_t i = 0; i < n; i++) put(t, x, i, (double)(float)ds_rng_normal(&r));
}

static void assert_near(int64_t n, const double *found, const double *wanted, double bound, const char *what)
{
    double most = 1e-300;
    for (int64_t i = 0; i < n; i++) most = fabs(wanted[i]) > most ? fabs(wanted[i]) : most;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(found[i] - wanted[i]) <= bound * most))
            fail_msg("%s, element %d: found %.17g, wanted %.17g", what, (int)i, found[i], wanted[i]);
}

/* ---- golden trajectories ---------------------------------------------------------------------------------------- */

enum { STEPS = 20, NUMBERS = 64 };

/* Relative to the largest element of the matrix. Rounding is stretched by what the rule does to a matrix: Muon's slope
 * at 0 is 3.4445^5 = 490, the fourth root of a condition number of 1e6 is 30, the gap of two eigenvalues in these data is
 * at least a hundredth of the largest; each step adds its own, and there are 20. So 2e4 units of the last place. */
static double bound(ds_dtype t) { return 2e4 * (t == DS_F32 ? 0x1p-24 : 0x1p-53); }

typedef struct golden {
    FILE *file;
    double theta[NUMBERS], g[STEPS][NUMBERS], rate[STEPS];
    char rule[256], dialect[16], name[8][16];
    int64_t rows, cols;
    int states;
} golden;

static double number(golden *d)
{
    char word[64];
    assert_int_equal(fscanf(d->file, "%63s", word), 1);
    return strtod(word, NULL);
}

static int open_golden(golden *d)
{
    int steps, n;
    d->file = fopen("tests/golden/matrix.txt", "r");
    if (!d->file) fail_msg("no tests/golden/matrix.txt; run in the source folder");
    assert_int_equal(fscanf(d->file, "inputs %d %d", &steps, &n), 2);
    assert_true(steps == STEPS && n <= NUMBERS);
    for (int i = 0; i < n; i++) d->theta[i] = number(d);
    for (int s = 0; s < STEPS; s++)
        for (int i = 0; i < n; i++) d->g[s][i] = number(d);
    return n;
}

static bool next_case(golden *d)
{
    char word[8];
    assert_int_equal(fscanf(d->file, "%7s", word), 1);
    if (strcmp(word, "end") == 0) return false;
    assert_int_equal(fscanf(d->file, "%255s %15s %" SCNd64 " %" SCNd64, d->rule, d->dialect, &d->rows, &d->cols), 4);
    for (int s = 0; s < STEPS; s++) d->rate[s] = number(d);
    assert_int_equal(fscanf(d->file, " states %d", &d->states), 1);
    for (int k = 0; k < d->states; k++) assert_int_equal(fscanf(d->file, "%15s", d->name[k]), 1);
    return true;
}

static void compare(golden *d, const char *what, int s, const matrix *m, const void *x, const double *wanted, int64_t n)
{
    double most = 1;
    for (int64_t i = 0; i < n; i++) most = fabs(wanted[i]) > most ? fabs(wanted[i]) : most;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(get(m->t, x, i) - wanted[i]) <= bound(m->t) * most))
            fail_msg("%s %s %s, step %d, %s[%d]: found %.17g, wanted %.17g, off by %.3g of the bound", d->rule,
                     d->dialect, ds_dtype_name(m->t), s + 1, what, (int)i, get(m->t, x, i), wanted[i],
                     fabs(get(m->t, x, i) - wanted[i]) / bound(m->t) / most);
}

static void follow_step(golden *d, matrix *m, int s, double wanted[8][256])
{
    for (int64_t i = 0; i < m->n; i++) put(m->t, m->g, i, d->g[s][i]);
    step(m, d->rate[s]);
    compare(d, "theta", s, m, m->theta, wanted[0], m->n);
    for (int k = 0; k < d->states; k++) {
        int at = ds_optim_state_find(m->o, d->name[k]);
        if (at < 0) fail_msg("%s has no state \"%s\"", d->rule, d->name[k]);
        compare(d, d->name[k], s, m, ds_optim_state(m->o, at), wanted[k + 1], ds_optim_state_count(m->o, at));
    }
}

static void follow(golden *d)
{
    matrix m[2];
    static double wanted[8][256];
    for (int t = 0; t < 2; t++) {
        m[t] = begin((how){ .rule = d->rule, .dialect = d->dialect, .rows = d->rows, .cols = d->cols,
                            .t = t ? DS_F64 : DS_F32 });
        for (int64_t i = 0; i < m[t].n; i++) put(m[t].t, m[t].theta, i, d->theta[i]);
        assert_int_equal(ds_optim_states(m[t].o), d->states);
    }
    for (int s = 0; s < STEPS; s++) {
        for (int k = 0; k <= d->states; k++) {
            int at = k ? ds_optim_state_find(m[1].o, d->name[k - 1]) : -1;
            int64_t n = at < 0 ? m[1].n : ds_optim_state_count(m[1].o, at);
            assert_true(n <= 256);
            for (int64_t i = 0; i < n; i++) wanted[k][i] = number(d);
        }
        for (int t = 0; t < 2; t++) follow_step(d, &m[t], s, wanted);
    }
    end(&m[0]);
    end(&m[1]);
}

static void golden_trajectories(void **state)
{
    (void)state;
    golden d = { 0 };
    bool seen[64][2] = { { false } };
    open_golden(&d);
    while (next_case(&d)) {
        follow(&d);
        for (int i = 0; i < ds_rule_registry.count; i++) {
            const char *name = ds_rule_registry.heads[i]->name;
            if (strcspn(d.rule, "(") == strlen(name) && strncmp(d.rule, name, strlen(name)) == 0)
                seen[i][strcmp(d.dialect, "book") == 0] = true;
        }
    }
    fclose(d.file);
    for (int i = 0; i < ds_rule_registry.count; i++)
        for (int k = 0; k < 2 && ds_rule_of(ds_rule_registry.heads[i])->each; k++)
            if (!seen[i][k])
                fail_msg("rule %s has no golden trajectory in dialect %s", ds_rule_registry.heads[i]->name, DIALECTS[k]);
}

/* ---- exact oracles ---------------------------------------------------------------------------------------------- */

/* Q [n, n] orthogonal, of seed. */
static void orthogonal(int64_t n, double *Q, uint32_t seed)
{
    double *work = ds_buffer_alloc((size_t)ds_qr_work(n) * sizeof *work);
    normal(DS_F64, Q, n * n, seed);
    ds_qr(ds_vec_get()->f64, n, Q, work);
    ds_buffer_free(work);
}

/* c = op(a) x op(b) of rows x cols, a and b orthogonal. */
static void between(int64_t rows, int64_t cols, const double *a, bool ta, const double *x, const double *b, bool tb,
                    double *c)
{
    double *half = calloc((size_t)(rows * cols), sizeof *half);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < rows; k++)
            for (int64_t j = 0; j < cols; j++) half[i * cols + j] += a[ta ? k * rows + i : i * rows + k] * x[k * cols + j];
    memset(c, 0, (size_t)(rows * cols) * sizeof *c);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < cols; k++)
            for (int64_t j = 0; j < cols; j++) c[i * cols + j] += half[i * cols + k] * b[tb ? j * cols + k : k * cols + j];
    free(half);
}

enum { SIDE = 12 };

/* Out of singular values s come the polynomials of s, in the same vectors. */
static void through_polynomials(const char *rule, int64_t rows, int64_t cols, double (*p)(int k, double s), int steps)
{
    double U[SIDE * SIDE], W[SIDE * SIDE], D[SIDE * SIDE] = { 0 }, found[SIDE * SIDE], norm = 0;
    int64_t least = rows < cols ? rows : cols;
    matrix m = begin((how){ .rule = rule, .rows = rows, .cols = cols, .t = DS_F64 });
    orthogonal(rows, U, 5);
    orthogonal(cols, W, 6);
    for (int64_t i = 0; i < least; i++) D[i * cols + i] = i ? pow(0.4, (double)i) : 1;
    for (int64_t i = 0; i < rows * cols; i++) norm += D[i] * D[i];
    between(rows, cols, U, false, D, W, true, m.g);
    step(&m, 1);
    between(rows, cols, U, true, m.theta, W, false, found);
    double scale = cols > rows ? sqrt((double)cols / (double)rows) : 1;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            double s = i == j ? D[i * cols + i] / sqrt(norm) : 0;
            for (int k = 0; k < steps; k++) s = p(k, s);
            if (!(fabs(-found[i * cols + j] / scale - s) <= 1e-12))
                fail_msg("%s %dx%d: singular value (%d, %d) is %.17g, wanted %.17g", rule, (int)rows, (int)cols, (int)i,
                         (int)j, -found[i * cols + j] / scale, s);
        }
    end(&m);
}

static double quintic(int k, double s)
{
    (void)k;
    return 3.4445 * s - 4.7750 * pow(s, 3) + 2.0315 * pow(s, 5);
}

/* Each is meant for values up to 1.01; the first divides by what |u| was lengthened by. */
static double express(int k, double s)
{
    static const double p[3][3] = { { 8.28721201814563, -23.595886519098837, 17.300387312530933 },
                                    { 4.107059111542203, -2.9478499167379106, 0.5448431082926601 },
                                    { 3.9486908534822946, -2.908902115962949, 0.5518191394370137 } };
    double x = s / 1.01 / (k ? 1 : 1.01);
    return p[k][0] * x + p[k][1] * pow(x, 3) + p[k][2] * pow(x, 5);
}

static void newton_schulz_is_the_scalar_polynomial(void **state)
{
    (void)state;
    static const int64_t shape[][2] = { { 8, 8 }, { 12, 5 }, { 4, 11 }, { 1, 7 }, { 9, 1 } };
    for (size_t k = 0; k < sizeof shape / sizeof shape[0]; k++) {
        through_polynomials("muon(momentum=0, nesterov=false, weight_decay=0)", shape[k][0], shape[k][1], quintic, 5);
        through_polynomials("muon(momentum=0, nesterov=false, weight_decay=0, polynomials=express, steps=3, eps=0)",
                            shape[k][0], shape[k][1], express, 3);
    }
}

/* Shampoo that has seen one gradient g = U S V' moves by U V', the polar factor, and so does Muon when it has converged. */
static void one_gradient_gives_the_polar_factor(void **state)
{
    (void)state;
    enum { N = 10 };
    double U[N * N], W[N * N], D[N * N] = { 0 }, identity[N * N] = { 0 }, wanted[N * N];
    static const char *const rules[] = {
        "shampoo(period=1, beta1=0, beta2=1, eps=0, graft=none)",
        "muon(momentum=0, nesterov=false, weight_decay=0, polynomials=express, steps=15)",
    };
    orthogonal(N, U, 7);
    orthogonal(N, W, 8);
    for (int i = 0; i < N; i++) D[i * N + i] = 1 + 0.3 * i, identity[i * N + i] = -1;
    between(N, N, U, false, identity, W, true, wanted);
    for (int k = 0; k < 2; k++) {
        matrix m = begin((how){ .rule = rules[k], .rows = N, .cols = N, .t = DS_F64 });
        between(N, N, U, false, D, W, true, m.g);
        step(&m, 1);
        assert_near(N * N, m.theta, wanted, 1e-12, rules[k]);
        end(&m);
    }
}

/* Without a basis SOAP is Adam, one step later. */
static void without_a_basis_soap_is_adam(void **state)
{
    (void)state;
    how soap = { .rule = "soap(max_side=0, eps=0, weight_decay=0, beta1=0.8, beta2=0.9)", .rows = 6, .cols = 4, .t = DS_F64 };
    how adam = { .rule = "adam(eps=0, beta1=0.8, beta2=0.9)", .rows = 6, .cols = 4, .t = DS_F64 };
    matrix a = begin(soap), b = begin(adam);
    normal(DS_F64, a.g, a.n, 0);
    step(&a, 0.1);
    for (uint32_t s = 1; s < 8; s++) {
        normal(DS_F64, a.g, a.n, s);
        normal(DS_F64, b.g, b.n, s);
        step(&a, 0.1);
        step(&b, 0.1);
        assert_near(a.n, a.theta, b.theta, 1e-14, "soap without a basis");
    }
    end(&a);
    end(&b);
}

/* Before its first roots Shampoo is its graft. */
static void before_its_roots_shampoo_is_adam(void **state)
{
    (void)state;
    matrix a = begin((how){ .rule = "shampoo(period=6)", .rows = 5, .cols = 7, .t = DS_F64 });
    matrix b = begin((how){ .rule = "adam", .rows = 5, .cols = 7, .t = DS_F64 });
    for (uint32_t s = 0; s < 7; s++) {
        normal(DS_F64, a.g, a.n, s);
        normal(DS_F64, b.g, b.n, s);
        step(&a, 0.1);
        step(&b, 0.1);
        if (s < 5) assert_near(a.n, a.theta, b.theta, 1e-14, "shampoo before its roots");
    }
    assert_true(fabs(((double *)a.theta)[0] - ((double *)b.theta)[0]) > 1e-3);
    end(&a);
    end(&b);
}

static void soap_gathers_before_it_moves(void **state)
{
    (void)state;
    matrix m = begin((how){ .rule = "soap", .rows = 3, .cols = 3, .t = DS_F64 });
    double before[9];
    normal(DS_F64, m.theta, 9, 1);
    memcpy(before, m.theta, sizeof before);
    normal(DS_F64, m.g, 9, 2);
    step(&m, 0.1);
    assert_memory_equal(before, m.theta, sizeof before);
    step(&m, 0.1);
    assert_memory_not_equal(before, m.theta, sizeof before);
    end(&m);
}

/* ---- laws ------------------------------------------------------------------------------------------------------- */

static const char *const RULES[] = {
    "muon",
    "muon(polynomials=express, steps=6, cautious=true)",
    "shampoo(period=2, graft=sgd, eps=1e-6)",
    "shampoo(period=3, block=4, eps=1e-6)",
    "soap(period=2)",
    "soap(period=3, max_side=6)",
};
enum { RULE_COUNT = sizeof RULES / sizeof RULES[0] };

/* U theta W' moves as theta does under U g W', for rules that know no axes: steps are taken in the matrix's own. */
static void turned_matrices_turn_the_step(void **state)
{
    (void)state;
    enum { N = 7 };
    static const char *const rules[] = { "muon(steps=3)", "shampoo(period=1, eps=1e-6, graft=none)",
                                         "shampoo(period=2, eps=1e-6, graft=sgd, beta2=1)", "soap(period=2, lr=1e-2)" };
    double U[N * N], W[N * N], turned[N * N];
    orthogonal(N, U, 11);
    orthogonal(N, W, 12);
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        matrix a = begin((how){ .rule = rules[k], .rows = N, .cols = N, .t = DS_F64 });
        matrix b = begin((how){ .rule = rules[k], .rows = N, .cols = N, .t = DS_F64 });
        normal(DS_F64, a.theta, a.n, 100);
        between(N, N, U, false, a.theta, W, true, b.theta);
        for (uint32_t s = 0; s < 8; s++) {
            normal(DS_F64, a.g, a.n, s);
            between(N, N, U, false, a.g, W, true, b.g);
            step(&a, 0.05);
            step(&b, 0.05);
            between(N, N, U, false, a.theta, W, true, turned);
            assert_near(a.n, b.theta, turned, 1e-10, rules[k]);
        }
        end(&a);
        end(&b);
    }
}

/* The step does not see the gradient's length, nor Shampoo and SOAP its unit. */
static void scale_of_the_gradient_does_not_count(void **state)
{
    (void)state;
    static const char *const rules[] = { "muon(eps=0)", "soap(eps=0, period=2)",
                                         "shampoo(period=1, eps=0, graft=none, beta2=0.9)", "shampoo(period=2, graft_eps=0, eps=0)" };
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        matrix a = begin((how){ .rule = rules[k], .rows = 5, .cols = 5, .t = DS_F64 });
        matrix b = begin((how){ .rule = rules[k], .rows = 5, .cols = 5, .t = DS_F64 });
        for (uint32_t s = 0; s < 6; s++) {
            normal(DS_F64, a.g, a.n, s);
            for (int64_t i = 0; i < a.n; i++) ((double *)b.g)[i] = 1024 * ((double *)a.g)[i];
            step(&a, 0.1);
            step(&b, 0.1);
            assert_near(a.n, a.theta, b.theta, 1e-11, rules[k]);
        }
        end(&a);
        end(&b);
    }
}

/* Three matrices and a gap: a dense weight, a kernel in memory's order, one that lies as in files. */
static void make_space(ds_space *s, ds_ctx *ctx)
{
    *s = (ds_space){ 0 };
    OK(ctx, ds_space_add(s, ctx, &(ds_segment){ .name = "dense", .shape = DS_SHAPE(7, 5), .order = { 1, 0 } }));
    OK(ctx, ds_space_add(s, ctx, &(ds_segment){ .name = "conv", .shape = DS_SHAPE(6, 2, 3, 1), .order = { 2, 3, 1, 0 } }));
    OK(ctx, ds_space_add(s, ctx, &(ds_segment){ .name = "plain", .shape = DS_SHAPE(3, 8), .order = { 0, 1 } }));
}

static void draw(matrix *m, uint32_t s) { normal(m->t, m->g, m->n, s); }

static void assert_equal(const matrix *a, const matrix *b, const char *rule)
{
    size_t element = ds_dtype_bytes(a->t);
    if (memcmp(a->theta, b->theta, (size_t)a->n * element)) fail_msg("%s: theta differs", rule);
    for (int i = 0; i < ds_optim_states(a->o); i++)
        if (memcmp(ds_optim_state(a->o, i), ds_optim_state(b->o, i), (size_t)ds_optim_state_count(a->o, i) * element))
            fail_msg("%s: state %s differs", rule, ds_optim_state_name(a->o, i));
}

static void for_all(void (*law)(how h))
{
    ds_ctx *ctx;
    ds_space space;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    make_space(&space, ctx);
    for (int k = 0; k < RULE_COUNT; k++)
        for (int t = 0; t < 2; t++) {
            law((how){ .rule = RULES[k], .t = t ? DS_F64 : DS_F32, .space = &space });
            law((how){ .rule = RULES[k], .t = t ? DS_F64 : DS_F32, .rows = 40, .cols = 70 });
        }
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

static void compare_paths(how h)
{
    static const char *const backends[] = { "ref", "cpu", "check" };
    matrix a = begin(h);
    for (uint32_t s = 0; s < 6; s++) draw(&a, s), step(&a, 0.01);
    for (int path = 0; path < 6; path++) {
        how other = h;
        other.threads = 1 + path;
        other.backend = backends[path % 3];
        other.unfused = path >= 3;
        matrix b = begin(other);
        for (uint32_t s = 0; s < 6; s++) draw(&b, s), step(&b, 0.01);
        assert_equal(&a, &b, h.rule);
        end(&b);
    }
    end(&a);
}

static void same_bits_on_every_path(void **state)
{
    (void)state;
    for_all(compare_paths);
}

static void resume(how h)
{
    matrix whole = begin(h), a = begin(h);
    for (uint32_t s = 0; s < 7; s++) {
        matrix b = begin(h);
        memcpy(b.theta, a.theta, (size_t)a.n * ds_dtype_bytes(a.t));
        for (int i = 0; i < ds_optim_states(a.o); i++)
            memcpy(ds_optim_state(b.o, i), ds_optim_state(a.o, i),
                   (size_t)ds_optim_state_count(a.o, i) * ds_dtype_bytes(a.t));
        ds_optim_set_steps(b.o, ds_optim_steps(a.o));
        end(&a);
        a = b;
        draw(&a, s), step(&a, 0.01);
        draw(&whole, s), step(&whole, 0.01);
        assert_equal(&a, &whole, h.rule);
    }
    end(&a);
    end(&whole);
}

static void resumes_at_every_step(void **state)
{
    (void)state;
    for_all(resume);
}

/* A tensor among others moves as it does alone, and a kernel as the matrix [outputs, all the rest]. */
static void tensors_are_matrices_of_their_own(void **state)
{
    (void)state;
    ds_ctx *ctx;
    ds_space space;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    make_space(&space, ctx);
    for (int k = 0; k < RULE_COUNT; k++) {
        matrix all = begin((how){ .rule = RULES[k], .t = DS_F64, .space = &space });
        matrix one[2];
        for (int i = 0; i < 2; i++)
            one[i] = begin((how){ .rule = RULES[k], .t = DS_F64, .rows = i ? 6 : 5, .cols = i ? 6 : 7 });
        for (uint32_t s = 0; s < 5; s++) {
            draw(&all, s), step(&all, 0.01);
            for (int i = 0; i < 2; i++) {
                int64_t at = ds_space_segment(&space, i)->offset;
                memcpy(one[i].g, (double *)all.g + at, (size_t)one[i].n * sizeof(double));
                step(&one[i], 0.01);
                assert_memory_equal(one[i].theta, (double *)all.theta + at, (size_t)one[i].n * sizeof(double));
            }
        }
        end(&all);
        end(&one[0]);
        end(&one[1]);
    }
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

/* The routing report counts what lies beside a matrix, preconditioners too. */
static void state_is_told_by_tensor(void **state)
{
    (void)state;
    ds_ctx *ctx;
    ds_space space;
    ds_routing r;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    make_space(&space, ctx);
    matrix m = begin((how){ .rule = "soap", .t = DS_F32, .space = &space });
    assert_true(ds_optim_routing(m.o, 0, &r));
    assert_int_equal(r.state_bytes, 4 * (2 * 35 + 2 * 49 + 2 * 25));
    end(&m);
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

/* The scale goes by outputs and inputs, whichever lies first in memory. */
static void scale_knows_outputs(void **state)
{
    (void)state;
    ds_ctx *ctx;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    for (int files = 0; files < 2; files++) {
        ds_space space = { 0 };
        OK(ctx, ds_space_add(&space, ctx,
                             &(ds_segment){ .name = "w", .shape = DS_SHAPE(8, 2), .order = { !files, files } }));
        matrix m = begin((how){ .rule = "muon(weight_decay=0, polynomials=express, steps=12)", .t = DS_F64, .space = &space });
        double sum = 0;
        draw(&m, 1), step(&m, 1);
        for (int64_t i = 0; i < 16; i++) sum += ((double *)m.theta)[i] * ((double *)m.theta)[i];
        assert_true(fabs(sum - 2 * 8.0 / 2) < 1e-9); /* two singular values of sqrt(8 / 2) */
        end(&m);
        ds_space_clear(&space);
    }
    ds_ctx_free(ctx);
}

static void broken_statistics_are_told(void **state)
{
    (void)state;
    static const char *const rules[] = { "shampoo(period=1)", "soap" };
    for (int k = 0; k < 2; k++) {
        matrix m = begin((how){ .rule = rules[k], .rows = 3, .cols = 3, .t = DS_F32 });
        draw(&m, 1);
        ((float *)m.g)[4] = 1e30f;
        ds_status status = ds_optim_step(m.o, m.theta, m.g, 0.1);
        if (k) status = ds_optim_step(m.o, m.theta, m.g, 0.1);
        assert_int_equal(status, DS_ERANGE);
        assert_non_null(strstr(ds_error(m.ctx), "not finite"));
        end(&m);
    }
}

/* 2 X X' + 1 and X' X of two matrices; out holds one after the other. */
static void own_products(ds_ctx *ctx, const char *backend, ds_dtype t, int64_t rows, int64_t cols, void *x, void *out)
{
    ds_graph *g;
    ds_plan *p;
    OK(ctx, ds_graph_create(&g, ctx));
    ds_val X = ds_input(g, "x", t, DS_SHAPE(2, rows, cols));
    const ds_val y[2] = { ds_shift(g, ds_scale(g, ds_matmul(g, X, X, false, true), 2), 1), ds_matmul(g, X, X, true, false) };
    OK(ctx, ds_plan_create(&p, g, 2, y, &(ds_plan_options){ .backend = backend }));
    OK(ctx, ds_plan_bind(p, X, x));
    OK(ctx, ds_plan_run(p));
    size_t first = (size_t)(2 * rows * rows) * ds_dtype_bytes(t);
    memcpy(out, ds_plan_data(p, y[0]), first);
    memcpy((char *)out + first, ds_plan_data(p, y[1]), (size_t)(2 * cols * cols) * ds_dtype_bytes(t));
    ds_plan_free(p);
    ds_graph_free(g);
}

/* Only half of them is computed: the same bits all the same. */
static void products_with_the_own_transpose(void **state)
{
    (void)state;
    static const int64_t shape[][2] = { { 33, 70 }, { 130, 17 }, { 64, 64 }, { 97, 1100 }, { 1, 40 } };
    for (int k = 0; k < 20; k++) {
        int64_t rows = shape[k / 4][0], cols = shape[k / 4][1];
        ds_dtype t = k % 2 ? DS_F64 : DS_F32;
        size_t bytes = (size_t)(2 * (rows * rows + cols * cols)) * ds_dtype_bytes(t);
        ds_ctx *ctx;
        assert_int_equal(ds_ctx_create(&ctx, k % 4 < 2 ? 1 : 3), DS_OK);
        void *x = ds_buffer_alloc((size_t)(2 * rows * cols) * ds_dtype_bytes(t)), *a = malloc(bytes), *b = malloc(bytes);
        normal(t, x, 2 * rows * cols, 9);
        own_products(ctx, "ref", t, rows, cols, x, a);
        own_products(ctx, "cpu", t, rows, cols, x, b);
        assert_memory_equal(a, b, bytes);
        ds_buffer_free(x);
        free(a);
        free(b);
        ds_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_trajectories),
        cmocka_unit_test(newton_schulz_is_the_scalar_polynomial),
        cmocka_unit_test(one_gradient_gives_the_polar_factor),
        cmocka_unit_test(without_a_basis_soap_is_adam),
        cmocka_unit_test(before_its_roots_shampoo_is_adam),
        cmocka_unit_test(soap_gathers_before_it_moves),
        cmocka_unit_test(turned_matrices_turn_the_step),
        cmocka_unit_test(scale_of_the_gradient_does_not_count),
        cmocka_unit_test(same_bits_on_every_path),
        cmocka_unit_test(resumes_at_every_step),
        cmocka_unit_test(tensors_are_matrices_of_their_own),
        cmocka_unit_test(scale_knows_outputs),
        cmocka_unit_test(state_is_told_by_tensor),
        cmocka_unit_test(broken_statistics_are_told),
        cmocka_unit_test(products_with_the_own_transpose),
    };
    return cmocka_run_group_tests_name("matrix rules", tests, NULL, NULL);
}
