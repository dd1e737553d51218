/* he.c - variance 2 / ((1 + a^2) m): keeps the second moment through layers of rectifiers, which drop half of it.
 * m is the inputs of a unit (fan-in) or its outputs (fan-out), a the slope below zero.
 * He et al. 2015, eq. 10, 14, 15 */
#include <math.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "distribution", DS_OPT_CHOICE, 0, 0, "normal", "normal|uniform", NULL, "shape of the distribution",
      .why = "the paper's", .cite = "He et al. 2015",
      .elsewhere = "PyTorch kaiming_normal_, kaiming_uniform_; Keras HeNormal, HeUniform; Caffe msra" },
    { "mode", DS_OPT_CHOICE, 0, 0, "fan-in", "fan-in|fan-out", NULL,
      "what m is: fan-in keeps activations, fan-out gradients", .why = "the paper's: the forward pass keeps its size",
      .cite = "He et al. 2015, 2.2", .elsewhere = "PyTorch mode, Caffe variance_norm" },
    { "a", DS_OPT_REAL, 0, 1, "0", NULL, NULL, "slope of the rectifier below zero", .why = "relu",
      .cite = "He et al. 2015, eq. 15", .elsewhere = "PyTorch a" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

enum { DISTRIBUTION, MODE, SLOPE };

static ds_status fill(const ds_init_ask *ask, double *w)
{
    double a = ask->option[SLOPE].real;
    double m = (double)(ask->option[MODE].integer ? ask->segment->fan_out : ask->segment->fan_in);
    ds_init_fill_scaled(ask, ask->option[DISTRIBUTION].integer == 0, sqrt(2 / ((1 + a * a) * m)), w);
    return DS_OK;
}

const ds_initializer_def ds_initializer_he = {
    .head = { "he", "variance for rectifiers", "var w = 2 / ((1 + a^2) m)", "He et al. 2015, eq. 10, 14, 15", options,
              "PyTorch init.kaiming_normal_, kaiming_uniform_; Keras HeNormal, HeUniform; Caffe msra" },
    .fill = fill,
};
