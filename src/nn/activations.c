/* activations.c - y = act(x), elementwise; the functions are graph ops (src/op).   Goodfellow sec. 6.3 */
#include "nn/nn.h"

#define END                                                                                                            \
    {                                                                                                                  \
        NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL                                                                 \
    }

/* An activation without options: its build calls the op of the same name. */
#define PLAIN(id, op, text, summary, formula, cite, elsewhere, is_rectifier)                                           \
    static ds_val build_##id(ds_graph *g, const ds_optval *o, ds_val x)                                                \
    {                                                                                                                  \
        (void)o;                                                                                                       \
        return op(g, x);                                                                                               \
    }                                                                                                                  \
    const ds_activation_def ds_activation_##id = { .head = { text, summary, formula, cite, NULL, elsewhere },          \
                                                   .rectifier = is_rectifier,                                          \
                                                   .build = build_##id };

PLAIN(relu, ds_relu, "relu", "rectified linear unit", "max(0, x); derivative 0 at 0", "Goodfellow sec. 6.3.1",
      "PyTorch ReLU, Keras relu, Caffe ReLU", true)
PLAIN(gelu, ds_gelu, "gelu", "Gaussian error linear unit, erf form", "x (1 + erf(x / sqrt 2)) / 2",
      "Hendrycks, Gimpel 2016", "PyTorch GELU, Keras gelu, Caffe none", true)
PLAIN(gelu_tanh, ds_gelu_tanh, "gelu-tanh", "Gaussian error linear unit, tanh form",
      "x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2", "Hendrycks, Gimpel 2016",
      "PyTorch GELU(approximate=\"tanh\"), Keras gelu(approximate=True), Caffe none", true)
PLAIN(silu, ds_silu, "silu", "sigmoid linear unit", "x sigmoid(x)", "Hendrycks, Gimpel 2016; Ramachandran et al. 2017",
      "PyTorch SiLU, Keras silu, Caffe Swish", true)
PLAIN(tanh, ds_tanh, "tanh", "hyperbolic tangent", "tanh x", "Goodfellow sec. 6.3.2",
      "PyTorch Tanh, Keras tanh, Caffe TanH", false)
PLAIN(sigmoid, ds_sigmoid, "sigmoid", "logistic sigmoid", "1 / (1 + exp(-x))", "Goodfellow sec. 6.3.2",
      "PyTorch Sigmoid, Keras sigmoid, Caffe Sigmoid", false)
PLAIN(softplus, ds_softplus, "softplus", "smooth rectifier", "log(1 + exp(x))", "Goodfellow sec. 6.3.3",
      "PyTorch Softplus, Keras softplus, Caffe BNLL", false)

static const ds_option leaky_options[] = {
    { "slope", DS_OPT_REAL, 0, 1, "0.01", NULL, "negative_slope", "slope for x < 0", .why = "PyTorch's",
      .elsewhere = "PyTorch negative_slope, Keras negative_slope, Caffe negative_slope" },
    END
};
static ds_val build_leaky(ds_graph *g, const ds_optval *o, ds_val x) { return ds_leaky_relu(g, x, o[0].real); }
const ds_activation_def ds_activation_leaky_relu = {
    .head = { "leaky-relu", "rectifier with a small slope below 0", "max(0, x) + slope min(0, x)",
              "Goodfellow sec. 6.3.1", leaky_options,
              "PyTorch LeakyReLU, Keras LeakyReLU, Caffe ReLU(negative_slope)" },
    .rectifier = true,
    .build = build_leaky,
};

static const ds_option elu_options[] = {
    { "alpha", DS_OPT_REAL, 0, 100, "1", NULL, NULL, "minus the limit for x -> -infinity",
      .why = "the derivative is then continuous at 0", .cite = "Clevert et al. 2016",
      .elsewhere = "PyTorch alpha, Keras alpha, Caffe alpha" },
    END
};
static ds_val build_elu(ds_graph *g, const ds_optval *o, ds_val x) { return ds_elu(g, x, o[0].real); }
const ds_activation_def ds_activation_elu = {
    .head = { "elu", "exponential linear unit", "x for x > 0, else alpha (exp(x) - 1)", "Clevert et al. 2016",
              elu_options, "PyTorch ELU, Keras ELU, Caffe ELU" },
    .rectifier = true,
    .build = build_elu,
};
