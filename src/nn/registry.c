/* registry.c - layers, activations, norms and initializers by name. */
#include "base/registry.h"
#include "nn/nn.h"

#define DS_LAYER(name)       DS_DECLARE(layer, name)
#define DS_ACTIVATION(name)  DS_DECLARE(activation, name)
#define DS_NORM(name)        DS_DECLARE(norm, name)
#define DS_INITIALIZER(name) DS_DECLARE(initializer, name)
#include "nn/registry.def"

#define DS_LAYER(name) DS_HEAD_OF(layer, name)
static const ds_head *const layers[] = {
#include "nn/registry.def"
};
const ds_registry ds_layer_registry = DS_REGISTRY("layer", "layers of a network (model.layers)", layers);

#define DS_ACTIVATION(name) DS_HEAD_OF(activation, name)
static const ds_head *const activations[] = {
#include "nn/registry.def"
};
const ds_registry ds_activation_registry = DS_REGISTRY("activation", "activations (act)", activations);

#define DS_NORM(name) DS_HEAD_OF(norm, name)
static const ds_head *const norms[] = {
#include "nn/registry.def"
};
const ds_registry ds_norm_registry = DS_REGISTRY("norm", "normalizations (norm)", norms);

#define DS_INITIALIZER(name) DS_HEAD_OF(initializer, name)
static const ds_head *const initializers[] = {
#include "nn/registry.def"
};
const ds_registry ds_initializer_registry = DS_REGISTRY("initializer", "initial weights (init)", initializers);
