/* test_option.c - texts to option values: what each type takes and refuses, ranges, defaults, nearest names. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "descent/option.h"

static const ds_option real = { .name = "x", .type = DS_OPT_REAL },
                       unit = { .name = "x", .type = DS_OPT_REAL, .hi = 1 },
                       positive = { .name = "x", .type = DS_OPT_REAL, .hi = HUGE_VAL },
                       whole = { .name = "n", .type = DS_OPT_INT, .lo = -9.3e18, .hi = 9.3e18 },
                       small = { .name = "n", .type = DS_OPT_INT, .lo = 1, .hi = 10 },
                       flag = { .name = "f", .type = DS_OPT_BOOL },
                       choice = { .name = "c", .type = DS_OPT_CHOICE, .choices = "book|torch|global-average" },
                       text = { .name = "t", .type = DS_OPT_TEXT },
                       span = { .name = "s", .type = DS_OPT_SPAN, .hi = 1e6 },
                       range = { .name = "r", .type = DS_OPT_RANGE },
                       memory = { .name = "m", .type = DS_OPT_BYTES, .lo = 1024, .hi = 0x1p50 };

static ds_optval read(const ds_option *o, const char *from)
{
    ds_optval v;
    char why[256] = "";
    if (ds_option_parse(o, from, &v, why, sizeof why) != DS_OK) fail_msg("\"%s\": %s", from, why);
    assert_true(v.given);
    return v;
}

/* Refused, with a message that quotes what was found and holds `part`. */
static void refused(const ds_option *o, const char *from, const char *part)
{
    ds_optval v;
    char why[512] = "";
    if (ds_option_parse(o, from, &v, why, sizeof why) == DS_OK) fail_msg("\"%s\" was taken", from);
    if (!strstr(why, "found \"") || !strstr(why, "wanted ") || !strstr(why, part))
        fail_msg("\"%s\": no \"%s\" in: %s", from, part, why);
    assert_int_not_equal(ds_option_parse(o, from, &v, NULL, 0), DS_OK); /* no room for the message is fine */
}

static void test_real(void **state)
{
    (void)state;
    assert_true(read(&real, "1e-4").real == 1e-4);
    assert_true(read(&real, "-2.5E+3").real == -2500);
    assert_true(read(&real, "+.5").real == 0.5);
    assert_true(read(&real, "5.").real == 5);
    assert_true(read(&real, "0.1").real == 0.1);
    assert_true(read(&real, "3").real == 3);
    assert_true(signbit(read(&real, "-0").real));
    assert_true(read(&real, "4.9e-324").real == 4.9e-324);
    assert_true(read(&real, "1e-400").real == 0);
    assert_true(read(&unit, "0").real == 0 && read(&unit, "1").real == 1);
    static const char *const bad[] = { "",     " ",     "nan",  ".nan",  "inf",      "-inf", "infinity",
                                       "0x10", "1e",    "1e+",  "e5",    ".",        "-",    "+-1",
                                       "1,5",  "1 ",    " 1",   "1_000", "2 epochs", "1e4x", "1.2.3",
                                       "10%",  "1e400", "true", "--1",   "1f",       "0b1" };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) refused(&real, bad[k], "a number");
    char digits[200];
    memset(digits, '1', sizeof digits);
    digits[199] = 0;
    refused(&real, digits, "a number"); /* longer than any number needs */
    refused(&unit, "1.0000000000000002", "a number from 0 to 1");
    refused(&unit, "-1e-320", "from 0 to 1");
    refused(&positive, "-1", "a number of at least 0");
    assert_true(read(&positive, "1e308").real == 1e308);
}

static void test_integer(void **state)
{
    (void)state;
    assert_int_equal(read(&whole, "0").integer, 0);
    assert_int_equal(read(&whole, "-12").integer, -12);
    assert_int_equal(read(&whole, "+7").integer, 7);
    assert_int_equal(read(&whole, "007").integer, 7);
    assert_true(read(&whole, "9223372036854775807").integer == INT64_MAX);
    assert_true(read(&whole, "-9223372036854775808").integer == INT64_MIN);
    static const char *const bad[] = { "",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999999",
                                       "0x10",
                                       "1.5",
                                       "ten",
                                       "1 ",
                                       " 1",
                                       "1,000",
                                       "--1",
                                       "-",
                                       "+",
                                       "1n",
                                       "nan",
                                       "true" };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) refused(&whole, bad[k], "a whole number");
    refused(&whole, "1e3", "write all digits");
    refused(&whole, "3.0", "write all digits");
    assert_int_equal(read(&small, "1").integer, 1);
    assert_int_equal(read(&small, "10").integer, 10);
    refused(&small, "0", "a whole number from 1 to 10");
    refused(&small, "11", "from 1 to 10");
    refused(&small, "1e1", "write all digits");
}

static void test_bool(void **state)
{
    (void)state;
    assert_int_equal(read(&flag, "true").integer, 1);
    assert_int_equal(read(&flag, "false").integer, 0);
    refused(&flag, "yes", "write true");
    refused(&flag, "off", "write false");
    refused(&flag, "True", "write true");
    refused(&flag, "0", "write false");
    refused(&flag, "", "true or false");
    refused(&flag, "truee", "true or false");
}

static void test_choice(void **state)
{
    (void)state;
    assert_int_equal(read(&choice, "book").integer, 0);
    assert_int_equal(read(&choice, "torch").integer, 1);
    assert_string_equal(read(&choice, "global-average").text, "global-average");
    refused(&choice, "tourch", "did you mean \"torch\"");
    refused(&choice, "Book", "did you mean \"book\"");
    refused(&choice, "global", "did you mean \"global-average\"");
    refused(&choice, "keras", "book, torch or global-average");
    refused(&choice, "", "book, torch");
    refused(&choice, "book|torch", "book, torch");
    refused(&choice, "boo", "book");
}

static void test_text(void **state)
{
    (void)state;
    assert_string_equal(read(&text, "1e-4").text, "1e-4");
    assert_string_equal(read(&text, "").text, "");
}

static void test_span(void **state)
{
    (void)state;
    ds_optval v = read(&span, "2 epochs");
    assert_true(v.real == 2 && v.unit == DS_UNIT_EPOCHS);
    v = read(&span, "1 epoch");
    assert_true(v.real == 1 && v.unit == DS_UNIT_EPOCHS);
    v = read(&span, "0.5 epochs");
    assert_true(v.real == 0.5 && v.unit == DS_UNIT_EPOCHS);
    v = read(&span, "100steps");
    assert_true(v.real == 100 && v.unit == DS_UNIT_STEPS);
    v = read(&span, "5 minutes");
    assert_true(v.real == 300 && v.unit == DS_UNIT_SECONDS);
    v = read(&span, "1.5h");
    assert_true(v.real == 5400 && v.unit == DS_UNIT_SECONDS);
    v = read(&span, "1e3 steps");
    assert_true(v.real == 1000);
    refused(&span, "100", "the unit is missing");
    refused(&span, "100 ", "the unit is missing");
    refused(&span, "1.5 steps", "steps are whole");
    refused(&span, "2 weeks", "units are");
    refused(&span, "epochs", "a number");
    refused(&span, "-1 epochs", "a number");
    refused(&span, "2000000 steps", "from 0 to 1000000");
    refused(&span, "2 epochs 3", "units are");
    refused(&span, "", "a number");
}

static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(read(&memory, "4096").integer, 4096);
    assert_int_equal(read(&memory, "64M").integer, 64 << 20);
    assert_int_equal(read(&memory, "2G").integer, (int64_t)2 << 30);
    const char *bad[] = { "", "M", "64m", "64MB", "1.5M", "-1K", " 1M", "1K ", "1023", "9999999999G", "2000T" };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) refused(&memory, bad[k], "64M or 2G from 1024");
}

static void test_range(void **state)
{
    (void)state;
    ds_optval v = read(&range, "[0, 1]");
    assert_true(v.real == 0 && v.real2 == 1);
    v = read(&range, "[ -1.5,1e2 ]");
    assert_true(v.real == -1.5 && v.real2 == 100);
    static const char *const bad[] = { "",          "[",        "[]",       "[0]",      "[0,",    "[0, 1",
                                       "[0, 1, 2]", "0, 1",     "[1, 0]",   "[1, 1]",   "[a, b]", "[0, 1] x",
                                       "[0 1]",     "[nan, 1]", "[0, inf]", "[0x0, 1]", "[,]" };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) refused(&range, bad[k], "two numbers [lo, hi]");
}

static const ds_option table[] = {
    { .name = "lr", .type = DS_OPT_REAL, .hi = 1e9, .def = "1e-3", .aliases = "learning_rate,eta" },
    { .name = "warmup", .type = DS_OPT_SPAN, .hi = 1e9, .def = "" },
    { .name = "kernel", .type = DS_OPT_INT, .lo = 1, .hi = 9, .def = NULL },
    { .name = "mode", .type = DS_OPT_CHOICE, .choices = "a|b", .def = "b" },
    { .type = DS_OPT_END },
};

static void test_table(void **state)
{
    (void)state;
    ds_optval v[4];
    char why[128];
    assert_int_equal(ds_option_count(table), 4);
    assert_int_equal(ds_option_count(NULL), 0);
    assert_int_equal(ds_option_find(table, "kernel"), 2);
    assert_int_equal(ds_option_find(table, "learning_rate"), 0);
    assert_int_equal(ds_option_find(table, "eta"), 0);
    static const char *const none[] = { "", "learning", "rate", "LR", "eta,", "learning_rate,eta", "lr " };
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) assert_int_equal(ds_option_find(table, none[k]), -1);
    assert_int_equal(ds_option_find(NULL, "lr"), -1);
    assert_int_equal(ds_option_defaults(table, v, why, sizeof why), DS_OK);
    assert_true(v[0].real == 1e-3 && v[3].integer == 1);
    for (int k = 0; k < 4; k++) assert_false(v[k].given);
    static const ds_option broken[] = { { .name = "x", .type = DS_OPT_INT, .lo = 1, .hi = 2, .def = "3" },
                                        { .type = DS_OPT_END } };
    assert_int_not_equal(ds_option_defaults(broken, v, why, sizeof why), DS_OK);
}

/* Every kind says what it wants in a buffer of any size. */
static void test_wants(void **state)
{
    (void)state;
    const ds_option *all[] = { &real, &unit, &positive, &whole, &small, &flag, &choice, &text, &span, &range, &memory };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (size_t bytes = 1; bytes < 80; bytes++) {
            char buf[96];
            memset(buf, '#', sizeof buf);
            ds_option_wants(all[k], buf, bytes);
            assert_true(memchr(buf, 0, bytes) != NULL);
            for (size_t i = bytes; i < sizeof buf; i++) assert_int_equal(buf[i], '#');
        }
}

static void near(const char *word, const char *wanted)
{
    static const char *const names[] = { "lr",     "momentum", "nesterov",      "weight_decay", "cross-entropy",
                                         "cosine", "constant", "learning_rate", "relu",         "leaky-relu" };
    const char *found = ds_nearest(word, names, 10);
    if (!wanted ? found != NULL : !found || strcmp(found, wanted))
        fail_msg("nearest of \"%s\": %s, wanted %s", word, found ? found : "none", wanted ? wanted : "none");
}

static void test_nearest(void **state)
{
    (void)state;
    near("lr", "lr");
    near("rl", "lr"); /* neighbours swapped: one slip */
    near("l", "lr");
    near("q", NULL);
    near("lrr", "lr");
    near("Momentum", "momentum");
    near("momentun", "momentum");
    near("momemtum", "momentum");
    near("weight-decay", "weight_decay");
    near("weightdecay", "weight_decay");
    near("lerning_rate", "learning_rate");
    near("cosin", "cosine");
    near("consine", "cosine");
    near("cross", "cross-entropy");
    near("cross_entropy", "cross-entropy");
    near("rellu", "relu");
    near("zzz", NULL);
    near("xyzzy", NULL);
    near("", NULL);
    near("a_word_that_is_much_longer_than_any_name_in_the_tables", NULL);
    assert_null(ds_nearest("lr", NULL, 0));
}

static void test_list(void **state)
{
    (void)state;
    int k = -1;
    assert_true(ds_list_has("a,bc,d", ',', "bc", &k));
    assert_int_equal(k, 1);
    assert_true(ds_list_has("a", ',', "a", NULL));
    assert_false(ds_list_has("a,bc,d", ',', "b", NULL));
    assert_false(ds_list_has("a,bc,d", ',', "c,d", NULL));
    assert_false(ds_list_has(NULL, ',', "a", NULL));
    assert_false(ds_list_has("", ',', "", NULL));
}

/* The fewest digits that read back as the same number. */
static void number(double x, const char *wanted)
{
    char buf[32];
    assert_string_equal(ds_number_text(x, buf, sizeof buf), wanted);
    assert_true(read(&real, buf).real == x);
}

static void test_number_text(void **state)
{
    (void)state;
    number(0, "0");
    number(0.1, "0.1");
    number(1e-4, "0.0001");
    number(1e-5, "1e-05");
    number(10, "10");
    number(1200, "1200");
    number(1.0 / 3, "0.3333333333333333");
    number(9007199254740992.0, "9007199254740992");
    number(1e300, "1e+300");
    number(-2.5, "-2.5");
    number(5e-324, "5e-324");
}

static void test_growing_text(void **state)
{
    (void)state;
    ds_text t = { 0 };
    for (int k = 0; k < 1000; k++) ds_text_add(&t, "%d,", k % 10);
    ds_text_repeat(&t, 'x', 3);
    ds_text_put(&t, "abc", 2);
    char *s = ds_text_take(&t);
    assert_int_equal(strlen(s), 2005);
    assert_string_equal(s + 1998, "9,xxxab");
    free(s);
    s = ds_text_take(&t);
    assert_string_equal(s, "");
    free(s);
    t.failed = true;
    ds_text_add(&t, "lost");
    assert_null(ds_text_take(&t));
}

/* A program's decimal comma changes nothing. Prints when the machine has no such locale. */
static void test_locale(void **state)
{
    (void)state;
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE" };
    const char *set = NULL;
    for (size_t k = 0; k < 4 && !set; k++) set = setlocale(LC_NUMERIC, names[k]);
    if (!set) print_message("no locale with a decimal comma here: read with a point only\n");
    assert_true(read(&real, "0.5").real == 0.5);
    refused(&real, "0,5", "a number");
    number(0.25, "0.25");
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),        cmocka_unit_test(test_integer),      cmocka_unit_test(test_bool),
        cmocka_unit_test(test_choice),      cmocka_unit_test(test_text),         cmocka_unit_test(test_span),
        cmocka_unit_test(test_range),       cmocka_unit_test(test_bytes),        cmocka_unit_test(test_table),
        cmocka_unit_test(test_wants),       cmocka_unit_test(test_nearest),      cmocka_unit_test(test_list),
        cmocka_unit_test(test_number_text), cmocka_unit_test(test_growing_text), cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
