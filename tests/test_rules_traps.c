/* test_rules_traps.c - where optimizers of one name differ: each difference between the dialects and each classical slip
 * has a test of its own; then the equivalences between rules. */
#include "space/space.h"
#include "test_rules_support.h"

/* theta after feeding the same gradients g[0..steps) at rates lr[0..steps) to one parameter, in f64. */
static double walk(const char *rule, const char *dialect, double theta, int steps, const double *g, const double *lr)
{
    bench b = start((setup){ .rule = rule, .dialect = dialect, .n = 1, .t = DS_F64 });
    put(DS_F64, b.theta, 0, theta);
    for (int s = 0; s < steps; s++) {
        put(DS_F64, b.g, 0, g[s]);
        OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, lr[s]));
    }
    double end = get(DS_F64, b.theta, 0);
    stop(&b);
    return end;
}

static double first(const char *rule, const char *dialect, double theta, double g, double lr)
{
    return walk(rule, dialect, theta, 1, &g, &lr);
}

/* Few roundings each: 2^-49 relative to the larger is 16 units in the last place. */
static void near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 0x1p-49 * fmax(fabs(found), fabs(wanted))))
        fail_msg("found %.17g, wanted %.17g", found, wanted);
}
static void apart(double a, double b, double share)
{
    if (fabs(a - b) <= share * fmax(fabs(a), fabs(b))) fail_msg("%.17g and %.17g should differ", a, b);
}

static const double G[] = { 0.5, -0.25, 1, 2, -0.125 }, SAME[] = { 0.1, 0.1, 0.1, 0.1, 0.1 },
                    MOVES[] = { 0.1, 0.1, 0.3, 0.3, 0.05 };

static void eps_inside_or_outside_the_root(void **state)
{
    (void)state;
    double g = 1e-12; /* far below eps: the gain is 1 / sqrt(1e-6) inside, 1 / 1e-8 outside */
    near(first("rmsprop", "book", 0, g, 1), -g / sqrt(1e-6 + 0.01 * g * g));
    near(first("rmsprop", "torch", 0, g, 1), -g / (sqrt(0.01 * g * g) + 1e-8));
    near(first("adagrad", "book", 0, g, 1), -g / (1e-7 + g));
    near(first("adagrad", "torch", 0, g, 1), -g / (1e-10 + g));
}

static void adams_eps_comes_after_the_correction(void **state)
{
    (void)state;
    double g = 1e-8;
    for (int d = 0; d < 2; d++) near(first("adam", DIALECTS[d], 0, g, 1), -g / (g + 1e-8));
    apart(first("adam", "torch", 0, g, 1), -g / (g + 1e-8 / sqrt(0.001)), 0.1); /* eps-hat form */
}

static void first_steps(void **state)
{
    (void)state;
    /* Corrected moments: the first step is lr whatever g; without correction RMSProp's is 1 / sqrt(1 - rho) times that. */
    near(first("adam(eps=0)", "torch", 0, 3, 0.1), -0.1);
    near(first("rmsprop(eps=0)", "torch", 0, 3, 0.1), -1);
    near(first("adagrad(eps=0)", "torch", 0, 3, 0.1), -0.1);
    near(first("nesterov", "torch", 0, 3, 0.1), -0.1 * 1.9 * 3);
    near(first("nesterov", "book", 0, 3, 0.1), -0.1 * 3);
    near(first("rmsprop-nesterov", "book", 0, 3, 0.1), -1);
}

static void velocity_is_seeded_by_the_gradient(void **state)
{
    (void)state;
    near(first("momentum(dampening=0.75)", "torch", 0, 3, 0.1), -0.1 * 3); /* not a quarter of it */
    near(walk("momentum(dampening=0.75)", "torch", 0, 2, G, SAME), -0.1 * 0.5 - 0.1 * (0.9 * 0.5 + 0.25 * -0.25));
}

static void rate_inside_or_outside_the_velocity(void **state)
{
    (void)state;
    near(walk("momentum", "book", 1, 5, G, SAME), walk("momentum", "torch", 1, 5, G, SAME));
    apart(walk("momentum", "book", 1, 5, G, MOVES), walk("momentum", "torch", 1, 5, G, MOVES), 0.01);
    near(walk("momentum", "book", 0, 2, G, (double[]){ 0.1, 0.3 }), -0.1 * 0.5 + (0.9 * -0.1 * 0.5 + 0.3 * 0.25));
    near(walk("momentum", "torch", 0, 2, G, (double[]){ 0.1, 0.3 }), -0.1 * 0.5 - 0.3 * (0.9 * 0.5 - 0.25));
}

/* torch's theta is the book's look-ahead point theta + a v, while the rate stays. */
static void nesterov_of_torch_is_the_books_point(void **state)
{
    (void)state;
    bench book = start((setup){ .rule = "nesterov", .dialect = "book", .n = 5, .t = DS_F64 });
    bench torch = start((setup){ .rule = "nesterov", .dialect = "torch", .n = 5, .t = DS_F64 });
    randomize(DS_F64, book.theta, 5, 0);
    randomize(DS_F64, torch.theta, 5, 0);
    for (int s = 0; s < 10; s++) {
        const void *at, *self;
        OK(book.ctx, ds_optim_point(book.o, book.theta, &at));
        OK(torch.ctx, ds_optim_point(torch.o, torch.theta, &self));
        assert_ptr_equal(self, torch.theta);
        assert_ptr_not_equal(at, book.theta);
        double *v = ds_optim_state(book.o, ds_optim_state_find(book.o, "v"));
        for (int i = 0; i < 5; i++) {
            double x = get(DS_F64, book.theta, i), look = get(DS_F64, at, i), other = get(DS_F64, torch.theta, i);
            assert_true(look == x + 0.9 * v[i]);
            assert_true(fabs(look - other) <= 0x1p-48 * (fabs(x) + fabs(v[i]))); /* ten steps of a few roundings */
            put(DS_F64, book.g, i, 2 * look + i); /* gradient of a quadratic at the point */
            put(DS_F64, torch.g, i, 2 * look + i);
        }
        OK(book.ctx, ds_optim_step(book.o, book.theta, book.g, 0.05));
        OK(torch.ctx, ds_optim_step(torch.o, torch.theta, torch.g, 0.05));
    }
    stop(&book);
    stop(&torch);
}

static void accumulator_starts_where_told(void **state)
{
    (void)state;
    near(first("adagrad", "torch", 0, 0.5, 0.1), -0.1 * 0.5 / (0.5 + 1e-10));
    near(first("adagrad(initial_accumulator_value=0.1)", "torch", 0, 0.5, 0.1),
         -0.1 * 0.5 / (sqrt(0.1 + 0.25) + 1e-10));
}

static void decay_is_coupled_or_not(void **state)
{
    (void)state;
    /* L2 goes through the moments: the first Adam step ignores its size. Decoupled decay multiplies theta by the rate. */
    near(first("adam(eps=0, weight_decay=0.5)", "torch", 2, 0.1, 0.1), 2 - 0.1);
    near(first("adamw(eps=0, weight_decay=0.5)", "torch", 2, 0.1, 0.1), 2 * (1 - 0.1 * 0.5) - 0.1);
    near(first("adamw(eps=0, weight_decay=0.5)", "torch", 2, 0, 0.2), 2 * (1 - 0.2 * 0.5)); /* by the current rate */
    near(first("adamw(weight_decay=0.5, eps=1)", "torch", 2, 1, 0.1),
         2 * 0.95 - 0.1 / 2); /* before the step, on theta */
    near(first("adamw", "torch", 2, 0, 0.1), 2 * (1 - 0.1 * 0.01));
    near(first("sgd(weight_decay=0.5)", "torch", 2, 0.1, 0.1), 2 - 0.1 * (0.1 + 0.5 * 2));
    near(first("sgd", "torch", 2, 0, 0.1), 2); /* none unless asked for */
}

static void book_decays_at_the_point(void **state)
{
    (void)state;
    double v = -0.1 * (0.5 + 0.5 * 2), theta = 2 + v;
    near(walk("nesterov(weight_decay=0.5)", "book", 2, 2, G, SAME),
         theta + (0.9 * v - 0.1 * (-0.25 + 0.5 * (theta + 0.9 * v))));
}

static void amsgrad_keeps_the_raw_maximum(void **state)
{
    (void)state;
    /* After a large and a small gradient: v = .1 .7 .. < vmax; the maximum is taken before the correction. */
    double g[] = { 1, 0.01 }, v1 = 0.5, v2 = 0.5 * v1 + 0.5 * 1e-4, m = 0.5 * 0.01 + 0.5 * (0.5 * 1);
    double wanted = -0.1 - 0.1 * (m / 0.75) / sqrt(fmax(v1, v2) / 0.75);
    near(walk("adam(eps=0, amsgrad=true, beta1=0.5, beta2=0.5)", "torch", 0, 2, g, SAME), wanted);
    apart(wanted, -0.1 - 0.1 * (m / 0.75) / sqrt(v1 / 0.5), 0.01); /* the corrected maximum */
}

static void variance_below_zero_counts_as_zero(void **state)
{
    (void)state;
    /* A steady gradient and a short memory: r - m^2 is 0 up to rounding, of either sign. */
    bench b = start(
        (setup){ .rule = "rmsprop(centered=true, rho=0.1, eps=1e-4)", .dialect = "torch", .n = 1000, .t = DS_F32 });
    for (int s = 0; s < 30; s++) {
        for (int i = 0; i < 1000; i++) put(DS_F32, b.g, i, 0.1 + i * 1e-3);
        OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.1));
    }
    bool below = false;
    float *r = ds_optim_state(b.o, ds_optim_state_find(b.o, "r")),
          *m = ds_optim_state(b.o, ds_optim_state_find(b.o, "m"));
    for (int i = 0; i < 1000; i++) {
        float square = m[i] * m[i];
        below = below || r[i] - square < 0;
        assert_true(isfinite(get(DS_F32, b.theta, i)));
    }
    assert_true(below); /* the case did occur */
    stop(&b);
}

static void nan_passes_through(setup s)
{
    if (couples(s.rule)) return; /* a sum carries it everywhere */
    s.n = 20;
    bench b = start(s);
    randomize(s.t, b.g, 20, 1);
    put(s.t, b.g, 7, NAN);
    supply(&b, 0);
    OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.1));
    for (int i = 0; i < 20; i++) assert_int_equal(isnan(get(s.t, b.theta, i)), i == 7);
    stop(&b);
}

static void nan_is_not_swallowed(void **state)
{
    (void)state;
    for_each_rule(nan_passes_through);
}

/* eps = 0 and no gradient yet: no step rather than 0 / 0. */
static void no_gradient_no_step(void **state)
{
    (void)state;
    static const char *const rules[] = { "adagrad(eps=0)", "rmsprop(eps=0)", "rmsprop-nesterov(eps=0)", "adam(eps=0)",
                                         "adamw(eps=0, weight_decay=0)" };
    for (size_t i = 0; i < 5; i++)
        for (int d = 0; d < 2; d++) assert_true(first(rules[i], DIALECTS[d], 2, 0, 0.1) == 2);
}

/* The counter is exact beyond 2^24, and a late correction is none. */
static void counters_are_whole(void **state)
{
    (void)state;
    bench b = start((setup){ .rule = "adagrad(lr_decay=1, eps=0)", .dialect = "torch", .n = 1, .t = DS_F64 });
    ds_optim_set_steps(b.o, (1 << 24) + 1);
    put(DS_F64, b.g, 0, 1);
    OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 1));
    near(get(DS_F64, b.theta, 0), -1.0 / ((1 << 24) + 2));
    assert_int_equal(ds_optim_steps(b.o), (1 << 24) + 2);
    stop(&b);
    b = start((setup){ .rule = "adam(eps=0)", .dialect = "torch", .n = 1, .t = DS_F64 });
    ds_optim_set_steps(b.o, 1000000);
    put(DS_F64, b.g, 0, 1);
    OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 1));
    near(get(DS_F64, b.theta, 0), -(1 - 0.9) / sqrt(1 - 0.999)); /* c = 1 */
    stop(&b);
}

/* ---- equivalences ------------------------------------------------------------------------------------------------ */

/* Run two rules on gradients scaled by a and b, theta from the same start (or from 0); theta and its scaled copy must have the
 * same bits: theta_b = scale theta_a. */
static void same_path(const char *rule_a, const char *rule_b, const char *dialect, bool from_zero, double g_scale,
                      double scale)
{
    for (int t = 0; t < 2; t++) {
        setup s = { .rule = rule_a, .dialect = dialect, .n = 67, .t = t ? DS_F64 : DS_F32 };
        bench a = start(s);
        s.rule = rule_b;
        bench b = start(s);
        if (!from_zero) {
            randomize(s.t, a.theta, 67, 0);
            memcpy(b.theta, a.theta, vector_bytes(&a));
        }
        for (int step = 0; step < 10; step++) {
            one_step(&a, step);
            for (int i = 0; i < 67; i++) put(s.t, b.g, i, g_scale * get(s.t, a.g, i));
            OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, rate_at(step)));
            for (int i = 0; i < 67; i++)
                if (get(s.t, b.theta, i) != scale * get(s.t, a.theta, i))
                    fail_msg("%s and %s part at step %d, element %d", rule_a, rule_b, step + 1, i);
        }
        stop(&a);
        stop(&b);
    }
}

/* ADOPT only looks at the first gradient; AdaBelief's eps gathers; RAdam starts as momentum; Rprop skips a turn. */
static void first_steps_of_the_modern_rules(void **state)
{
    (void)state;
    near(first("adopt", "torch", 2, 0.5, 0.1), 2);
    near(walk("adopt(eps=0)", "torch", 0, 2, G, SAME), 0.1 * 0.1 * 0.5); /* n = -0.25 / 0.5, below the clip 1 */
    near(walk("adopt(eps=0)", "torch", 0, 2, (double[]){ 0.1, 7 }, SAME), -0.1 * 0.1); /* clipped at (2 - 1)^(1/4) */
    near(first("radam", "torch", 0, 0.5, 0.1), -0.1 * 0.5);
    near(first("lion(weight_decay=0.5)", "torch", 2, 0.5, 0.1), 2 * 0.95 - 0.1);
    near(first("lion", "torch", 2, 0, 0.1), 2);
    near(first("adabelief(beta1=0, eps=1e-4)", "torch", 0, 0.5, 0.1), -0.1 * 0.5 / (sqrt(1e-4 / 1e-3) + 1e-4));
    near(first("yogi(initial_accumulator_value=0, eps=0)", "torch", 0, 0.5, 0.1), -0.1);
    near(first("yogi(initial_accumulator_value=0, eps=0)", "book", 0, 0.5, 0.1), -0.1 * 0.1 / sqrt(1e-3));
    near(walk("rprop(lr=0.1)", "torch", 0, 2, (double[]){ 1, 1 }, SAME), -0.1 - 0.12);
    near(walk("rprop(lr=0.1)", "torch", 0, 2, G, SAME), -0.1);
    near(first("adamax(eps=0)", "torch", 0, 0.5, 0.1), -0.1);
}

/* theta is the average: all weights count alike at a steady rate, and y leads from it by (1 - b) (z - x). */
static void schedule_free_averages(void **state)
{
    (void)state;
    double z = 0, mean = 0;
    bench b = start((setup){ .rule = "schedule-free-sgd(momentum=0.75)", .dialect = "torch", .n = 1, .t = DS_F64 });
    for (int t = 1; t <= 5; t++) {
        const void *y;
        OK(b.ctx, ds_optim_point(b.o, b.theta, &y));
        near(get(DS_F64, y, 0), 0.75 * mean + 0.25 * z);
        put(DS_F64, b.g, 0, G[t - 1]);
        OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.1));
        z -= 0.1 * G[t - 1];
        mean += (z - mean) / t;
        near(get(DS_F64, b.theta, 0), mean);
    }
    stop(&b);
}

/* With two matrices and a vector between, each matrix moves as it does alone, the vector by Adam or momentum. */
static void norms_are_those_of_the_tensor(void **state)
{
    (void)state;
    static const char *const pairs[][2] = { { "lamb(weight_decay=0.1)", "adam(eps=1e-6)" },
                                            { "lars(weight_decay=0.1)", "momentum" } };
    for (int k = 0; k < 2; k++) {
        ds_space space = { 0 };
        bench b = start((setup){ .rule = pairs[k][0], .dialect = "torch", .n = 48, .t = DS_F64 }), one[3];
        const ds_segment tensors[] = {
            { .name = "a", .shape = DS_SHAPE(2, 3), .order = { 0, 1 }, .offset = 0, .count = 6 },
            { .name = "b", .shape = DS_SHAPE(5), .order = { 0 }, .offset = 16, .count = 5 },
            { .name = "c", .shape = DS_SHAPE(7, 1), .order = { 0, 1 }, .offset = 32, .count = 7 }
        };
        for (int i = 0; i < 3; i++) {
            OK(b.ctx, ds_space_add(&space, b.ctx, &tensors[i]));
            one[i] = start((setup){ .rule = pairs[k][i == 1], .dialect = "torch", .n = tensors[i].count, .t = DS_F64 });
        }
        ds_optim_settings s = { .dialect = "torch", .n = 48, .dtype = DS_F64, .space = &space };
        assert_int_equal(ds_space_dim(&space), 48);
        OK(b.ctx, ds_rule_parse(b.ctx, pairs[k][0], &s.rule));
        ds_optim_free(b.o);
        OK(b.ctx, ds_optim_create(&b.o, b.ctx, &s));
        for (int t = 0; t < 4; t++) {
            for (int i = 0; i < 3; i++) {
                double *theta = (double *)b.theta + tensors[i].offset, *g = (double *)b.g + tensors[i].offset;
                size_t bytes = (size_t)tensors[i].count * sizeof(double);
                if (t == 0) randomize(DS_F64, theta, tensors[i].count, (uint32_t)i + 50);
                if (t == 0) memcpy(one[i].theta, theta, bytes);
                randomize(DS_F64, g, tensors[i].count, (uint32_t)(10 * t + i));
                memcpy(one[i].g, g, bytes);
                OK(one[i].ctx, ds_optim_step(one[i].o, one[i].theta, one[i].g, 0.1));
            }
            OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.1));
            for (int i = 0; i < 3; i++)
                for (int64_t e = 0; e < tensors[i].count; e++)
                    near(get(DS_F64, b.theta, tensors[i].offset + e), get(DS_F64, one[i].theta, e));
            for (int64_t e = 6; e < 16; e++) assert_true(get(DS_F64, b.theta, e) == 0);
        }
        for (int i = 0; i < 3; i++) stop(&one[i]);
        stop(&b);
        ds_space_clear(&space);
    }
}

static void rules_that_are_one(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        same_path("adamw(weight_decay=0)", "adam", DIALECTS[d], false, 1, 1);
        same_path("nesterov", "momentum(nesterov=true)", DIALECTS[d], false, 1, 1);
        same_path("sgd(momentum=0.9)", "momentum", DIALECTS[d], false, 1, 1);
        same_path("momentum(momentum=0)", "sgd", DIALECTS[d], false, 1, 1);
        same_path("rmsprop(alpha=0.9)", "rmsprop(rho=0.9)", DIALECTS[d], false, 1, 1);
        same_path("signsgd(momentum=0.9)", "signum", DIALECTS[d], false, 1, 1);
        same_path("lion(beta1=0, beta2=0)", "signsgd", DIALECTS[d], false, 1, 1);
    }
    same_path("adam(eps=1e-8)", "adam(delta=1e-8)", "book", false, 1, 1);
}

/* Powers of two scale without rounding, so the laws hold bit for bit: Adam and its kin do not see the gradient's scale when
 * eps = 0, gradient descent and momentum are linear in it. */
static void laws_of_scale(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        same_path("adam(eps=0)", "adam(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("adamw(eps=0)", "adamw(eps=0)", DIALECTS[d], false, 0.25, 1);
        same_path("adagrad(eps=0)", "adagrad(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("rmsprop(eps=0)", "rmsprop(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("rmsprop-nesterov(eps=0)", "rmsprop-nesterov(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("adamax(eps=0)", "adamax(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("nadam(eps=0)", "nadam(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("adabelief(eps=0)", "adabelief(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("ademamix(eps=0)", "ademamix(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("adopt(eps=0)", "adopt(eps=0)", DIALECTS[d], false, 4, 1);
        same_path("lion", "lion", DIALECTS[d], false, 0.25, 1);
        same_path("signum", "signum", DIALECTS[d], true, -1, -1);
        same_path("rprop", "rprop", DIALECTS[d], false, 4, 1);
        same_path("sgd", "sgd", DIALECTS[d], true, 4, 4);
        same_path("sgd(weight_decay=0.1)", "sgd(weight_decay=0.1)", DIALECTS[d], true, 2, 2);
        same_path("momentum", "momentum", DIALECTS[d], true, 4, 4);
        same_path("nesterov", "nesterov", DIALECTS[d], true, -1, -1); /* maximize is negate */
    }
}

/* theta and the gradients turned by one angle in each plane of two elements: how far the turned path ends from the other,
 * turned. */
static double turned_apart(const char *rule, const char *dialect)
{
    enum { LENGTH = 64 };
    const double c = 0.8, s = 0.6;
    setup set = { .rule = rule, .dialect = dialect, .n = LENGTH, .t = DS_F64 };
    bench a = start(set), b = start(set);
    double worst = 0, *x = a.theta, *y = b.theta, *g = a.g, *h = b.g;
    randomize(DS_F64, x, LENGTH, 0);
    for (int i = 0; i < LENGTH; i += 2) y[i] = c * x[i] - s * x[i + 1], y[i + 1] = s * x[i] + c * x[i + 1];
    for (int step = 0; step < 10; step++) {
        one_step(&a, step);
        for (int i = 0; i < LENGTH; i += 2) h[i] = c * g[i] - s * g[i + 1], h[i + 1] = s * g[i] + c * g[i + 1];
        OK(b.ctx, ds_optim_step(b.o, y, h, rate_at(step)));
    }
    for (int i = 0; i < LENGTH; i += 2) {
        worst = fmax(worst, fabs(y[i] - (c * x[i] - s * x[i + 1])));
        worst = fmax(worst, fabs(y[i + 1] - (s * x[i] + c * x[i + 1])));
    }
    stop(&a);
    stop(&b);
    return worst;
}

/* Rules that are linear in the gradient, or see but the length of it, do not know the axes; those with a rate an element do. */
static void laws_of_rotation(void **state)
{
    (void)state;
    static const char *const turn[] = { "sgd",      "sgd(weight_decay=0.1)", "momentum",
                                        "nesterov", "schedule-free-sgd",     "lars" };
    static const char *const axes[] = { "adagrad", "rmsprop", "adam",  "adamw", "adamax", "adabelief",
                                        "lion",    "signsgd", "rprop", "lamb",  "adopt" };
    for (int d = 0; d < 2; d++) {
        for (size_t k = 0; k < sizeof turn / sizeof turn[0]; k++)
            if (!(turned_apart(turn[k], DIALECTS[d]) < 1e-12)) fail_msg("%s of %s sees the axes", turn[k], DIALECTS[d]);
        for (size_t k = 0; k < sizeof axes / sizeof axes[0]; k++)
            if (!(turned_apart(axes[k], DIALECTS[d]) > 1e-4)) fail_msg("%s of %s turns along", axes[k], DIALECTS[d]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eps_inside_or_outside_the_root),
        cmocka_unit_test(adams_eps_comes_after_the_correction),
        cmocka_unit_test(first_steps),
        cmocka_unit_test(velocity_is_seeded_by_the_gradient),
        cmocka_unit_test(rate_inside_or_outside_the_velocity),
        cmocka_unit_test(nesterov_of_torch_is_the_books_point),
        cmocka_unit_test(accumulator_starts_where_told),
        cmocka_unit_test(decay_is_coupled_or_not),
        cmocka_unit_test(book_decays_at_the_point),
        cmocka_unit_test(amsgrad_keeps_the_raw_maximum),
        cmocka_unit_test(variance_below_zero_counts_as_zero),
        cmocka_unit_test(nan_is_not_swallowed),
        cmocka_unit_test(no_gradient_no_step),
        cmocka_unit_test(counters_are_whole),
        cmocka_unit_test(first_steps_of_the_modern_rules),
        cmocka_unit_test(schedule_free_averages),
        cmocka_unit_test(norms_are_those_of_the_tensor),
        cmocka_unit_test(rules_that_are_one),
        cmocka_unit_test(laws_of_scale),
        cmocka_unit_test(laws_of_rotation),
    };
    return cmocka_run_group_tests_name("traps of rules", tests, NULL, NULL);
}
