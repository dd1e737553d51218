#!/usr/bin/env python3
"""PyTorch's half of the benchmark of rules: one rule on a long vector, all steps in place.

usage: torch_rule.py N THREADS
stdin: "RULE MODE STEPS" a line, MODE fused or foreach; stdout: "ready", then the median of the steps in ms, "none" where
PyTorch has no such rule or mode.
"""
import statistics
import sys
import time

import torch

o = torch.optim
RULES = {
    "sgd": (o.SGD, {}), "momentum": (o.SGD, dict(momentum=0.9)), "nesterov": (o.SGD, dict(momentum=0.9, nesterov=True)),
    "adagrad": (o.Adagrad, {}), "rmsprop": (o.RMSprop, {}), "adam": (o.Adam, {}), "adamw": (o.AdamW, {}), "adadelta": (o.Adadelta, {}), "rprop": (o.Rprop, {}),
    "adamax": (o.Adamax, {}), "nadam": (o.NAdam, {}), "radam": (o.RAdam, {}),
}


def measure(rule, mode, steps, n):
    if rule not in RULES:
        return None
    make, words = RULES[rule]
    theta = (torch.arange(n, dtype=torch.float32) % 1021) * 1e-3 - 0.5
    theta.requires_grad_()
    theta.grad = theta.detach().clone()
    try:
        optimizer = make([theta], lr=1e-4, **{mode: True}, **words)
        times = []
        for k in range(steps + 2):
            start = time.perf_counter()
            optimizer.step()
            times.append(1e3 * (time.perf_counter() - start))
    except (TypeError, RuntimeError):
        return None
    return statistics.median(times[2:])


torch.set_num_threads(int(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    rule, mode, steps = line.split()
    ms = measure(rule, mode, int(steps), int(sys.argv[1]))
    print("none" if ms is None else f"{ms:.4f}", flush=True)
