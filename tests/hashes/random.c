/* random.c - draws: the Philox block, uniforms, normals. */
#include "hashes.h"

#include "descent/random.h"

enum { N = 1001 };

void hash_random(void)
{
    uint32_t word[4 * N];
    float single[N];
    double uniform[N];
    for (uint32_t i = 0; i < N; i++) {
        ds_draw4 d = ds_draw(UINT64_C(0x123456789abcdef) + i % 3, DS_FOR_TEST, i, 7 * i, UINT64_C(0x100000000) * i + 5);
        for (uint32_t k = 0; k < 4; k++) word[4 * i + k] = d.u[k];
        single[i] = ds_uniform_f32(d.u[0]);
        uniform[i] = ds_uniform_f64(d.u[1], d.u[2]);
    }
    hash_bytes("draw", word, sizeof word);
    hash_row("uniform.f32", DS_F32, single, N);
    hash_row("uniform.f64", DS_F64, uniform, N);
}
