/* fann_tiny.c - FANN's half of the benchmark: the tiny net 10-32-32-10 (tanh), batch 32 or single examples.
 *
 * usage: fann_tiny BATCH      stdin: one number of steps a line; stdout: "ready", then per line "MEDIAN_MS MIN_MS".
 * FANN has no softmax and no momentum in its batch algorithm, so it does less work than ours. Batches go through
 * fann_train_epoch with the batch algorithm, single examples through fann_train with momentum. */
#include <fann.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { INPUTS = 10, OUTPUTS = 10, MOST = 100000 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    unsigned batch = argc > 1 ? (unsigned)atoi(argv[1]) : 32;
    struct fann *net = fann_create_standard(4, INPUTS, 32, 32, OUTPUTS);
    struct fann_train_data *data = fann_create_train(batch, INPUTS, OUTPUTS);
    static double times[MOST];
    if (!net || !data) return 1;
    fann_set_activation_function_hidden(net, FANN_SIGMOID_SYMMETRIC);
    fann_set_activation_function_output(net, FANN_SIGMOID);
    fann_set_training_algorithm(net, batch > 1 ? FANN_TRAIN_BATCH : FANN_TRAIN_INCREMENTAL);
    fann_set_learning_momentum(net, 0.9f);
    fann_set_learning_rate(net, 0.001f);
    for (unsigned i = 0; i < batch; i++) {
        for (int k = 0; k < INPUTS; k++) data->input[i][k] = (fann_type)(rand() / (double)RAND_MAX - 0.5);
        for (int k = 0; k < OUTPUTS; k++) data->output[i][k] = k == (int)(i % OUTPUTS);
    }
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        int steps = atoi(line);
        if (steps < 1 || steps > MOST) return 1;
        for (int s = 0; s < steps; s++) {
            double start = now_ms();
            if (batch > 1)
                fann_train_epoch(net, data);
            else
                fann_train(net, data->input[0], data->output[0]);
            times[s] = now_ms() - start;
        }
        qsort(times, (size_t)steps, sizeof times[0], ascending);
        printf("%.6f %.6f\n", times[steps / 2], times[0]);
        fflush(stdout);
    }
    fann_destroy_train(data);
    fann_destroy(net);
    return 0;
}
