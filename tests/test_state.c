/* test_state.c - the list of memory that checkpoints hold: what is registered is found, mistakes are told, a rule's
 * declared state is in it without a line of its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/state.h"

static ds_ctx *ctx;
static ds_state *list;

static int open_all(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 1) == DS_OK && ds_state_create(&list, ctx) == DS_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    ds_state_free(list);
    ds_ctx_free(ctx);
    return 0;
}

static void registered_memory_is_found(void **state)
{
    (void)state;
    float v[3] = { 0 };
    int64_t n = 7;
    double x = INFINITY;
    bool on = true;
    ds_state_vector(list, "average", "theta", DS_F32, 3, v);
    ds_state_integer(list, "stop", "bad_epochs", &n);
    ds_state_real(list, "stop", "best", &x);
    ds_state_flag(list, "stop", "armed", &on);
    assert_int_equal(ds_state_status(list), DS_OK);
    assert_int_equal(ds_state_count(list), 4);
    const ds_state_block *b = ds_state_find(list, "average.theta");
    assert_ptr_equal(b, ds_state_at(list, 0));
    assert_ptr_equal(b->data, v);
    assert_int_equal(b->count, 3);
    assert_int_equal(b->kind, DS_STATE_VECTOR);
    assert_ptr_equal(ds_state_find(list, "stop.best")->data, &x);
    assert_int_equal(ds_state_find(list, "stop.armed")->kind, DS_STATE_FLAG);
    assert_null(ds_state_find(list, "best"));
    assert_null(ds_state_at(list, 4));
    assert_null(ds_state_at(list, -1));
}

static void a_name_twice_is_told(void **state)
{
    (void)state;
    double x = 0;
    ds_state_real(list, "stop", "best", &x);
    ds_state_real(list, "stop", "best", &x);
    assert_int_equal(ds_state_status(list), DS_EUSAGE);
    assert_non_null(strstr(ds_error(ctx), "stop.best"));
    assert_int_equal(ds_state_count(list), 1);
}

static void a_long_name_is_told(void **state)
{
    (void)state;
    char name[200];
    double x = 0;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    ds_state_real(list, "stop", name, &x);
    assert_int_equal(ds_state_status(list), DS_EUSAGE);
}

static void note(void *arg)
{
    int *n = arg;
    *n = *n * 10 + 1;
}
static void note_second(void *arg)
{
    int *n = arg;
    *n = *n * 10 + 2;
}

static void a_restore_is_announced_in_order(void **state)
{
    (void)state;
    int n = 0;
    ds_state_restored(list, note, &n);
    ds_state_restored(list, note_second, &n);
    ds_state_announce(list);
    assert_int_equal(n, 12);
}

/* Putting back what the list names, and theta, makes a fresh optimizer go on as the old one. */
static void a_rule_goes_on_from_its_list(void **state)
{
    (void)state;
    enum { N = 5 };
    ds_optim *o[2];
    double *theta[2] = { ds_buffer_alloc(N * sizeof(double)), ds_buffer_alloc(N * sizeof(double)) },
           *g = ds_buffer_alloc(N * sizeof(double));
    assert_true(theta[0] && theta[1] && g);
    memcpy(theta[0], (double[N]){ 1, 2, 3, 4, 5 }, N * sizeof(double));
    memcpy(g, (double[N]){ 0.5, -1, 2, -3, 0.25 }, N * sizeof(double));
    ds_state *second;
    assert_int_equal(ds_state_create(&second, ctx), DS_OK);
    for (int k = 0; k < 2; k++) {
        ds_optim_settings s = { .n = N, .dtype = DS_F64 };
        assert_int_equal(ds_rule_parse(ctx, "adam(amsgrad=true)", &s.rule), DS_OK);
        assert_int_equal(ds_optim_create(&o[k], ctx, &s), DS_OK);
        ds_optim_remember(o[k], k ? second : list);
    }
    assert_int_equal(ds_state_count(list), ds_optim_states(o[0]) + 1);
    for (int t = 0; t < 3; t++) assert_int_equal(ds_optim_step(o[0], theta[0], g, 0.1), DS_OK);
    for (int i = 0; i < ds_state_count(list); i++) {
        const ds_state_block *from = ds_state_at(list, i), *to = ds_state_find(second, from->name);
        assert_int_equal(from->count, to->count);
        memcpy(to->data, from->data, (size_t)from->count * sizeof(double)); /* all of 8 bytes here */
    }
    memcpy(theta[1], theta[0], N * sizeof(double));
    for (int k = 0; k < 2; k++) assert_int_equal(ds_optim_step(o[k], theta[k], g, 0.1), DS_OK);
    assert_memory_equal(theta[0], theta[1], N * sizeof(double));
    for (int k = 0; k < 2; k++) {
        ds_optim_free(o[k]);
        ds_buffer_free(theta[k]);
    }
    ds_buffer_free(g);
    ds_state_free(second);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
    const struct CMUnitTest tests[] = {
        TEST(registered_memory_is_found),      TEST(a_name_twice_is_told),         TEST(a_long_name_is_told),
        TEST(a_restore_is_announced_in_order), TEST(a_rule_goes_on_from_its_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
