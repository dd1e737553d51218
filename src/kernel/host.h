/* host.h - our functions of single doubles for code outside the kernels; powers are in math_big.h. */
#ifndef DS_KERNEL_HOST_H
#define DS_KERNEL_HOST_H

double ds_host_cos(double x);
double ds_host_log(double x);
double ds_host_exp(double x);

#endif
