#!/usr/bin/env python3
"""Golden trajectories of the optimizer rules: tests/golden/rules.txt (read by tests/test_rules.c).

    python3 tests/golden/rules.py          writes the file; with PyTorch, compares with torch.optim first
    python3 tests/golden/rules.py --check  compares the file with what would be written; tests/rules_torch.py runs this

The oracle is plain f64 numpy written from the formulas of the papers and of Goodfellow et al. chapter 8; it shares nothing
with the library. Gradients and starting points are exact in f32, so that f32 and f64 start from the same numbers. Elements
differ in scale, so that a misplaced eps shows; one sees no gradient in the first steps. The rate changes on the way, so
that a rate inside the velocity differs from one outside.
"""
import os
import sys

import numpy as np

import rules_modern as modern
import rules_needs as needs

STEPS, N = 20, 6
HERE = os.path.dirname(os.path.abspath(__file__))
FACTOR = np.array([1, 1, 0.5, 0.5, 2, 2, 1, 0.25, 0.25, 1, 1, 3, 3, 0.125, 1, 1, 0.5, 0.5, 0.75, 1.0])


def inputs():
    rng = np.random.default_rng(20240817)
    scale = np.array([1, 1e-3, 1e-6, 30, 1, 1e-9])
    g = (rng.standard_normal((STEPS, N)) * scale).astype(np.float32)
    g[:4, 4] = 0
    g[9, 0] = 0
    theta = rng.standard_normal(N).astype(np.float32)
    return theta.astype(np.float64), g.astype(np.float64)


def momentum(o, g, theta, lr, t, s):
    a = o["momentum"]
    if o["book"]:
        v = s.get("v", np.zeros(N))
        g = g + o["weight_decay"] * (theta + a * v if o["nesterov"] else theta)
        if a == 0:
            return theta - lr * g
        s["v"] = a * v - lr * g
        return theta + s["v"]
    g = g + o["weight_decay"] * theta
    if a == 0:
        return theta - lr * g
    s["v"] = g if t == 1 else a * s["v"] + (1 - o["dampening"]) * g
    return theta - lr * (g + a * s["v"] if o["nesterov"] else s["v"])


def adagrad(o, g, theta, lr, t, s):
    g = g + o["weight_decay"] * theta
    s["r"] = s.get("r", np.full(N, o["initial_accumulator_value"])) + g**2
    return theta - lr / (1 + (t - 1) * o["lr_decay"]) * g / (o["eps"] + np.sqrt(s["r"]))


def rmsprop(o, g, theta, lr, t, s):
    zero, rho = np.zeros(N), o["rho"]
    g = g + o["weight_decay"] * theta
    s["r"] = rho * s.get("r", zero) + (1 - rho) * g**2
    if o["book"]:
        return theta - lr * g / np.sqrt(o["eps"] + s["r"])
    spread = s["r"]
    if o["centered"]:
        s["m"] = rho * s.get("m", zero) + (1 - rho) * g
        spread = np.maximum(s["r"] - s["m"] ** 2, 0)
    step = g / (np.sqrt(spread) + o["eps"])
    if o["momentum"] == 0:
        return theta - lr * step
    s["v"] = o["momentum"] * s.get("v", zero) + step
    return theta - lr * s["v"]


def rmsprop_nesterov(o, g, theta, lr, t, s):
    zero, rho, a = np.zeros(N), o["rho"], o["momentum"]
    if o["book"]:
        s.setdefault("v", zero)
        g = g + o["weight_decay"] * (theta + a * s["v"])
        s["r"] = rho * s.get("r", zero) + (1 - rho) * g**2
        s["v"] = a * s["v"] - lr * g / np.sqrt(np.maximum(s["r"], o["eps"]))
        return theta + s["v"]
    g = g + o["weight_decay"] * theta
    s["r"] = rho * s.get("r", zero) + (1 - rho) * g**2
    step = g / (np.sqrt(s["r"]) + o["eps"])
    s["v"] = a * s.get("v", zero) + step
    return theta - lr * (step + a * s["v"])


def adam(o, g, theta, lr, t, s):
    zero, b1, b2 = np.zeros(N), o["beta1"], o["beta2"]
    if o["rule"] == "adamw":
        theta = theta - lr * o["weight_decay"] * theta
    else:
        g = g + o["weight_decay"] * theta
    s["m"] = b1 * s.get("m", zero) + (1 - b1) * g
    s["v"] = b2 * s.get("v", zero) + (1 - b2) * g**2
    top = s["v"]
    if o["amsgrad"]:
        top = s["vmax"] = np.maximum(s.get("vmax", zero), s["v"])
    return theta - lr * (s["m"] / (1 - b1**t)) / (np.sqrt(top / (1 - b2**t)) + o["eps"])


DECOUPLED = {"adamw", "adabelief", "yogi", "lion", "signsgd", "signum", "ademamix", "adopt", "sophia", "mars"}


def stepped(o, g, theta, lr, t, s):
    """One step of the rule, with what many rules share: how a decoupled decay is coupled, and cautious steps."""
    rule, coupling = RULES[o["rule"]][0], o.get("weight_decay_coupling", "lr")
    if coupling == "lr" and not o.get("cautious"):
        return rule(o, g, theta, lr, t, s)
    apart = o["rule"] in DECOUPLED or o.get("decoupled_weight_decay")
    u = theta - rule(dict(o, weight_decay=0) if apart else o, g, theta, lr, t, s)
    if o.get("cautious"):
        mask = u * g > 0
        u = u * mask / max(np.mean(mask), 1e-3)
    if not apart or (o["rule"] == "adopt" and t == 1):
        return theta - u
    factor = {"lr": lr, "schedule": lr / o["lr"], "fixed": 1, "corrected": lr**2 / o["lr"]}[coupling]
    return theta - factor * o["weight_decay"] * theta - u


RULES = {
    "sgd": (momentum, dict(lr=1e-3, momentum=0, dampening=0, nesterov=False, weight_decay=0)),
    "momentum": (momentum, dict(lr=1e-3, momentum=0.9, dampening=0, nesterov=False, weight_decay=0)),
    "nesterov": (momentum, dict(lr=1e-3, momentum=0.9, dampening=0, nesterov=True, weight_decay=0)),
    "adagrad": (adagrad, dict(lr=1e-2, eps=1e-10, lr_decay=0, initial_accumulator_value=0, weight_decay=0)),
    "rmsprop": (rmsprop, dict(lr=1e-2, rho=0.99, eps=1e-8, momentum=0, centered=False, weight_decay=0)),
    "rmsprop-nesterov": (rmsprop_nesterov, dict(lr=1e-2, rho=0.99, eps=1e-8, momentum=0.9, weight_decay=0)),
    "adam": (adam, dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0, amsgrad=False)),
    "adamw": (adam, dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2, amsgrad=False)),
}
RULES.update(modern.RULES)
RULES.update(needs.RULES)
BOOK = {"adagrad": dict(eps=1e-7), "rmsprop": dict(eps=1e-6), "rmsprop-nesterov": dict(eps=1e-30)}

CASES = [(rule, dialect, {}) for rule in RULES for dialect in ("torch", "book")] + [
    ("sgd", "torch", dict(weight_decay=0.1)),
    ("sgd", "book", dict(weight_decay=0.1, lr=0.01)),
    ("sgd", "torch", dict(momentum=0.5, nesterov=True)),
    ("momentum", "torch", dict(dampening=0.3, weight_decay=0.05)),
    ("momentum", "torch", dict(nesterov=True, weight_decay=0.05)),
    ("momentum", "book", dict(nesterov=True, momentum=0.8)),
    ("nesterov", "book", dict(weight_decay=0.05)),
    ("adagrad", "torch", dict(lr_decay=0.1, initial_accumulator_value=0.1, weight_decay=0.1, eps=1e-4)),
    ("adagrad", "book", dict(eps=1e-3, weight_decay=0.1)),
    ("rmsprop", "torch", dict(momentum=0.9)),
    ("rmsprop", "torch", dict(centered=True, rho=0.9)),
    ("rmsprop", "torch", dict(centered=True, momentum=0.5, weight_decay=0.1)),
    ("rmsprop", "book", dict(rho=0.9, weight_decay=0.1)),
    ("rmsprop-nesterov", "book", dict(weight_decay=0.1, eps=1e-4)),
    ("rmsprop-nesterov", "torch", dict(weight_decay=0.1, momentum=0.5)),
    ("adam", "torch", dict(amsgrad=True, beta2=0.7)),
    ("adam", "torch", dict(weight_decay=0.1, eps=1e-3)),
    ("adam", "book", dict(weight_decay=0.1, beta1=0.5)),
    ("adamw", "torch", dict(weight_decay=0.5, lr=0.01)),
    ("adamw", "torch", dict(amsgrad=True, beta2=0.7, beta1=0.0)),
    ("adamw", "book", dict(weight_decay=0.5, lr=0.01)),
] + [
    (rule, "torch", dict(given, cautious=True)) for rule, given in [
        ("sgd", dict(momentum=0.5)), ("momentum", dict(weight_decay=0.05)), ("nesterov", {}), ("rmsprop", dict(momentum=0.9)),
        ("rmsprop-nesterov", {}), ("adam", dict(beta2=0.9)), ("adam", dict(weight_decay=0.1)), ("adamw", dict(weight_decay=0.5, lr=0.01)),
        ("adamax", {}), ("nadam", dict(decoupled_weight_decay=True, weight_decay=0.5)), ("radam", dict(beta2=0.9)), ("adabelief", dict(eps=1e-4)),
        ("yogi", {}), ("lion", dict(weight_decay=0.5, lr=0.01)), ("signum", {}), ("ademamix", dict(beta3=0.99)), ("adopt", dict(beta2=0.7, eps=1e-2)),
        ("lars", dict(eta=0.01)), ("lamb", dict(weight_decay=0.1, lr=0.01))]
] + [("adamw", "book", dict(cautious=True))] + [
    (rule, "torch", dict(given, weight_decay_coupling=how)) for rule, given, how in [
        ("adamw", dict(weight_decay=0.1, lr=0.01), "schedule"), ("adamw", dict(weight_decay=0.1, lr=0.01), "fixed"),
        ("adamw", dict(weight_decay=0.5, lr=0.1, cautious=True), "corrected"), ("lion", dict(weight_decay=0.1), "schedule"),
        ("signum", dict(weight_decay=0.1), "fixed"), ("adopt", dict(weight_decay=0.5, lr=0.1), "corrected"), ("yogi", dict(weight_decay=0.1), "schedule"),
        ("nadam", dict(weight_decay=0.1, decoupled_weight_decay=True), "schedule"),
        ("radam", dict(weight_decay=0.1, decoupled_weight_decay=True), "fixed")]
] + modern.CASES + needs.CASES


def options_of(rule, dialect, given):
    o = dict(RULES[rule][1])
    if dialect == "book":
        o.update(BOOK.get(rule, {}))
    o.update(given)
    o.update(rule=rule, book=dialect == "book")
    return o


def trajectory(rule, dialect, given, theta, grads):
    """Options, the rate of each step, [(theta, states) after each step]."""
    o, s, path = options_of(rule, dialect, given), {}, []
    rates, needs.grads = o["lr"] * FACTOR, grads
    for t in range(1, STEPS + 1):
        theta = stepped(o, grads[t - 1], theta, rates[t - 1], t, s)
        path.append((theta.copy(), {k: v.copy() for k, v in s.items()}))
    return o, rates, path


TORCH_STATES = {
    "v": "momentum_buffer", "adagrad.r": "sum", "rmsprop.r": "square_avg", "rmsprop.m": "grad_avg",
    "adam.m": "exp_avg", "adam.v": "exp_avg_sq", "adam.vmax": "max_exp_avg_sq",
    "adamw.m": "exp_avg", "adamw.v": "exp_avg_sq", "adamw.vmax": "max_exp_avg_sq",
    **modern.TORCH_STATES,
}


def torch_optimizer(torch, o, p):
    if o["rule"] in needs.RULES:
        return None
    if o["rule"] in modern.RULES:
        return modern.torch_optimizer(torch, o, p)
    keys = {k: o[k] for k in o if k not in ("rule", "book", "rho", "beta1", "beta2")}
    if "beta1" in o:
        return (torch.optim.AdamW if o["rule"] == "adamw" else torch.optim.Adam)([p], betas=(o["beta1"], o["beta2"]), **keys)
    if o["rule"] == "adagrad":
        return torch.optim.Adagrad([p], **keys)
    if o["rule"] == "rmsprop":
        return torch.optim.RMSprop([p], alpha=o["rho"], **keys)
    return torch.optim.SGD([p], **keys)


def difference_of(found, wanted):
    return float(np.max(np.abs(found - wanted) / np.maximum(np.abs(wanted), 1e-300) * (wanted != 0)))


def shared(o):
    """Whether options are on that no other formulation here knows."""
    return "weight_decay_coupling" in o or "cautious" in o


def compare_with_torch(torch, o, rates, path, theta, grads):
    """Largest relative difference of theta and states over the steps; None where PyTorch has no such rule."""
    if shared(o):
        return None
    p = torch.nn.Parameter(torch.tensor(theta))
    opt, worst = torch_optimizer(torch, o, p), 0
    if not opt:
        return None
    for t in range(STEPS):
        opt.param_groups[0]["lr"] = float(rates[t])
        p.grad = torch.tensor(grads[t])
        opt.step()
        pairs = [(p.detach().numpy(), path[t][0])]
        for name, value in path[t][1].items():
            key = TORCH_STATES.get(f"{o['rule']}.{name}", TORCH_STATES.get(name))
            pairs.append((opt.state[p][key].numpy(), value))
        for theirs, ours in pairs:
            worst = max(worst, difference_of(theirs, ours))
    return worst


def compare_with_second(o, rates, path, theta, grads):
    """Largest relative difference of theta from the second formulation; None where there is none."""
    second = needs.again if o["rule"] in needs.RULES else modern.again
    if (o["rule"] not in modern.AGAIN and second is modern.again) or shared(o):
        return None
    return max(difference_of(a, p[0]) for a, p in zip(second(o, rates, theta, grads), path))


def numbers(x):
    return " ".join(float(v).hex() for v in x)


def text(o, given, dialect):
    options = ",".join(f"{k}={str(v).lower() if isinstance(v, (bool, str)) else repr(v)}" for k, v in given.items())
    return f"case {o['rule']}({options}) {dialect}" if options else f"case {o['rule']} {dialect}"


def same(old, new):
    """Words equal, numbers to 1e-12: powers may differ in their last bit between machines."""
    def equal(a, b):
        return a == b or ("0x" in a and "0x" in b and abs(float.fromhex(a) - float.fromhex(b)) <= 1e-12 * abs(float.fromhex(b)))
    return len(old) == len(new) and all(map(equal, old, new))


def main():
    theta, grads = inputs()
    try:
        import torch
        torch.set_default_dtype(torch.float64)  # step-wide numbers too
    except ImportError:
        torch = None
        print("PyTorch is missing: not compared with torch.optim")
    lines = [f"inputs {STEPS} {N}", numbers(theta)] + [numbers(g) for g in grads]
    compared, worst = {"torch.optim": 0, "the second formulation": 0}, 0
    for rule, dialect, given in CASES:
        o, rates, path = trajectory(rule, dialect, given, theta, grads)
        found = {"the second formulation": compare_with_second(o, rates, path, theta, grads)}
        if torch and dialect == "torch" and rule != "rmsprop-nesterov":
            found["torch.optim"] = compare_with_torch(torch, o, rates, path, theta, grads)
        for other, difference in found.items():
            if difference is None:
                continue
            compared[other], worst = compared[other] + 1, max(worst, difference)
            if difference > 1e-10:
                sys.exit(f"{rule} {dialect} {given}: differs from {other} by {difference:.3g}")
        names = sorted(path[0][1])
        lines += [text(o, given, dialect), numbers(rates), " ".join(["states", str(len(names))] + names)]
        for th, s in path:
            lines.append(numbers(np.concatenate([th] + [s[k] for k in names])))
    out, path = "\n".join(lines) + "\nend\n", os.path.join(HERE, "rules.txt")
    if "--check" in sys.argv:
        sys.exit(0 if same(open(path).read().split(), out.split()) else "tests/golden/rules.txt is not what this script writes")
    open(path, "w").write(out)
    told = ", ".join(f"{n} compared with {other}" for other, n in compared.items())
    print(f"{len(CASES)} trajectories; {told}; largest relative difference {worst:.2g}")


if __name__ == "__main__":
    main()
