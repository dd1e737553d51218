/* config_yaml.c - one YAML document, read by libfyaml, as a tree of texts with places. Anchors, aliases, tags, repeated
 * keys and further documents are mistakes: a config is data that means what it says. */
#include <libfyaml.h>
#include <string.h>

#include "train/config_node.h"

static place place_of(struct fy_token *token, int setting)
{
    place p = { .setting = setting, .width = 1 };
    const struct fy_mark *from = token ? fy_token_start_mark(token) : NULL,
                         *to = token ? fy_token_end_mark(token) : NULL;
    if (from) {
        p.line = from->line + 1;
        p.column = from->column + 1;
        p.width = to && to->line == from->line && to->column > from->column ? to->column - from->column : 1;
    }
    return p;
}

static char *copy(reader *r, const char *text, size_t n)
{
    char *c = config_keep(r, n + 1);
    if (c && n) memcpy(c, text, n);
    return c;
}

static node *convert(reader *r, struct fy_node *f, int setting, place around, int depth);

static void convert_map(reader *r, node *n, struct fy_node *f, int setting, int depth)
{
    struct fy_node_pair *pair;
    void *prev = NULL;
    while ((pair = fy_node_mapping_iterate(f, &prev)) && !r->no_memory) {
        struct fy_node *key = fy_node_pair_key(pair);
        size_t length = 0;
        const char *text = key ? fy_node_get_scalar(key, &length) : NULL;
        place at = place_of(key ? fy_node_get_scalar_token(key) : NULL, setting);
        if (!text) {
            config_mistake(r, n->at.line ? n->at : at, NULL, "a key must be a word");
            continue;
        }
        node *c = convert(r, fy_node_pair_value(pair), setting, at, depth + 1);
        if (!c) continue;
        c->key = copy(r, text, length);
        c->key_at = at;
        if (!c->key) return;
        const node *first = n->child;
        while (first && strcmp(first->key, c->key)) first = first->next;
        if (first) {
            config_mistake(r, at, NULL, "the key \"%s\" stands twice in this map (first on line %d)", c->key,
                           first->key_at.line);
            continue;
        }
        if (n->last)
            n->last->next = c;
        else
            n->child = c;
        n->last = c;
        if (n->at.line == 0) n->at = at;
    }
}

static node *convert(reader *r, struct fy_node *f, int setting, place around, int depth)
{
    node *n = config_keep(r, sizeof *n);
    if (!n) return NULL;
    n->at = around;
    if (!f) { /* an empty value */
        n->text = "";
        return n;
    }
    size_t length = 0;
    if (fy_node_is_scalar(f) && fy_node_get_scalar_token(f)) n->at = place_of(fy_node_get_scalar_token(f), setting);
    if (depth > CONFIG_DEPTH || fy_node_is_alias(f)) {
        if (depth > CONFIG_DEPTH)
            config_mistake(r, n->at, NULL, "nested more than %d deep", CONFIG_DEPTH);
        else
            config_mistake(r, n->at, NULL,
                           "aliases (*name) are not accepted; write the value out, or put it in quotes where it is "
                           "text: \"*.csv\"");
        n->bad = true;
        n->text = "";
        return n;
    }
    if (fy_node_get_anchor(f)) config_mistake(r, n->at, NULL, "anchors (&name) are not accepted; write the value out");
    if (fy_node_get_tag(f, &length))
        config_mistake(r, n->at, NULL, "tags (!name) are not accepted; types come from the keys");
    if (fy_node_is_scalar(f)) {
        const char *text = fy_node_get_scalar(f, &length);
        n->bad = text && memchr(text, 0, length);
        if (n->bad) config_mistake(r, n->at, NULL, "the value has a zero byte");
        n->text = copy(r, text ? text : "", text ? length : 0);
    } else if (fy_node_is_mapping(f)) {
        n->kind = NODE_MAP;
        convert_map(r, n, f, setting, depth);
    } else {
        struct fy_node *item;
        void *prev = NULL;
        n->kind = NODE_LIST;
        while ((item = fy_node_sequence_iterate(f, &prev)) && !r->no_memory) {
            node *c = convert(r, item, setting, around, depth + 1);
            if (!c) continue;
            if (c->child && c->kind == NODE_MAP) c->at = c->child->key_at;
            if (n->last)
                n->last->next = c;
            else
                n->child = c;
            n->last = c;
        }
    }
    return n;
}

/* The parser's own complaint about the form of the text. */
static void syntax(reader *r, struct fy_diag *diag, int setting)
{
    void *prev = NULL;
    struct fy_diag_error *e = fy_diag_errors_iterate(diag, &prev);
    place at = { .setting = setting, .width = 1, .line = e ? e->line : 1, .column = e ? e->column : 1 };
    if (at.line < 1) at.line = 1;
    if (at.column < 1) at.column = 1;
    config_mistake(r, at, NULL, "not YAML: %s", e && e->msg ? e->msg : "the text cannot be read");
}

/* Place of the first word of a tree. */
static place beginning(struct fy_node *f, int setting)
{
    while (f && !fy_node_is_scalar(f)) {
        void *prev = NULL;
        struct fy_node_pair *pair = fy_node_is_mapping(f) ? fy_node_mapping_iterate(f, &prev) : NULL;
        f = fy_node_is_mapping(f) ? (pair ? fy_node_pair_key(pair) : NULL) : fy_node_sequence_iterate(f, &prev);
    }
    struct fy_token *word = f ? fy_node_get_scalar_token(f) : NULL;
    return word ? place_of(word, setting) : (place){ .setting = setting, .line = 1, .column = 1, .width = 1 };
}

static node *load(reader *r, struct fy_parser *parser, struct fy_diag *diag, int setting)
{
    node *root = NULL;
    struct fy_document *d = fy_parse_load_document(parser);
    if (d) {
        root = convert(r, fy_document_root(d), setting, (place){ .setting = setting, .width = 1 }, 0);
        fy_parse_document_destroy(parser, d);
        d = fy_parse_load_document(parser);
        if (d) {
            config_mistake(r, beginning(fy_document_root(d), setting), NULL,
                           "a second document (---) begins; a config is one");
            fy_parse_document_destroy(parser, d);
        } else if (fy_parser_get_stream_error(parser)) {
            syntax(r, diag, setting);
        }
    } else if (fy_parser_get_stream_error(parser)) {
        syntax(r, diag, setting);
    } else {
        root = convert(r, NULL, setting, (place){ .setting = setting, .width = 1 }, 0); /* an empty text */
    }
    return root;
}

/* Bytes of the character at p, of which `left` are there; 0: it is none of UTF-8 (RFC 3629). */
static size_t character(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80                    ? 1
               : p[0] >= 0xC2 && p[0] <= 0xDF ? 2
               : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
               : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                              : 0;
    if (n == 0 || n > left) return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xC0) != 0x80) return 0;
    bool wrong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
                 (p[0] == 0xF4 && p[1] > 0x8F);
    return wrong ? 0 : n;
}

/* libfyaml 0.7 loops for ever over a directive that is no UTF-8, so such a text does not get that far. */
static bool is_utf8(reader *r, const char *text, size_t bytes, int setting)
{
    place at = { .setting = setting, .line = 1, .column = 1, .width = 1 };
    for (size_t i = 0, n; i < bytes; i += n) {
        n = character((const unsigned char *)text + i, bytes - i);
        if (n == 0) {
            config_mistake(r, at, NULL, "not YAML: byte 0x%02x is no character of UTF-8; save the file as UTF-8",
                           (unsigned)(unsigned char)text[i]);
            return false;
        }
        at.column = text[i] == '\n' ? 1 : at.column + 1;
        at.line += text[i] == '\n';
    }
    return true;
}

node *config_tree(reader *r, const char *text, size_t bytes, int setting)
{
    struct fy_diag_cfg dcfg;
    if (!is_utf8(r, text, bytes, setting)) return NULL;
    fy_diag_cfg_default(&dcfg);
    dcfg.fp = NULL;
    dcfg.level = FYET_ERROR;
    struct fy_diag *diag = fy_diag_create(&dcfg);
    if (!diag) {
        r->no_memory = true;
        return NULL;
    }
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS, .diag = diag };
    struct fy_parser *parser = fy_parser_create(&cfg);
    node *root = NULL;
    if (parser && !fy_parser_set_string(parser, text, bytes))
        root = load(r, parser, diag, setting);
    else
        r->no_memory = true;
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return root;
}
