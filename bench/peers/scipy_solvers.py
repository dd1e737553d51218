"""What SciPy's L-BFGS-B and CG cost an iteration beside the function: scipy_solvers.py lbfgs|cg N ITERATIONS.

Prints "us" of processor time, as bench/solvers.c does.
"""
import sys
import time

import numpy as np
from scipy.optimize import minimize

method, n, iterations = {"lbfgs": "L-BFGS-B", "cg": "CG"}[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])
spent = 0


def rosenbrock(x):
    global spent
    start = time.process_time_ns()
    a, b = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    g = np.zeros(n)
    g[:-1] = -400 * a * x[:-1] - 2 * b
    g[1:] += 200 * a
    f = 100 * (a * a).sum() + (b * b).sum()
    spent += time.process_time_ns() - start
    return f, g


best = np.inf
for _ in range(5):
    x = np.tile([-1.2, 1], n // 2)
    spent, start = 0, time.process_time_ns()
    options = {"maxiter": iterations, "gtol": 0} | ({} if method == "CG" else {"ftol": 0})
    r = minimize(rosenbrock, x, jac=True, method=method, options=options)
    best = min(best, (time.process_time_ns() - start - spent) / 1e3 / r.nit)
print("us %.3f" % best)
