/* descent/model.h - a network as a list of layers, written as text or filled in from a config.
 *
 *   ds_model_add(m, "conv 32 kernel=3 pad=same norm=batch act=relu");
 *   ds_model_add(m, "pool max size=2");
 *   ds_model_add(m, "residual shortcut=identity act=relu repeat=3");   the block's layers follow, up to
 *   ds_model_add(m, "end");
 *   ds_model_add(m, "flatten");
 *   ds_model_add(m, "dense classes init=normal(std=1e-4)");
 *
 * The first word names a layer of the registry "layer"; the value after it is the option of that same name. Every other
 * word is key=value: an option of the layer or a common key (ds_layer_common): act, norm, init, bias, repeat, name.
 * A value that names a definition may give its options in parentheses: act=leaky-relu(slope=0.1).
 *
 * Ownership  a model owns its layers and all their text. Errors  DS_ECONFIG or DS_EUNKNOWN, with the nearest name. */
#ifndef DESCENT_MODEL_H
#define DESCENT_MODEL_H

#include "descent/option.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DS_MAX_PART_OPTIONS 12

/* A definition and the values of its options, in the order of its table. head NULL: absent, the default counts. */
typedef struct ds_part {
    const ds_head *head;
    ds_optval value[DS_MAX_PART_OPTIONS];
} ds_part;

/* Bias of a dense or conv layer. AUTO: zeros, or none where the entry has a norm. */
typedef enum ds_bias_kind { DS_BIAS_AUTO, DS_BIAS_NONE, DS_BIAS_CONSTANT, DS_BIAS_MARGINALS } ds_bias_kind;

typedef struct ds_layer_spec {
    const char *name; /* NULL: the position counts */
    const char *key;  /* its place in a config: "model.layers.2", "model.layers.1.residual.0" */
    ds_part kind;     /* of registry "layer" */
    ds_part act;      /* of registry "activation" */
    ds_part norm;     /* of registry "norm" */
    ds_part init;     /* of registry "initializer" */
    ds_bias_kind bias;
    double bias_value;                  /* CONSTANT */
    int64_t repeat;                     /* at least 1 */
    struct ds_layer_spec *child, *next; /* first inner layer (residual); the layer after this one */
} ds_layer_spec;

typedef struct ds_model ds_model;

DS_API ds_status ds_model_create(ds_model **out, ds_ctx *ctx);
DS_API void ds_model_free(ds_model *m);
/* Append the layer written in text. */
DS_API ds_status ds_model_add(ds_model *m, const char *text);
DS_API const ds_layer_spec *ds_model_layers(const ds_model *m); /* the first; NULL when there is none */

/* The same piece by piece, for readers of other notations. key is a layer's name; value that of its first option, NULL
 * where it has none to give (residual, flatten). parent NULL: into the model itself, else into that residual block. */
DS_API ds_status ds_model_layer(ds_model *m, ds_layer_spec *parent, const char *key, const char *value,
                                ds_layer_spec **out);
/* Set an option or a common key of a layer from text. */
DS_API ds_status ds_model_set(ds_model *m, ds_layer_spec *layer, const char *key, const char *value);
/* Parse "name" or "name(key=value, ...)" by a registry's tables; text it keeps belongs to m. */
DS_API ds_status ds_model_part(ds_model *m, const char *kind, const char *text, ds_part *out);
/* Table of the keys that every entry knows: name, act, norm, init, bias, repeat. */
DS_API const ds_option *ds_layer_common(void);

#ifdef __cplusplus
}
#endif
#endif
