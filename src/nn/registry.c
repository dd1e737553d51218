/* registry.c - layers, activations, norms and initializers by name. */
#include "nn/nn.h"

#define NONE(name)

#define DS_LAYER(name)       extern const ds_layer_def ds_layer_##name;
#define DS_ACTIVATION(name)  extern const ds_activation_def ds_activation_##name;
#define DS_NORM(name)        extern const ds_norm_def ds_norm_##name;
#define DS_INITIALIZER(name) extern const ds_initializer_def ds_initializer_##name;
#include "nn/registry.def"
#undef DS_LAYER
#undef DS_ACTIVATION
#undef DS_NORM
#undef DS_INITIALIZER

#define HEAD(kind, name) &ds_##kind##_##name.head,

#define DS_LAYER(name) HEAD(layer, name)
#define DS_ACTIVATION  NONE
#define DS_NORM        NONE
#define DS_INITIALIZER NONE
static const ds_head *const layers[] = {
#include "nn/registry.def"
};
#undef DS_LAYER
#undef DS_ACTIVATION

#define DS_LAYER            NONE
#define DS_ACTIVATION(name) HEAD(activation, name)
static const ds_head *const activations[] = {
#include "nn/registry.def"
};
#undef DS_ACTIVATION
#undef DS_NORM

#define DS_ACTIVATION NONE
#define DS_NORM(name) HEAD(norm, name)
static const ds_head *const norms[] = {
#include "nn/registry.def"
};
#undef DS_NORM
#undef DS_INITIALIZER

#define DS_NORM              NONE
#define DS_INITIALIZER(name) HEAD(initializer, name)
static const ds_head *const initializers[] = {
#include "nn/registry.def"
};

#define COUNT(table) ((int)(sizeof table / sizeof table[0]))
const ds_registry ds_layer_registry = { "layer", "layers of a network (model.layers)", layers, COUNT(layers) };
const ds_registry ds_activation_registry = { "activation", "activations (act)", activations, COUNT(activations) };
const ds_registry ds_norm_registry = { "norm", "normalizations (norm)", norms, COUNT(norms) };
const ds_registry ds_initializer_registry = { "initializer", "initial weights (init)", initializers,
                                              COUNT(initializers) };
