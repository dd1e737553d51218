/* test_pool.c - every task runs exactly once, for any number of workers and tasks, job after job; results are visible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"

enum { MOST = 1000 };

typedef struct job {
    int runs[MOST]; /* plain memory: the pool alone orders it, which a thread sanitizer checks */
    int64_t sum[64];
    int threads;
} job;

static void count(void *arg, int64_t task, int worker)
{
    job *j = arg;
    j->runs[task]++;
    if (worker < 0 || worker >= j->threads) j->runs[task] += 1000;
    j->sum[worker] += task;
}

static void each_task_once(void **state)
{
    (void)state;
    static const int threads[] = { 1, 2, 3, 7 };
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        ds_pool *p = ds_pool_create(threads[t]);
        assert_non_null(p);
        assert_int_equal(ds_pool_threads(p), threads[t]);
        for (int round = 0; round < 300; round++) {
            job j = { .threads = threads[t] };
            int64_t tasks = round % 7 == 0 ? MOST : round % 13, total = 0;
            ds_pool_run(p, tasks, count, &j);
            for (int64_t k = 0; k < MOST; k++) assert_int_equal(j.runs[k], k < tasks);
            for (int w = 0; w < 64; w++) total += j.sum[w];
            assert_int_equal(total, tasks * (tasks - 1) / 2);
        }
        ds_pool_free(p);
    }
}

static void add_one(void *arg, int64_t task, int worker)
{
    (void)worker;
    ((int64_t *)arg)[task]++;
}

/* Ten thousand jobs on the same memory: a job must see all that the one before wrote. */
static void jobs_follow_each_other(void **state)
{
    (void)state;
    ds_pool *p = ds_pool_create(3);
    int64_t cell[5] = { 0 };
    for (int k = 0; k < 10000; k++) ds_pool_run(p, 5, add_one, cell);
    for (int k = 0; k < 5; k++) assert_int_equal(cell[k], 10000);
    ds_pool_free(p);
}

static void comes_and_goes(void **state)
{
    (void)state;
    for (int k = 0; k < 50; k++) ds_pool_free(ds_pool_create(1 + k % 4));
    ds_pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_once),
        cmocka_unit_test(jobs_follow_each_other),
        cmocka_unit_test(comes_and_goes),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
