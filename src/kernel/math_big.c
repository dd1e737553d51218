/* math_big.c - see math_big.h. Reduction: Payne and Hanek 1983, multiplying by the bits of 2/pi that matter. Power:
 * logarithm in two doubles (Dekker's sums and products by fma), so that b ln a keeps its last bits. */
#include "kernel/math_big.h"

#include <math.h>
#include <string.h>

static const uint32_t two_over_pi[] = { 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u,
                                        0xfe5163abu, 0xdebbc561u, 0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu,
                                        0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u, 0xe99c7026u, 0xb45f7e41u,
                                        0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu,
                                        0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du,
                                        0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u, 0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u,
                                        0x56033046u, 0xfc7b6babu, 0xf0cfbc20u, 0x9af4361du };

static uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}
static double from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

int ds_reduce_pi(double x, double *r)
{
    uint64_t u = bits_of(x);
    int e = (int)(u >> 52 & 0x7ff) - 1075; /* |x| = m 2^e */
    if (e >= 2046 - 1075 + 1) {
        *r = NAN;
        return 0;
    }
    uint64_t m = (u & 0xfffffffffffffu) | 1ull << 52;
    int first = e >= 34 ? (e - 2) / 32 : 0;
    uint64_t product[4] = { 0 }; /* m times six words of 2/pi, least limb first */
    unsigned __int128 carry = 0;
    for (int limb = 0; limb < 3; limb++) {
        uint64_t w = (uint64_t)two_over_pi[first + 4 - 2 * limb] << 32 | two_over_pi[first + 5 - 2 * limb];
        carry += (unsigned __int128)m * w;
        product[limb] = (uint64_t)carry;
        carry >>= 64;
    }
    product[3] = (uint64_t)carry;
    int shift = 32 * (first + 6) - e; /* bits behind the point */
    int up = 256 - shift;             /* move the point to the top: what leaves is the integer part */
    int n = 0;
    for (int k = 0; k < up; k++) {
        n = (n << 1 | (int)(product[3] >> 63)) & 3;
        for (int limb = 3; limb > 0; limb--) product[limb] = product[limb] << 1 | product[limb - 1] >> 63;
        product[0] <<= 1;
    }
    int minus = (int)(product[3] >> 63);
    if (minus) {
        n = (n + 1) & 3;
        carry = 1;
        for (int limb = 0; limb < 4; limb++) {
            carry += (unsigned __int128)~product[limb];
            product[limb] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    double hi = (double)(product[3] >> 11) * 0x1p-53;
    double mid = (double)((product[3] & 0x7ff) << 42 | product[2] >> 22) * 0x1p-106;
    double low = (double)((product[2] & 0x3fffff) << 31 | product[1] >> 33) * 0x1p-159;
    double f = hi + mid, g = (mid - (f - hi)) + low;
    double sum = f + g, left = g - (sum - f);
    *r = fma(sum, 1.5707963267948966, fma(sum, 6.123233995736766e-17, left * 1.5707963267948966));
    if (minus) *r = -*r;
    if (u >> 63) {
        *r = -*r;
        n = (4 - n) & 3;
    }
    return n;
}

/* ln a in two doubles, a positive and finite. */
static double log_two(double a, double *lo)
{
    int e = 0;
    if (a < 0x1p-1022) {
        a *= 0x1p54;
        e = -54;
    }
    uint64_t u = bits_of(a), up = u + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    int k = (int)(up >> 52) - 1023;
    double m = from_bits(u - ((uint64_t)(int64_t)k << 52)), f = m - 1, d = 2 + f, d_lo = f - (d - 2);
    double s = f / d, s_lo = (fma(-s, d, f) - s * d_lo) / d; /* s + s_lo = f / (2 + f) */
    double z = s * s, z_lo = fma(s, s, -z) + 2 * s * s_lo;
    /* ln m = 2 s (1 + z/3 + z^2/5 + ...): the terms from z^2 on fit one double, z/3 needs two */
    double q = 1.0 / 23;
    for (int j = 21; j >= 5; j -= 2) q = fma(q, z, 1.0 / j);
    double t = z * (1.0 / 3),
           t_lo = fma(z, 1.0 / 3, -t) + z_lo * (1.0 / 3) + z * 1.8503717077085943e-17; /* 1/3 less its double */
    double p = q * z * z, sum = t + p, sum_lo = (t - sum) + p + t_lo;
    double y = 2 * s, y_lo = 2 * s_lo;
    double w = y * sum, w_lo = fma(y, sum, -w) + y * sum_lo + y_lo * sum;
    double hi = y + w, err = (y - hi) + w + w_lo + y_lo;
    double big = (double)(k + e) * 6.93147180369123816490e-01, big_lo = (double)(k + e) * 1.90821492927058770002e-10;
    double total = big + hi, rest = fabs(big) > fabs(hi) ? (big - total) + hi : (hi - total) + big;
    rest += err + big_lo;
    double out = total + rest;
    *lo = (total - out) + rest;
    return out;
}

static double exp_two(double x, double lo)
{
    if (x > 710) return INFINITY;
    if (x < -746) return 0;
    double n = rint(x * 1.4426950408889634);
    double r = fma(-n, 6.93147180369123816490e-01, x);
    r = fma(-n, 1.90821492927058770002e-10, r) + lo;
    static const double c[] = { 2.5105217004720745e-8,  2.7557273643110295e-7,
                                2.7557255400206424e-6,  2.4801587325547741e-5,
                                0.00019841269874820625, 0.0013888888888883748,
                                0.0083333333333261351,  0.04166666666666667,
                                0.16666666666666671,    0.5 };
    double q = 2.0914686968086877e-9;
    for (int k = 0; k < 10; k++) q = fma(q, r, c[k]);
    double y = 1 + fma(r * r, q, r);
    int i = (int)n, half = i >> 1;
    return y * from_bits((uint64_t)(half + 1023) << 52) * from_bits((uint64_t)(i - half + 1023) << 52);
}

double ds_power(double a, double b)
{
    if (b == 0 || a == 1) return 1;
    if (a != a || b != b) return NAN;
    int whole = rint(b) == b, odd = whole && fabs(b) < 0x1p53 && rint(b * 0.5) != b * 0.5;
    double size = fabs(a), sign = a < 0 || (a == 0 && bits_of(a) >> 63) ? (odd ? -1.0 : 1.0) : 1.0;
    if (fabs(b) == INFINITY) return size == 1 ? 1 : (size > 1) == (b > 0) ? INFINITY : 0;
    if (size == 0) return b > 0 ? sign * 0 : sign * INFINITY;
    if (size == INFINITY) return b > 0 ? sign * INFINITY : sign * 0;
    if (a < 0 && !whole) return NAN;
    double lo, l = log_two(size, &lo);
    double x = b * l, x_lo = fma(b, l, -x) + b * lo;
    if (!(fabs(x) < 1e4)) return x > 0 ? sign * INFINITY : sign * 0;
    return sign * exp_two(x, x_lo);
}

double ds_logarithm(double a)
{
    double lo;
    return log_two(a, &lo);
}
