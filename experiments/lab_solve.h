/* lab_solve.h - solvers in experiments: following one step by step, and a network as a function of its weights. */
#ifndef DS_LAB_SOLVE_H
#define DS_LAB_SOLVE_H

#include "descent/function.h"
#include "lab.h"

/* A solver that is followed: `stepped` after every step that it takes, with the new point and its gradient. */
typedef struct lab_follower {
    void *arg;
    void (*stepped)(void *arg, const double *x, const double *g);
} lab_follower;

/* Run a solver ("cg(beta=hz)") with a line search ("wolfe(c2=0.1)", NULL: its own) on f from x, which becomes the best
 * point, until no entry of the gradient is above gtol or the budget is used up. follower may be NULL. */
ds_status lab_solve(ds_trial *t, const ds_function *f, const char *solver, const char *search, int64_t budget,
                    double gtol, double *x, ds_solver_outcome *o, const lab_follower *follower);

/* The mean loss of an f64 problem over all rows as a function of its weights, without the gaps between them. */
typedef struct lab_net {
    ds_trial *t;
    ds_problem *p;
    const lab_rows *rows;
    void *theta, *g, *v;
    ds_function f;
} lab_net;
ds_status lab_net_open(ds_trial *t, lab_net *n, ds_problem *p, const lab_rows *rows);
ds_status lab_net_start(lab_net *n, uint64_t seed, double *x); /* its initial weights */
void lab_net_close(lab_net *n);

#endif
