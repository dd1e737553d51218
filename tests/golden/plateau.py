#!/usr/bin/env python3
"""Rates of torch.optim.lr_scheduler.ReduceLROnPlateau on series of numbers: writes plateau.h, or compares with --check."""
import math
import os
import random
import sys

EPOCHS = 60
CASES = [  # options, PyTorch's mode, smallest rate
    (dict(), "min", 0),
    (dict(patience=2), "min", 0),
    (dict(patience=0, factor=0.5), "min", 0.004),
    (dict(patience=1, factor=0.3, cooldown=3), "min", 0),
    (dict(patience=2, min_delta=0.05, relative=False), "min", 0),
    (dict(patience=3, min_delta=0.02, cooldown=1), "max", 1e-3),
    (dict(patience=1, min_delta=0.1, relative=False, factor=0.7), "max", 0),
]


def series(seed, mode):
    """Falls, stays, gets worse, is no number twice, falls again."""
    draw = random.Random(seed)
    seen, x = [], 2.0
    for k in range(EPOCHS):
        x *= 0.8 if k % 23 < 6 else draw.uniform(0.97, 1.04)
        seen.append(x if mode == "min" else 4 - x)
    seen[17], seen[30] = math.nan, math.inf if mode == "min" else -math.inf
    return seen


def rates(options, mode, floor, seen):
    import torch
    o = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    names = dict(min_delta="threshold")
    words = {names.get(k, k): v for k, v in options.items() if k != "relative"}
    s = torch.optim.lr_scheduler.ReduceLROnPlateau(
        o, mode=mode, min_lr=floor, eps=0, threshold_mode="rel" if options.get("relative", True) else "abs", **words)
    out = []
    for x in seen:
        s.step(x)
        out.append(o.param_groups[0]["lr"])
    return out


def number(x):
    return "NAN" if math.isnan(x) else ("INFINITY" if x > 0 else "-INFINITY") if math.isinf(x) else x.hex()


def listing(values):
    text, line = "", ""
    for v in values:
        word = number(v) + ", "
        if len(line) + len(word) > 100:
            text, line = text + "        " + line.rstrip() + "\n", ""
        line += word
    return text + "        " + line.rstrip() + "\n"


def table():
    text = ("/* plateau.h - written by tests/golden/plateau.py with torch.optim.lr_scheduler.ReduceLROnPlateau. */\n"
            f"enum {{ PLATEAU_EPOCHS = {EPOCHS} }};\n"
            "typedef struct plateau_case {\n    const char *text;\n    double floor, seen[PLATEAU_EPOCHS], "
            "rate[PLATEAU_EPOCHS];\n} plateau_case;\n\n/* clang-format off */\n"
            "static const plateau_case plateau_cases[] = {\n")
    for n, (options, mode, floor) in enumerate(CASES):
        seen = series(n, mode)
        words = [f"{k}={str(v).lower()}" for k, v in options.items()] + [f"mode={mode}"]
        text += f'    {{ "plateau({", ".join(words)})", {number(float(floor))}, {{\n{listing(seen)}    }}, {{\n'
        text += f"{listing(rates(options, mode, floor, seen))}    }} }},\n"
    return text + "};\n/* clang-format on */\n"


here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plateau.h")
if "--check" in sys.argv:
    sys.exit("plateau.h is not what PyTorch computes" if open(here).read() != table() else 0)
open(here, "w").write(table())
