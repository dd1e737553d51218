/* test_elementwise.c - the elementwise instructions as loops: any number of elements, nothing written behind the end,
 * the same bits by every instruction set; programs of several instructions and stores, over operands that repeat, in
 * place, against one element at a time. */
#include "kernel/ew_code.h"
#include "test_graph_support.h"

/* y = f(x[0], x[1], ...) by one instruction of one table. */
static void apply3(const ds_vec *v, int code, ds_dtype t, int64_t n, void *const *x, int operands, double imm, void *y)
{
    ds_ew_program p = { .dtype = t, .rank = 1, .dim = { n }, .nload = operands, .nstore = 1, .ninstr = 1, .nreg = 1 };
    p.store[0] = (ds_ew_operand){ y, { 1 }, t };
    p.instr[0] = (ds_ew_instr){ (uint16_t)code, 0, { INT16_MIN, INT16_MIN, INT16_MIN }, { imm, 0 } };
    for (int k = 0; k < operands; k++) {
        p.load[k] = (ds_ew_operand){ x[k], { 1 }, t };
        p.instr[0].src[k] = (int16_t)(-1 - k);
    }
    void *tile = ds_buffer_alloc(ds_ew_tile_bytes(&p));
    assert_non_null(tile);
    v->ew(&p, 0, 1, 0, n, tile, NULL);
    ds_buffer_free(tile);
}

/* Every instruction on all kinds of numbers and every count up to several vectors. */
static void tails(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int operands;
    } list[] = {
#define EW(id, n) { #id, n },
#include "kernel/elementwise.def"
#undef EW
    };
    enum { ROOM = 80 };
    say_skipped_isa();
    for (int q = 0; q < 4 * DS_EW_CODES; q++) {
        ds_dtype t = q & 1 ? DS_F64 : DS_F32;
        int code = q / 2 % DS_EW_CODES;
        double imm = q < 2 * DS_EW_CODES ? 0.5 : -0.0; /* the constant of scale, shift and leaky_relu */
        void *x[3], *want = memory_for(t, ROOM), *y = memory_for(t, ROOM);
        for (int k = 0; k < 3; k++) {
            x[k] = memory_for(t, ROOM);
            fill_uniform(t, x[k], ROOM, 41 + (uint64_t)k, -3, 3);
            strew_special(t, x[k], ROOM, 43 + (uint64_t)k, 3);
        }
        for (int64_t n = 1; n < ROOM - 10; n++) {
            apply3(ds_vec_named("scalar"), code, t, n, x, list[code].operands, imm, want);
            for (int k = 0; k < ISA_NAMES; k++) {
                const ds_vec *v = ds_vec_named(isa_names[k]);
                for (int64_t i = 0; i < ROOM; i++) put(t, y, i, 123);
                if (!v) continue;
                apply3(v, code, t, n, x, list[code].operands, imm, y);
                int64_t at = first_difference(t, n, want, y);
                if (at >= 0)
                    fail_msg("%s %s of %g by %s is %.17g, by scalar %.17g", list[code].name, ds_dtype_name(t),
                             get(t, x[0], at), isa_names[k], get(t, y, at), get(t, want, at));
                for (int64_t i = n; i < ROOM; i++)
                    if (get(t, y, i) != 123)
                        fail_msg("%s %s by %s wrote past %lld elements", list[code].name, ds_dtype_name(t),
                                 isa_names[k], (long long)n);
            }
        }
        for (int k = 0; k < 3; k++) ds_buffer_free(x[k]);
        ds_buffer_free(want);
        ds_buffer_free(y);
    }
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

enum { LOADS = 4, INSTRS = 9 };
static const int codes[] = { DS_EW_add,  DS_EW_mul,   DS_EW_sub,   DS_EW_tanh, DS_EW_max,
                             DS_EW_relu, DS_EW_where, DS_EW_scale, DS_EW_exp };
static int operands(int code)
{
    return code == DS_EW_where                                                                    ? 3
           : code == DS_EW_tanh || code == DS_EW_relu || code == DS_EW_scale || code == DS_EW_exp ? 1
                                                                                                  : 2;
}

/* A random program over [3][rows][cols]: operand k repeats along the axes in its mask; every result goes to a register
 * of its own, one in the middle and the last to stores. The first store may lie over the first operand, which does not
 * repeat and which later instructions may read. */
typedef struct trial {
    ds_ew_program p;
    int64_t count;
    void *load[LOADS], *store[2];
} trial;

static trial make_trial(uint64_t seed, ds_dtype t, int64_t rows, int64_t cols, bool in_place)
{
    trial s = { .p = { .dtype = t,
                       .rank = 3,
                       .dim = { 3, rows, cols },
                       .nload = LOADS,
                       .nstore = 2,
                       .ninstr = INSTRS,
                       .nreg = INSTRS },
                .count = 3 * rows * cols };
    int64_t full[3] = { rows * cols, cols, 1 };
    for (int k = 0; k < LOADS; k++) {
        unsigned mask = k == 0 ? 0 : (unsigned)(mixed(seed, (uint64_t)k) & 7);
        int64_t step = 1;
        s.load[k] = memory_for(t, s.count);
        fill_uniform(t, s.load[k], s.count, seed + (uint64_t)k, -2, 2);
        s.p.load[k] = (ds_ew_operand){ .data = s.load[k], .dtype = t };
        for (int d = 2; d >= 0; d--) {
            s.p.load[k].stride[d] = mask >> d & 1 ? 0 : step;
            if (!(mask >> d & 1)) step *= s.p.dim[d];
        }
    }
    for (int i = 0; i < INSTRS; i++) {
        ds_ew_instr *e = &s.p.instr[i];
        *e = (ds_ew_instr){ .code = (uint16_t)codes[mixed(seed + 9, (uint64_t)i) % (sizeof codes / sizeof codes[0])],
                            .dst = (int16_t)i,
                            .imm = { 0.5, 0 } };
        for (int k = 0; k < 3; k++) {
            int r = (int)(mixed(seed + 10 + (uint64_t)k, (uint64_t)i) %
                          (uint64_t)(LOADS + i)); /* an operand or an earlier result */
            e->src[k] = (int16_t)(k >= operands(e->code) ? INT16_MIN : r < LOADS ? -1 - r : r - LOADS);
        }
    }
    for (int k = 0; k < 2; k++) {
        s.store[k] = k == 0 && in_place ? s.load[0] : memory_for(t, s.count);
        s.p.store[k] = (ds_ew_operand){ .data = s.store[k], .dtype = t };
        memcpy(s.p.store[k].stride, full, sizeof full);
        s.p.store_reg[k] = (int16_t)(k == 0 ? INSTRS - 5 : INSTRS - 1);
    }
    return s;
}

static void free_trial(trial *s)
{
    for (int k = 0; k < LOADS; k++) ds_buffer_free(s->load[k]);
    for (int k = 0; k < 2; k++)
        if (s->store[k] != s->load[0]) ds_buffer_free(s->store[k]);
}

/* The meaning of a program, one element and one instruction at a time. */
static void by_elements(const trial *s, void *out[2])
{
    void *x[3], *y = memory_for(s->p.dtype, 1);
    double reg[INSTRS];
    for (int k = 0; k < 3; k++) x[k] = memory_for(s->p.dtype, 1);
    for (int64_t e = 0; e < s->count; e++) {
        int64_t at[3] = { e / (s->p.dim[1] * s->p.dim[2]), e / s->p.dim[2] % s->p.dim[1], e % s->p.dim[2] };
        for (int i = 0; i < INSTRS; i++) {
            const ds_ew_instr *n = &s->p.instr[i];
            for (int k = 0; k < operands(n->code); k++) {
                const ds_ew_operand *o = n->src[k] < 0 ? &s->p.load[-1 - n->src[k]] : NULL;
                put(s->p.dtype, x[k], 0,
                    o ? get(s->p.dtype, o->data, at[0] * o->stride[0] + at[1] * o->stride[1] + at[2] * o->stride[2])
                      : reg[n->src[k]]);
            }
            apply3(ds_vec_named("scalar"), n->code, s->p.dtype, 1, x, operands(n->code), n->imm[0], y);
            reg[i] = get(s->p.dtype, y, 0);
        }
        for (int k = 0; k < 2; k++) put(s->p.dtype, out[k], e, reg[s->p.store_reg[k]]);
    }
    for (int k = 0; k < 3; k++) ds_buffer_free(x[k]);
    ds_buffer_free(y);
}

static void programs(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = { { 1, 1 },   { 5, 3 },   { 1, 600 }, { 4, 255 },
                                        { 3, 257 }, { 2, 513 }, { 40, 16 }, { 7, 31 } };
    for (uint64_t seed = 0; seed < 64; seed++)
        for (int k = 0; k < ISA_NAMES; k++) {
            const ds_vec *v = ds_vec_named(isa_names[k]);
            if (!v) continue;
            ds_dtype t = seed & 1 ? DS_F64 : DS_F32;
            trial s = make_trial(100 * seed, t, sizes[seed / 2 % 8][0], sizes[seed / 2 % 8][1], seed >> 4 & 1);
            void *want[2] = { memory_for(t, s.count), memory_for(t, s.count) },
                 *tile = ds_buffer_alloc(ds_ew_tile_bytes(&s.p));
            by_elements(&s, want);
            int64_t rows = 3 * s.p.dim[1], cut = rows / 2;
            v->ew(&s.p, 0, cut, 0, s.p.dim[2], tile, NULL);
            v->ew(&s.p, cut, rows, 0, s.p.dim[2], tile, NULL);
            for (int q = 0; q < 2; q++) {
                int64_t at = first_difference(t, s.count, want[q], s.store[q]);
                if (at >= 0)
                    fail_msg("program %d by %s: store %d element %lld is %.17g, wanted %.17g", (int)seed, isa_names[k],
                             q, (long long)at, get(t, s.store[q], at), get(t, want[q], at));
                ds_buffer_free(want[q]);
            }
            ds_buffer_free(tile);
            free_trial(&s);
        }
}

/* ---- programs compiled whole ------------------------------------------------------------------------------------- */

/* known.def once more, as programs. */
enum { S_L0 = -1, S_L1 = -2, S_L2 = -3, S_L3 = -4, S_L4 = -5, S_L5 = -6, S_L6 = -7, S_L7 = -8, S_L8 = -9, S_L9 = -10 };
enum {
    S_v0,
    S_v1,
    S_v2,
    S_v3,
    S_v4,
    S_v5,
    S_v6,
    S_v7,
    S_v8,
    S_v9,
    S_v10,
    S_v11,
    S_v12,
    S_v13,
    S_v14,
    S_v15,
    S_v16,
    S_v17
};
typedef struct known {
    const char *name, *kinds;
    int nload, ninstr, nstore, nsum;
    ds_ew_instr instr[DS_EW_MAX_INSTRS];
    int16_t store[DS_EW_MAX_OPERANDS], sum[DS_EW_MAX_SUMS];
} known;
#define I1(k, op, a)       { DS_EW_##op, k, { S_##a, INT16_MIN, INT16_MIN }, { 0.5, 0 } },
#define I2(k, op, a, b)    { DS_EW_##op, k, { S_##a, S_##b, INT16_MIN }, { 0.5, 0 } },
#define I3(k, op, a, b, c) { DS_EW_##op, k, { S_##a, S_##b, S_##c }, { 0.5, 0 } },
#define STORE(k, x)        S_##x,
#define SUM(k, x)          S_##x,
#define NONE               0
#define KNOWN(name, loads, kinds, count, results, nsums, body, stores, sums)                                           \
    { #name, kinds, loads, count, results, nsums, { body }, { stores }, { sums } },
static const known knowns[] = {
#include "kernel/vec/known.def"
};

/* Line k over [rows][cols], its first store over its first dense operand; sums to leaves. What is summed is stored too when
 * `plain`, for a table that has no such program. */
typedef struct memory {
    void *load[DS_EW_MAX_OPERANDS], *store[DS_EW_MAX_OPERANDS], *leaf[DS_EW_MAX_SUMS];
    int stores;
} memory;

static ds_ew_program known_program(const known *k, ds_dtype t, int64_t rows, int64_t cols, memory *m, bool plain)
{
    ds_ew_program p = { .dtype = t, .rank = 2, .dim = { rows, cols }, .nload = k->nload, .ninstr = k->ninstr };
    p.nreg = p.ninstr;
    p.nstore = k->nstore;
    memcpy(p.instr, k->instr, sizeof p.instr);
    for (int i = 0; i < k->nload; i++) {
        m->load[i] = memory_for(t, rows * cols);
        fill_uniform(t, m->load[i], rows * cols, 61 + (uint64_t)i, 0.1, 2);
        if (k->kinds[i] == 'd') strew_special(t, m->load[i], rows * cols, 71 + (uint64_t)i, 3);
        p.load[i] = (ds_ew_operand){ m->load[i], { k->kinds[i] == 'd' ? cols : 0, k->kinds[i] != 's' }, t };
    }
    for (int i = 0; i < k->nsum; i++) {
        m->leaf[i] = memory_for(t, (rows / DS_COLUMN_LEAF + 1) * cols);
        p.sum[i].reg = k->sum[i];
        if (plain) p.store_reg[p.nstore++] = k->sum[i];
    }
    p.nsum = plain ? 0 : k->nsum;
    m->stores = p.nstore;
    for (int i = 0; i < p.nstore; i++) {
        if (i < k->nstore) p.store_reg[i] = k->store[i];
        m->store[i] = i == 0 && k->nstore ? m->load[strchr(k->kinds, 'd') - k->kinds] : memory_for(t, rows * cols);
        p.store[i] = (ds_ew_operand){ m->store[i], { cols, 1 }, t };
    }
    return p;
}

static void free_known(const known *k, memory *m)
{
    for (int i = k->nstore > 0; i < m->stores; i++) ds_buffer_free(m->store[i]);
    for (int i = 0; i < k->nload; i++) ds_buffer_free(m->load[i]);
    for (int i = 0; i < k->nsum; i++) ds_buffer_free(m->leaf[i]);
}

static void expect_equal(const known *k, const char *isa, ds_dtype t, int64_t n, const void *want, const void *found)
{
    int64_t at = first_difference(t, n, want, found);
    if (at >= 0)
        fail_msg("%s %s by %s: element %lld is %.17g, wanted %.17g", k->name, ds_dtype_name(t), isa, (long long)at,
                 get(t, found, at), get(t, want, at));
}

/* Whole rows, in two pieces; without sums also a block of columns. */
static void compare_known(const known *k, const char *isa, ds_dtype t, int64_t rows, int64_t cols)
{
    memory a, b;
    const ds_vec *v = ds_vec_named(isa), *scalar = ds_vec_named("scalar");
    ds_ew_program p = known_program(k, t, rows, cols, &a, true), q = known_program(k, t, rows, cols, &b, false);
    void *tile = ds_buffer_alloc(ds_ew_tile_bytes(&p));
    const int64_t cut = rows / 2 / DS_COLUMN_LEAF * DS_COLUMN_LEAF, half = k->nsum ? cols : cols / 2 & -16;
    scalar->ew(&p, 0, rows, 0, cols, tile, NULL);
    for (int i = 0; i < k->nsum; i++) scalar->sum_leaves(t, rows, cols, a.store[k->nstore + i], cols, a.leaf[i]);
    for (int part = 0; part < 2; part++) {
        int64_t r0 = part ? cut : 0, r1 = part ? rows : cut;
        void *leaf[DS_EW_MAX_SUMS];
        for (int i = 0; i < k->nsum; i++)
            leaf[i] = (char *)b.leaf[i] + (size_t)(r0 / DS_COLUMN_LEAF * cols) * ds_dtype_bytes(t);
        if (k->nsum) {
            assert_int_equal(v->ew_sums(&q, r0, r1, leaf), strcmp(isa, "scalar") != 0 && cols % 16 == 0);
            if (!strcmp(isa, "scalar") || cols % 16) break;
        } else {
            v->ew(&q, r0, r1, 0, half, tile, NULL);
            v->ew(&q, r0, r1, half, cols, tile, NULL);
        }
    }
    if (!k->nsum || (strcmp(isa, "scalar") && cols % 16 == 0)) {
        for (int i = 0; i < k->nstore; i++) expect_equal(k, isa, t, rows * cols, a.store[i], b.store[i]);
        for (int i = 0; i < k->nsum; i++)
            expect_equal(k, isa, t, (rows + DS_COLUMN_LEAF - 1) / DS_COLUMN_LEAF * cols, a.leaf[i], b.leaf[i]);
    }
    ds_buffer_free(tile);
    free_known(k, &a);
    free_known(k, &b);
}

static void known_programs(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = { { 1, 1111 }, { 130, 48 }, { 200, 16 }, { 193, 160 }, { 129, 33 } };
    for (size_t k = 0; k < 2 * sizeof knowns / sizeof knowns[0]; k++)
        for (int i = 0; i < ISA_NAMES; i++)
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
                if (ds_vec_named(isa_names[i]))
                    compare_known(&knowns[k / 2], isa_names[i], k & 1 ? DS_F64 : DS_F32, sizes[s][0], sizes[s][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tails), cmocka_unit_test(programs),
                                        cmocka_unit_test(known_programs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
