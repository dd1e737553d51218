/* test_matrix.c - rules for matrices (Muon, Shampoo, SOAP): golden trajectories with states against two f64 oracles that
 * agree (tests/golden/matrix.py), singular values against the scalar polynomial, equivalences. Laws: test_matrix_laws.c. */
#include <inttypes.h>

#include "descent/op.h"
#include "test_matrix_support.h"

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
        m[t] = begin((how){
            .rule = d->rule, .dialect = d->dialect, .rows = d->rows, .cols = d->cols, .t = t ? DS_F64 : DS_F32 });
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
                fail_msg("rule %s has no golden trajectory in dialect %s", ds_rule_registry.heads[i]->name,
                         DIALECTS[k]);
}

/* ---- exact oracles ---------------------------------------------------------------------------------------------- */

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
    how soap = {
        .rule = "soap(max_side=0, eps=0, weight_decay=0, beta1=0.8, beta2=0.9)", .rows = 6, .cols = 4, .t = DS_F64
    };
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_trajectories),
        cmocka_unit_test(newton_schulz_is_the_scalar_polynomial),
        cmocka_unit_test(one_gradient_gives_the_polar_factor),
        cmocka_unit_test(without_a_basis_soap_is_adam),
        cmocka_unit_test(before_its_roots_shampoo_is_adam),
        cmocka_unit_test(soap_gathers_before_it_moves),
    };
    return cmocka_run_group_tests_name("matrix rules", tests, NULL, NULL);
}
