/* config_write.c - the resolved config as text, its hash, its values by key. */
#include <stdlib.h>
#include <string.h>

#include "train/config_node.h"

/* Plain where no reader could take it for anything but text, else in double quotes. */
static void write_text(ds_text *t, const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-";
    if (*text && strspn(text, letters) == strlen(text) && strcmp(text, "-") && strncmp(text, "--", 2)) {
        ds_text_add(t, "%s", text);
        return;
    }
    ds_text_add(t, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            ds_text_add(t, "\\%c", *c);
        else if (*c < 32 || *c == 127)
            ds_text_add(t, "\\x%02x", *c);
        else
            ds_text_add(t, "%c", *c);
    }
    ds_text_add(t, "\"");
}

typedef struct writer {
    ds_text text;
    const ds_config *config;
    bool again; /* the config was itself written so: values from its file keep the origin that stands there */
} writer;

/* The origin that the comment at the end of a written line tells; NULL: none. */
static const char *kept_origin(const ds_config *c, int line, int *length)
{
    static const char mark[] = "  # ";
    if (line > c->own->line_count) return NULL;
    const char *from = c->own->lines[line - 1], *stop = from + strcspn(from, "\r\n"), *found = NULL;
    for (const char *p = from; (p = strstr(p, mark)) && p < stop; p += sizeof mark - 1) found = p + sizeof mark - 1;
    *length = found ? (int)(stop - found) : 0;
    return found;
}

static void write_origin(writer *w, place at)
{
    int length;
    const char *kept = w->again && at.setting < 0 && at.line > 0 ? kept_origin(w->config, at.line, &length) : NULL;
    if (kept)
        ds_text_add(&w->text, "  # %.*s\n", length, kept);
    else if (at.setting >= 0)
        ds_text_add(&w->text, "  # command line\n");
    else if (at.line > 0)
        ds_text_add(&w->text, "  # %s:%d\n", w->config->file, at.line);
    else
        ds_text_add(&w->text, "  # default\n");
}

static void write_children(writer *w, const node *n, int indent);

/* The value after "key:" or "-", and the end of its line. */
static void write_value(writer *w, const node *n, int indent)
{
    if (n->kind == NODE_SCALAR) {
        ds_text_add(&w->text, " ");
        if (n->raw)
            ds_text_add(&w->text, "%s", n->text);
        else
            write_text(&w->text, n->text);
        write_origin(w, n->at);
    } else if (!n->child) {
        ds_text_add(&w->text, n->kind == NODE_MAP ? " {}" : " []");
        write_origin(w, n->at);
    } else {
        ds_text_add(&w->text, "\n");
        write_children(w, n, indent + 2);
    }
}

static void write_entry(writer *w, const node *n, int indent)
{
    write_text(&w->text, n->key);
    ds_text_add(&w->text, ":");
    write_value(w, n, indent);
}

/* Entries of a list that are maps begin on the line of their dash. */
static void write_children(writer *w, const node *n, int indent)
{
    for (const node *k = n->child; k; k = k->next) {
        ds_text_repeat(&w->text, ' ', indent);
        if (n->kind == NODE_MAP) {
            write_entry(w, k, indent);
        } else if (k->kind == NODE_MAP && k->child) {
            ds_text_add(&w->text, "- ");
            for (const node *q = k->child; q; q = q->next) {
                if (q != k->child) ds_text_repeat(&w->text, ' ', indent + 2);
                write_entry(w, q, indent + 2);
            }
        } else {
            ds_text_add(&w->text, "-");
            write_value(w, k, indent);
        }
    }
}

static char *write_all(const ds_config *c, bool again)
{
    writer w = { .config = c, .again = again };
    write_children(&w, c->own->resolved, 0);
    return ds_text_take(&w.text);
}

char *ds_config_write(const ds_config *c) { return write_all(c, false); }
char *ds_config_rewrite(const ds_config *c) { return write_all(c, true); }

/* FNV-1a, 64 bits. */
static uint64_t hash_text(uint64_t h, const char *text)
{
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return (h ^ 0x0a) * 0x100000001b3u;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15u;
    return x ^ (x >> 29);
}

/* A map is the sum of its keys' hashes, so their order does not count; in a list it does. */
static uint64_t hash_node(const node *n)
{
    uint64_t h = hash_text(0xcbf29ce484222325u + (uint64_t)n->kind, n->kind == NODE_SCALAR ? n->text : "");
    for (const node *k = n->child; k; k = k->next) {
        if (n->kind == NODE_MAP)
            h += mix(hash_text(hash_node(k), k->key));
        else
            h = mix(h + hash_node(k));
    }
    return mix(h);
}

uint64_t ds_config_hash(const ds_config *c) { return hash_node(c->own->resolved); }

const char *ds_config_value(const ds_config *c, const char *key)
{
    const node *n = c->own->resolved;
    while (*key && n) {
        size_t length = strcspn(key, ".");
        const node *k = n->child;
        if (n->kind == NODE_LIST) {
            char *end;
            long index = strtol(key, &end, 10);
            if (end != key + length || index < 0) return NULL;
            for (; k && index > 0; index--) k = k->next;
        } else {
            while (k && (strncmp(k->key, key, length) || k->key[length])) k = k->next;
        }
        n = k;
        key += length + (key[length] == '.');
    }
    return n && n->kind == NODE_SCALAR ? n->text : NULL;
}
