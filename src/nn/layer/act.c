/* act.c - an activation as an entry of its own. The entry's activation is all there is. */
#include "nn/nn.h"

static const ds_option options[] = {
    { "act", DS_OPT_OTHER, 0, 0, NULL, "an activation", NULL, "which activation", .kind = "activation",
      .cite = "Goodfellow et al. 6.3",
      .elsewhere = "PyTorch nn.ReLU and others, Keras Activation, Caffe ReLU and others" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status read(ds_model *m, ds_layer_spec *s, int option, const char *text)
{
    (void)option;
    return ds_model_part(m, "activation", text, &s->act);
}

const ds_layer_def ds_layer_act = {
    .head = { "act", "activation", NULL, "Goodfellow sec. 6.3", options,
              "PyTorch ReLU, Tanh and others; Keras Activation; Caffe ReLU, TanH and others" },
    .read = read,
};
