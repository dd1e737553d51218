/* config_tables.c - keys of the fixed sections of a config. What a format, a rule or a schedule adds is in its own definition. */
#include "train/config_node.h"

static const ds_option data[] = {
    { .name = "format", .type = DS_OPT_TEXT, .def = "digits", .help = "source of the rows: digits, idx, cifar10, csv, npy" },
    { .name = "path", .type = DS_OPT_TEXT, .def = "", .help = "folder in the format's usual layout (csv: also a file)" },
    { .name = "train", .type = DS_OPT_OTHER, .def = "", .help = "list of training files instead of a path" },
    { .name = "test", .type = DS_OPT_OTHER, .def = "", .help = "list of test files" },
    { .name = "val", .type = DS_OPT_OTHER, .def = "", .help = "list of validation files" },
    { .name = "holdout", .type = DS_OPT_TEXT, .def = "", .help = "training rows that validate: 5000, 10%, stratified, stratified 20%, or a file" },
    { .name = "holdout_seed", .type = DS_OPT_INT, .lo = 0, .hi = 9007199254740992.0, .def = "", .help = "draw the rows by this seed instead of taking the last" },
    { .name = "scale", .type = DS_OPT_RANGE, .lo = -1e30, .hi = 1e30, .def = "", .help = "[lo, hi]: bytes 0..255 to lo..hi; other numbers from their column's range" },
    { .name = "standardize", .type = DS_OPT_BOOL, .def = "false", .help = "mean 0, deviation 1 per channel or column, of the training rows" },
    { .name = "augment", .type = DS_OPT_OTHER, .def = "", .help = "list of transforms of training rows: {flip: horizontal}, {crop: 32, pad: 4}" },
    { 0 },
};
static const ds_option model[] = {
    { .name = "loss", .type = DS_OPT_OTHER, .def = "", .help = "name of a loss, or {name: ..., option: ...}; default by the data" },
    { .name = "penalty", .type = DS_OPT_OTHER, .def = "", .help = "{l1: , l2: , all: }: coefficients of sums over the weights" },
    { .name = "layers", .type = DS_OPT_OTHER, .help = "list of layers, from input to output" },
    { 0 },
};
static const ds_option optimizer[] = {
    { .name = "name", .type = DS_OPT_TEXT, .help = "rule: sgd, momentum, adam, ..." },
    { .name = "dialect", .type = DS_OPT_CHOICE, .choices = "torch|book", .def = "torch", .help = "whose formula and defaults" },
    { 0 },
};
static const ds_option schedule[] = {
    { .name = "name", .type = DS_OPT_TEXT, .def = "constant", .help = "schedule of the rate" },
    { .name = "warmup", .type = DS_OPT_SPAN, .lo = 0, .hi = 1e12, .def = "", .help = "rate rises from 0 over this long: \"2 epochs\", \"100 steps\"" },
    { .name = "floor", .type = DS_OPT_REAL, .lo = 0, .hi = 1e30, .def = "0", .help = "least rate after the warm-up" },
    { 0 },
};
static const ds_option train[] = {
    { .name = "epochs", .type = DS_OPT_INT, .lo = 0, .hi = 1e9, .def = "", .help = "passes over the training rows; 0 writes the initial weights" },
    { .name = "steps", .type = DS_OPT_INT, .lo = 0, .hi = 1e15, .def = "", .help = "updates; the smaller of epochs and steps ends the run" },
    { .name = "seconds", .type = DS_OPT_REAL, .lo = 0, .hi = 1e12, .def = "", .help = "time budget" },
    { .name = "batch", .type = DS_OPT_OTHER, .def = "128", .help = "rows of a minibatch, or all" },
    { .name = "seed", .type = DS_OPT_INT, .lo = 0, .hi = 9007199254740992.0, .def = "0", .help = "of initial weights, order, dropout, augmentation" },
    { .name = "dtype", .type = DS_OPT_CHOICE, .choices = "f32|f64", .def = "f32", .help = "element type of everything" },
    { .name = "order", .type = DS_OPT_TEXT, .def = "shuffle", .help = "order of the rows: shuffle, sequential, replacement" },
    { 0 },
};

const config_section ds_config_sections[] = {
    { "data", "rows to train, validate and test on", data, "source", "format" },
    { "model", "layers, loss, penalties", model, NULL, NULL },
    { "optimizer", "the update rule", optimizer, "rule", "name" },
    { "schedule", "how the rate changes", schedule, "schedule", "name" },
    { "train", "budget, batch, seed", train, NULL, NULL },
};
const int ds_config_section_count = (int)(sizeof ds_config_sections / sizeof ds_config_sections[0]);
