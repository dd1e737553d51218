/* products.h - OpenBLAS and oneDNN called for the same products as ours: row-major f32, channels last. Peers of the
 * benchmark alone; what was not found at configuration is absent and says so. */
#ifndef DS_BENCH_PEERS_PRODUCTS_H
#define DS_BENCH_PEERS_PRODUCTS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum kind { MATMUL, CONV, CONV_INPUT, CONV_WEIGHT, KINDS } kind;

typedef struct product {
    kind kind;
    int64_t m, n, k; /* matmul */
    bool ta, tb;
    int64_t images, side, c, o, taps, stride, pad; /* conv's own x [images, side, side, c], w [taps, taps, c, o] */
} product;

static inline int64_t out_side(const product *p) { return (p->side + 2 * p->pad - p->taps) / p->stride + 1; }

enum { OPENBLAS, ONEDNN, PEERS };
extern const char *const peer_names[PEERS];

/* A prepared product of one peer; NULL when the peer is absent or has no such operation. a, b, y as ours; the weights
 * of a convolution go to oneDNN in the layout it likes best, and putting them there is not timed: a favour to it. */
typedef struct peer_call peer_call;
peer_call *peer_prepare(int peer, const product *p, const float *a, const float *b, float *y, int threads);
void peer_run(const peer_call *call);
/* y in our layout; after a run. */
void peer_finish(const peer_call *call);
void peer_free(peer_call *call);

#endif
