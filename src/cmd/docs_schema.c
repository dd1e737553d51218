/* docs_schema.c - the JSON Schema (draft 2020-12) of a config, for editors: keys, values, ranges, descriptions, which
 * keys a chosen rule, format or schedule knows. Numbers may also be texts: YAML 1.1 reads 1e-4 as one. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "descent/model.h"
#include "docs.h"

static void add_table(json_t *properties, const ds_option *o);
static json_t *closed(json_t *properties);

static json_t *reference(const char *kind, bool list)
{
    return json_pack("{s:s+++}", "$ref", "#/$defs/", kind, list ? "-list" : "", "");
}

/* Names apart by bars; true and false also as YAML reads them. */
static json_t *enumeration(const char *words)
{
    json_t *all = json_array();
    for (const char *p = words; *p;) {
        size_t length = strcspn(p, "|");
        json_array_append_new(all, json_stringn(p, length));
        if (length == 4 && !strncmp(p, "true", 4)) json_array_append_new(all, json_true());
        if (length == 5 && !strncmp(p, "false", 5)) json_array_append_new(all, json_false());
        p += length + (p[length] == '|');
    }
    return json_pack("{s:o}", "enum", all);
}

static json_t *names_of(const ds_registry *r)
{
    json_t *all = json_array();
    for (int k = 0; k < r->count; k++) json_array_append_new(all, json_string(r->heads[k]->name));
    return json_pack("{s:o}", "enum", all);
}

static json_t *number(const ds_option *o)
{
    bool whole = o->type == DS_OPT_INT || (o->type == DS_OPT_OTHER && strstr(o->choices, "whole"));
    json_t *n = json_pack("{s:s}", "type", whole ? "integer" : "number");
    bool bounded = o->lo != 0 || o->hi != 0;
    if (bounded && o->lo > -9e15)
        json_object_set_new(n, "minimum", whole ? json_integer((json_int_t)o->lo) : json_real(o->lo));
    if (bounded && o->hi < 9e15)
        json_object_set_new(n, "maximum", whole ? json_integer((json_int_t)o->hi) : json_real(o->hi));
    if (whole) return n;
    return json_pack("{s:[o,{s:s,s:s}]}", "anyOf", n, "type", "string", "pattern",
                     "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$");
}

/* A map of keys; where it chooses a definition, the options of all that it may choose. */
static json_t *of_map(const ds_option *o)
{
    const ds_registry *r = o->kind ? ds_registry_named(o->kind) : NULL;
    json_t *properties = json_object();
    add_table(properties, o->map);
    for (int k = 0; r && k < r->count; k++) add_table(properties, r->heads[k]->options);
    json_t *map = closed(properties);
    return o->list ? json_pack("{s:s,s:i,s:o}", "type", "array", "minItems", 1, "items", map) : map;
}

/* Whether definitions have parts of their own kind, in a list; then a schema is one that refers to itself. */
static bool nests(const ds_option *o, const ds_registry *r)
{
    for (int k = 0; o->list && o->map && r && k < r->count; k++)
        for (const ds_option *p = r->heads[k]->options; p && p->type != DS_OPT_END; p++)
            if (p == o) return true;
    return false;
}

static json_t *of_other(const ds_option *o)
{
    const ds_registry *r = o->kind ? ds_registry_named(o->kind) : NULL;
    if (o->map && !nests(o, r)) return of_map(o);
    if (r) return reference(o->kind, o->list);
    if (o->words && strstr(o->choices, "number"))
        return json_pack("{s:[o,o]}", "anyOf", enumeration(o->words), number(o));
    if (o->words) return enumeration(o->words);
    return json_pack("{s:[s,s,s,s]}", "type", "string", "number", "boolean", "array");
}

/* What a value may be. */
static json_t *of_type(const ds_option *o)
{
    const ds_registry *r = o->kind ? ds_registry_named(o->kind) : NULL;
    switch (o->type) {
    case DS_OPT_REAL:
    case DS_OPT_INT: return number(o);
    case DS_OPT_BOOL: return json_pack("{s:s}", "type", "boolean");
    case DS_OPT_CHOICE: return enumeration(o->choices);
    case DS_OPT_SPAN: return json_pack("{s:s,s:s}", "type", "string", "pattern", "^[0-9.]+([eE][-+]?[0-9]+)? *[a-z]+$");
    case DS_OPT_RANGE:
        return json_pack("{s:s,s:i,s:i,s:{s:[s,s]}}", "type", "array", "minItems", 2, "maxItems", 2, "items", "type",
                         "number", "string");
    case DS_OPT_OTHER: return of_other(o);
    default: return r ? names_of(r) : json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
    }
}

static json_t *of_option(const ds_option *o)
{
    json_t *schema = of_type(o);
    if (o->help) json_object_set_new(schema, "description", json_string(o->help));
    if (o->def && *o->def) json_object_set_new(schema, "default", json_string(o->def));
    return schema;
}

/* A key may stand in several definitions with different types: any of them. */
static void add(json_t *properties, const char *name, json_t *schema)
{
    json_t *old = json_object_get(properties, name);
    if (!old) {
        json_object_set_new(properties, name, schema);
        return;
    }
    json_t *a = json_deep_copy(old), *b = json_deep_copy(schema);
    for (int k = 0; k < 2; k++) {
        json_object_del(a, k ? "default" : "description");
        json_object_del(b, k ? "default" : "description");
    }
    if (json_equal(a, b) || json_object_get(old, "anyOf"))
        json_decref(schema);
    else
        json_object_set_new(properties, name, json_pack("{s:[O,o]}", "anyOf", old, schema));
    json_decref(a);
    json_decref(b);
}

/* Options and their aliases. */
static void add_table(json_t *properties, const ds_option *o)
{
    for (; o && o->type != DS_OPT_END; o++) {
        add(properties, o->name, of_option(o));
        for (const char *p = o->aliases; p && *p;) {
            char alias[64];
            int length = (int)strcspn(p, ",");
            snprintf(alias, sizeof alias, "%.*s", length, p);
            add(properties, alias, of_option(o));
            p += length + (p[length] == ',');
        }
    }
}

static json_t *closed(json_t *properties)
{
    return json_pack("{s:s,s:o,s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
}

static json_t *property_names(const ds_option *a, const ds_option *b)
{
    json_t *both = json_object(), *names = json_array();
    const char *name;
    json_t *unused;
    add_table(both, a);
    add_table(both, b);
    json_object_foreach(both, name, unused) json_array_append_new(names, json_string(name));
    json_decref(both);
    return json_pack("{s:{s:o}}", "propertyNames", "enum", names);
}

static json_t *required(const ds_option *table)
{
    json_t *names = json_array();
    for (; table && table->type != DS_OPT_END; table++)
        if (!table->def) json_array_append_new(names, json_string(table->name));
    return names;
}

/* The options of every definition of the section's kind, and for each of them which keys may stand. */
static json_t *of_section(const ds_section *s)
{
    json_t *properties = json_object(), *rules = json_array();
    const ds_registry *r = s->kind ? ds_registry_named(s->kind) : NULL;
    add_table(properties, s->options);
    for (int k = 0; r && k < r->count; k++) {
        add_table(properties, r->heads[k]->options);
        json_array_append_new(rules, json_pack("{s:{s:{s:{s:s}},s:[s]},s:o}", "if", "properties", s->selector, "const",
                                               r->heads[k]->name, "required", s->selector, "then",
                                               property_names(s->options, r->heads[k]->options)));
    }
    json_t *schema = closed(properties), *wanted = required(s->options);
    json_object_set_new(schema, "description", json_string(s->summary));
    if (json_array_size(wanted)) json_object_set(schema, "required", wanted);
    json_decref(wanted);
    if (json_array_size(rules)) json_object_set(schema, "allOf", rules);
    json_decref(rules);
    return schema;
}

/* A name, or a map with the name and its options. */
static json_t *of_part(const ds_registry *r)
{
    json_t *properties = json_object();
    for (int k = 0; k < r->count; k++) add_table(properties, r->heads[k]->options);
    add(properties, "name", names_of(r));
    add(properties, "kind", names_of(r));
    json_t *map = closed(properties);
    json_object_set_new(map, "anyOf", json_pack("[{s:[s]},{s:[s]}]", "required", "name", "required", "kind"));
    return json_pack("{s:[o,o]}", "anyOf", names_of(r), map);
}

/* An entry of a list: the first option of one definition, and more of its own or of those that all share. */
static json_t *of_entry(const ds_registry *r)
{
    json_t *properties = json_object(), *first = json_array();
    for (int k = 0; k < r->count; k++) {
        add_table(properties, r->heads[k]->options);
        if (r->heads[k]->options)
            json_array_append_new(first, json_pack("{s:[s]}", "required", r->heads[k]->options[0].name));
    }
    if (!strcmp(r->kind, "layer")) add_table(properties, ds_layer_common());
    json_t *entry = closed(properties);
    json_object_set_new(entry, "anyOf", first);
    return entry;
}

/* A list of maps with the keys of all options that list such parts, and the options of every definition. */
static json_t *of_parts(const ds_registry *r)
{
    json_t *properties = json_object();
    for (int k = 0; k < r->count; k++)
        for (const ds_option *o = r->heads[k]->options; o && o->type != DS_OPT_END; o++)
            if (nests(o, r)) add_table(properties, o->map);
    for (int k = 0; k < r->count; k++) add_table(properties, r->heads[k]->options);
    return json_pack("{s:s,s:i,s:o}", "type", "array", "minItems", 1, "items", closed(properties));
}

static bool has_parts(const ds_registry *r)
{
    for (int k = 0; k < r->count; k++)
        for (const ds_option *o = r->heads[k]->options; o && o->type != DS_OPT_END; o++)
            if (nests(o, r)) return true;
    return false;
}

static bool listed(const ds_docs_keys *keys, const char *kind)
{
    for (int k = 0; k < keys->count; k++)
        if (keys->list[k].option->list && !keys->list[k].option->map && !strcmp(keys->list[k].option->kind, kind))
            return true;
    return false;
}

/* What references lead to: of kinds that are listed an entry or a list of them, or a list of parts, of others a part. */
static json_t *definitions(void)
{
    int n;
    char name[64];
    json_t *all = json_object();
    const ds_registry *const *r = ds_registries(&n);
    ds_docs_keys *keys = ds_docs_keys_create();
    for (int k = 0; keys && k < n; k++) {
        snprintf(name, sizeof name, "%s-list", r[k]->kind);
        if (has_parts(r[k]))
            json_object_set_new(all, name, of_parts(r[k]));
        else if (listed(keys, r[k]->kind))
            json_object_set_new(all, name,
                                json_pack("{s:[{s:s,s:i,s:o},o]}", "anyOf", "type", "array", "minItems", 1, "items",
                                          of_entry(r[k]), of_entry(r[k])));
        else
            json_object_set_new(all, r[k]->kind, of_part(r[k]));
    }
    free(keys);
    return all;
}

bool ds_docs_schema(FILE *f)
{
    int n;
    const ds_section *section = ds_sections(&n);
    json_t *properties = json_object();
    for (int k = 0; k < n; k++) json_object_set_new(properties, section[k].name, of_section(&section[k]));
    json_t *root = closed(properties);
    json_object_set_new(root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    json_object_set_new(root, "title", json_string("config of descent " DS_VERSION));
    json_object_set_new(root, "required", json_pack("[s,s,s]", "model", "optimizer", "train"));
    json_object_set_new(root, "$defs", definitions());
    bool good = root && json_dumpf(root, f, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0;
    fputc('\n', f);
    json_decref(root);
    return good && !ferror(f);
}
