/* model.c - a network's description: a tree of layers, made from text or piece by piece. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/registry.h"
#include "nn/nn.h"

enum { DEPTH = 8, WORD = 256 };

struct ds_model {
    ds_ctx *ctx;
    ds_arena arena;
    ds_layer_spec *first;
    ds_layer_spec *open[DEPTH]; /* residual blocks that ds_model_add has begun */
    int depth;
};

enum { KEY_NAME, KEY_ACT, KEY_NORM, KEY_INIT, KEY_BIAS, KEY_REPEAT };

static const ds_option common[] = {
    { "name", DS_OPT_TEXT, 0, 0, "", NULL, NULL, "what parameter names begin with, instead of the position",
      .why = "positions are names enough", .elsewhere = "PyTorch the attribute, Keras name=, Caffe name" },
    { "act", DS_OPT_OTHER, 0, 0, "", "an activation", "activation",
      "activation, after product and norm; one of registry \"activation\"", .kind = "activation",
      .why = "the entry is linear without", .cite = "Goodfellow et al. 6.3",
      .elsewhere = "PyTorch nn.ReLU and others, Keras activation=, Caffe a layer of its own" },
    { "norm", DS_OPT_OTHER, 0, 0, "", "batch or layer", NULL, "normalization after the product", .kind = "norm",
      .why = "small nets train without", .cite = "Goodfellow et al. 8.7.1",
      .elsewhere = "PyTorch nn.BatchNorm2d, nn.LayerNorm; Keras BatchNormalization, LayerNormalization; Caffe "
                   "BatchNorm and Scale" },
    { "init", DS_OPT_OTHER, 0, 0, "", "an initializer", NULL,
      "initializer of the weight; absent: he before a rectifier or a norm, glorot before other activations, fan-in "
      "without any",
      .kind = "initializer",
      .why = "it keeps the size of activations through the layers for the activation that follows",
      .cite = "Goodfellow et al. 8.4", .elsewhere = "PyTorch nn.init, Keras kernel_initializer=, Caffe weight_filler" },
    { "bias", DS_OPT_OTHER, 0, 0, "", "true, false, a number or marginals", NULL,
      "constant of each output, true is zeros, marginals the logarithm of class frequencies; absent: true, but false "
      "in an entry with a norm",
      .words = "true|false|marginals", .why = "a norm subtracts a bias again", .cite = "Goodfellow et al. 8.4",
      .elsewhere = "PyTorch bias=, Keras use_bias=, bias_initializer=, Caffe bias_term, bias_filler" },
    { "repeat", DS_OPT_INT, 1, 10000, "1", NULL, NULL, "how many such entries in a row",
      .why = "one entry is one layer", .elsewhere = "a loop in PyTorch and Keras" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_option *ds_layer_common(void) { return common; }

ds_status ds_model_create(ds_model **out, ds_ctx *ctx)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return ds_fail_memory(ctx, sizeof **out, "a model");
    (*out)->ctx = ctx;
    return DS_OK;
}

void ds_model_free(ds_model *m)
{
    if (!m) return;
    ds_arena_free(&m->arena);
    free(m);
}

const ds_layer_spec *ds_model_layers(const ds_model *m) { return m->first; }

static const ds_layer_def *def_of(const ds_layer_spec *s) { return (const ds_layer_def *)s->kind.head; }

bool ds_text_integer(const char *text, int64_t lo, int64_t hi, int64_t *out)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || errno || n < lo || n > hi) return false;
    *out = n;
    return true;
}

ds_status ds_model_fail(ds_model *m, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_fail_v(m->ctx, DS_ECONFIG, fmt, args);
    va_end(args);
    return DS_ECONFIG;
}

static ds_status read_bias(ds_model *m, ds_layer_spec *s, const char *text)
{
    static const ds_option number = { "bias", DS_OPT_REAL, 0, 0, NULL, NULL, NULL, NULL };
    ds_optval value = { 0 };
    char why[256];
    s->bias = DS_BIAS_CONSTANT;
    if (strcmp(text, "false") == 0)
        s->bias = DS_BIAS_NONE;
    else if (strcmp(text, "marginals") == 0)
        s->bias = DS_BIAS_MARGINALS;
    else if (strcmp(text, "true") && ds_option_parse(&number, text, &value, why, sizeof why) != DS_OK)
        return ds_model_fail(m, "layer \"%s\": found bias \"%.60s\", wanted true, false, a number or marginals",
                             s->kind.head->name, text);
    s->bias_value = value.real;
    return DS_OK;
}

static ds_status no_effect(ds_model *m, const ds_layer_spec *s, const char *key)
{
    return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\": \"%s\" would have no effect; %s", s->kind.head->name, key,
                   strcmp(key, "act") == 0 || strcmp(key, "norm") == 0 ? "make it an entry of its own" : "take it out");
}

static ds_status set_common(ds_model *m, ds_layer_spec *s, int key, const char *text)
{
    static const unsigned needs[] = { 0, DS_TAKES_ACT, DS_TAKES_NORM, DS_TAKES_WEIGHT, DS_TAKES_WEIGHT, 0 };
    const char *where = s->kind.head->name;
    if ((def_of(s)->takes & needs[key]) != needs[key]) return no_effect(m, s, common[key].name);
    switch (key) {
    case KEY_NAME:
        if (!*text || strpbrk(text, " .\""))
            return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\": found name \"%s\"; wanted a word without dots", where,
                           text);
        s->name = ds_arena_text(&m->arena, text);
        return s->name ? DS_OK : ds_fail_memory(m->ctx, strlen(text), "a layer's name");
    case KEY_ACT: return ds_part_parse(m->ctx, &m->arena, &ds_activation_registry, where, text, &s->act);
    case KEY_NORM: return ds_part_parse(m->ctx, &m->arena, &ds_norm_registry, where, text, &s->norm);
    case KEY_INIT: return ds_part_parse(m->ctx, &m->arena, &ds_initializer_registry, where, text, &s->init);
    case KEY_BIAS: return read_bias(m, s, text);
    default:
        if (ds_text_integer(text, 1, (int64_t)common[KEY_REPEAT].hi, &s->repeat)) return DS_OK;
        return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\": repeat is \"%s\"; wanted a number from 1 to %.0f", where,
                       text, common[KEY_REPEAT].hi);
    }
}

static ds_status set_option(ds_model *m, ds_layer_spec *s, int k, const char *text)
{
    const ds_option *o = &s->kind.head->options[k];
    ds_optval *v = &s->kind.value[k];
    char why[256];
    v->given = true;
    if (o->type == DS_OPT_OTHER) return def_of(s)->read(m, s, k, text);
    if (ds_option_parse(o, text, v, why, sizeof why) != DS_OK)
        return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\": option \"%s\": %s", s->kind.head->name, o->name, why);
    v->given = true;
    return DS_OK;
}

/* Nearest of the layer's options and the common keys. */
static ds_status unknown_key(ds_model *m, const ds_layer_spec *s, const char *key)
{
    const char *names[DS_MAX_PART_OPTIONS + 6];
    int n = 0;
    for (const ds_option *o = s->kind.head->options; o->type != DS_OPT_END && n < DS_MAX_PART_OPTIONS; o++)
        names[n++] = o->name;
    for (const ds_option *o = common; o->type != DS_OPT_END; o++) names[n++] = o->name;
    const char *near = ds_nearest(key, names, n);
    return ds_fail(m->ctx, DS_EUNKNOWN, "layer \"%s\" has no option \"%s\"%s%s%s", s->kind.head->name, key,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

ds_status ds_model_set(ds_model *m, ds_layer_spec *layer, const char *key, const char *value)
{
    int k = ds_option_find(layer->kind.head->options, key);
    if (k >= 0) return set_option(m, layer, k, value);
    k = ds_option_find(common, key);
    return k >= 0 ? set_common(m, layer, k, value) : unknown_key(m, layer, key);
}

/* OTHER options keep their defaults in the table's text, which read() understands as any other. */
static ds_status start(ds_model *m, ds_layer_spec *s, const char *value)
{
    const ds_option *table = s->kind.head->options;
    char why[256];
    if (ds_option_defaults(table, s->kind.value, why, sizeof why) != DS_OK)
        return ds_fail(m->ctx, DS_EBUG, "layer \"%s\": %s", s->kind.head->name, why);
    for (int k = 0; table[k].type != DS_OPT_END; k++)
        if (table[k].type == DS_OPT_OTHER && table[k].def && *table[k].def)
            DS_TRY(def_of(s)->read(m, s, k, table[k].def));
    if (value) return set_option(m, s, 0, value);
    if (table[0].def) return DS_OK;
    return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\" wants a value: %s", s->kind.head->name, table[0].help);
}

static ds_status name_key(ds_model *m, ds_layer_spec *s, const ds_layer_spec *parent, int position)
{
    char key[WORD];
    int n = parent ? snprintf(key, sizeof key, "%s.%s.%d", parent->key, parent->kind.head->name, position)
                   : snprintf(key, sizeof key, "model.layers.%d", position);
    s->key = ds_arena_text(&m->arena, n < WORD ? key : parent->key);
    return s->key ? DS_OK : ds_fail_memory(m->ctx, WORD, "a layer's key");
}

ds_status ds_model_layer(ds_model *m, ds_layer_spec *parent, const char *key, const char *value, ds_layer_spec **out)
{
    ds_layer_spec *s = ds_arena_alloc(&m->arena, sizeof *s);
    if (out) *out = s;
    if (!s) return ds_fail_memory(m->ctx, sizeof *s, "a layer");
    ds_part kind = { .head = ds_registry_find(&ds_layer_registry, key) };
    if (!kind.head)
        return ds_part_parse(m->ctx, &m->arena, &ds_layer_registry, "model.layers", key,
                             &kind); /* fails, with a hint */
    if (parent && !(def_of(parent)->takes & DS_TAKES_LAYERS))
        return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\" holds no inner layers", parent->kind.head->name);
    s->kind = kind;
    s->repeat = 1;
    DS_TRY(start(m, s, value));
    ds_layer_spec **end = parent ? &parent->child : &m->first;
    int position = 0;
    for (; *end; end = &(*end)->next) position++;
    *end = s;
    return name_key(m, s, parent, position);
}

ds_status ds_model_part(ds_model *m, const char *kind, const char *text, ds_part *out)
{
    const ds_registry *const all[] = { &ds_layer_registry, &ds_activation_registry, &ds_norm_registry,
                                       &ds_initializer_registry };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->kind, kind) == 0) return ds_part_parse(m->ctx, &m->arena, all[i], kind, text, out);
    return ds_fail(m->ctx, DS_EUNKNOWN,
                   "\"%s\" is no kind of model part; there are layer, activation, norm and initializer", kind);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* The next word of text, up to a space outside parentheses. false: none, or too long (*at NULL). */
static bool next_word(const char **at, char *word)
{
    const char *p = *at;
    while (isspace((unsigned char)*p)) p++;
    size_t n = 0;
    for (int depth = 0; p[n] && (depth > 0 || !isspace((unsigned char)p[n])); n++)
        depth += (p[n] == '(') - (p[n] == ')');
    *at = n < WORD ? p + n : NULL;
    if (n == 0 || n >= WORD) return false;
    memcpy(word, p, n);
    word[n] = 0;
    return true;
}

/* Split key=value at a sign outside parentheses; NULL: there is none. */
static char *split(char *word)
{
    char *sign = strchr(word, '='), *open = strchr(word, '(');
    if (!sign || (open && open < sign)) return NULL;
    *sign = 0;
    return sign + 1;
}

static ds_status end_block(ds_model *m)
{
    if (m->depth == 0) return ds_fail(m->ctx, DS_ECONFIG, "\"end\" without a \"residual\" before it");
    m->depth--;
    return DS_OK;
}

ds_status ds_model_add(ds_model *m, const char *text)
{
    char key[WORD], word[WORD];
    const char *at = text;
    if (!next_word(&at, key))
        return ds_fail(m->ctx, DS_ECONFIG, "found \"%.60s\"; wanted a layer such as \"dense 64 act=relu\"", text);
    if (strcmp(key, "end") == 0) return end_block(m);
    bool more = next_word(&at, word), first = more && !strchr(word, '=');
    if (more && !first) { /* a value may hold signs inside its parentheses: act leaky-relu(slope=0.1) */
        const char *open = strchr(word, '(');
        first = open && open < strchr(word, '=');
    }
    ds_layer_spec *s;
    DS_TRY(ds_model_layer(m, m->depth ? m->open[m->depth - 1] : NULL, key, first ? word : NULL, &s));
    if (first) more = next_word(&at, word);
    for (; more; more = next_word(&at, word)) {
        char *value = split(word);
        if (!value) return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\": found \"%s\"; wanted key=value", key, word);
        DS_TRY(ds_model_set(m, s, word, value));
    }
    if (!at) return ds_fail(m->ctx, DS_ECONFIG, "layer \"%s\": a word is too long", key);
    if (!(def_of(s)->takes & DS_TAKES_LAYERS)) return DS_OK;
    if (m->depth == DEPTH) return ds_fail(m->ctx, DS_ECONFIG, "blocks are nested more than %d deep", DEPTH);
    m->open[m->depth++] = s;
    return DS_OK;
}
