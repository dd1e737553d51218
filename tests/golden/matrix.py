#!/usr/bin/env python3
"""Golden trajectories of the rules for matrices: tests/golden/matrix.txt (read by tests/test_matrix.c).

    python3 tests/golden/matrix.py          writes the file; with PyTorch, compares Muon and Adafactor with torch.optim first
    python3 tests/golden/matrix.py --check  compares the file with what would be written; tests/rules_torch.py runs this

Every rule is written twice in f64, in ways that share nothing: Muon by products of matrices and by singular values,
Shampoo by eigenvalues of each side and by one Kronecker product of the sums over the history, SOAP with m in the coordinates
of theta (the paper) and with m kept rotated (the authors' code), Adafactor by means of rows and columns and by weights on
the whole history. A trajectory is written only if the two agree. Matrices
lie as in memory, [inputs, outputs]; the second formulations work on the transpose, as PyTorch does.
"""
import os
import sys

import numpy as np

STEPS, MOST = 20, 48
HERE = os.path.dirname(os.path.abspath(__file__))
FACTOR = np.array([1, 1, 0.5, 0.5, 2, 2, 1, 0.25, 0.25, 1, 1, 3, 3, 0.125, 1, 1, 0.5, 0.5, 0.75, 1.0])
QUINTIC = (3.4445, -4.7750, 2.0315)
EXPRESS = [
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
    (1.875, -1.25, 0.375),
]


def inputs():
    rng = np.random.default_rng(20250921)
    theta, g = rng.standard_normal(MOST), rng.standard_normal((STEPS, MOST))
    return theta.astype(np.float32).astype(float), g.astype(np.float32).astype(float)


def kept(s, name, like):
    return s.setdefault(name, np.zeros_like(like))


def shrink(o, lr):
    f = {"lr": lr, "schedule": lr / o["lr"], "fixed": 1, "corrected": lr * lr / o["lr"]}[o["weight_decay_coupling"]]
    return 1 - f * o["weight_decay"]


def moved(o, theta, step, g):
    if o["cautious"]:
        mask = (step * g > 0) * 1.0
        step = step * mask / max(mask.mean(), 1e-3)
    return theta - step


# ---- muon -----------------------------------------------------------------------------------------------------------


def polynomials(o):
    if o["polynomials"] == "quintic":
        return [QUINTIC] * o["steps"]
    safe = [(a / 1.01, b / 1.01**3, c / 1.01**5) for a, b, c in EXPRESS[:7]]
    return (safe + [EXPRESS[7]] * o["steps"])[:o["steps"]]


def muon_size(o, u):
    return 1.01 * np.linalg.norm(u) + o["eps"] if o["polynomials"] == "express" else max(np.linalg.norm(u), o["eps"])


def muon_scale(o, rows, cols):  # cols are outputs
    return 0.2 * max(rows, cols)**0.5 if o["scale"] == "match_rms_adamw" else max(1, cols / rows)**0.5


def muon(o, g, theta, lr, t, s):
    m = s["m"] = o["momentum"] * kept(s, "m", g) + (1 - o["momentum"]) * g
    u = o["momentum"] * m + (1 - o["momentum"]) * g if o["nesterov"] else m
    X = u / muon_size(o, u)
    for a, b, c in polynomials(o):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return moved(o, shrink(o, lr) * theta, lr * muon_scale(o, *g.shape) * X, g)


def muon_again(o, g, theta, lr, t, s):
    """Of the transpose: m as a sum over the history, singular values through the polynomials one by one."""
    s.setdefault("all", []).append(g.T)
    w = [(1 - o["momentum"]) * o["momentum"]**(t - 1 - i) for i in range(t)]
    m = sum(a * x for a, x in zip(w, s["all"]))
    u = g.T + o["momentum"] * (m - g.T) if o["nesterov"] else m
    U, x, V = np.linalg.svd(u / muon_size(o, u), full_matrices=False)
    for a, b, c in polynomials(o):
        x = a * x + b * x**3 + c * x**5
    step = muon_scale(o, *g.shape) * (U * x) @ V
    return moved(o, theta - (1 - shrink(o, lr)) * theta, lr * step.T, g)


# ---- shampoo --------------------------------------------------------------------------------------------------------


def cut(o, rows, cols):
    """Number and size of the blocks on each side."""
    down, across = -(-rows // o["block"]), -(-cols // o["block"])
    return down, -(-rows // down), across, -(-cols // across)


def divide(x, c):
    full = np.zeros((c[0] * c[1], c[2] * c[3]))
    full[:x.shape[0], :x.shape[1]] = x
    return full.reshape(c).transpose(0, 2, 1, 3).reshape(-1, c[1], c[3])


def unite(x, c, shape):
    full = x.reshape(c[0], c[2], c[1], c[3]).transpose(0, 2, 1, 3).reshape(c[0] * c[1], c[2] * c[3])
    return full[:shape[0], :shape[1]]


def root(A, c, eps):
    w, V = np.linalg.eigh(A)
    w = w / c + max(0, -w.min() / c) + eps
    return V @ np.diag(w**-0.25) @ V.T


def graft(o, f, v, t):
    if o["graft"] != "adam":
        return f
    return f / (np.sqrt(v / (1 - o["graft_beta2"]**t)) + o["graft_eps"])


def shampoo(o, g, theta, lr, t, s):
    c, b1, b2 = cut(o, *g.shape), o["beta1"], o["beta2"]
    m = s["m"] = b1 * kept(s, "m", g) + (1 - b1) * g
    v = np.zeros(0)
    if o["graft"] == "adam":
        v = o["graft_beta2"] * kept(s, "v", g) + (1 - o["graft_beta2"]) * g**2
    s["v"] = v
    f, x = m / (1 - b1**t), divide(g, c)
    a = graft(o, f, v, t)
    keep, new = (1, 1) if b2 == 1 else (b2, 1 - b2)
    for name, square in (("L", x @ x.transpose(0, 2, 1)), ("R", x.transpose(0, 2, 1) @ x)):
        s[name] = keep * kept(s, name, square) + new * square
        kept(s, "P" + name, square)
        if t % o["period"] == 0:
            s["P" + name] = np.stack([root(A, 1 if b2 == 1 else 1 - b2**t, o["eps"]) for A in s[name]])
    d = s["PL"] @ divide(f, c) @ s["PR"]
    if o["graft"] != "none":
        norm = lambda y: np.sqrt((y * y).sum(axis=(1, 2), keepdims=True))
        d = d * norm(divide(a, c)) / np.maximum(norm(d), 1e-30)
    step = unite(d, c, g.shape) if t >= o["period"] else a
    return moved(o, shrink(o, lr) * theta, lr * step, g)


def weighted(decay, xs):
    return sum(x * (1 if decay == 1 else (1 - decay) * decay**(len(xs) - 1 - i)) for i, x in enumerate(xs))


def shampoo_again(o, g, theta, lr, t, s):
    """Block by block, each the transpose of what it is above, unpadded; one Kronecker matrix of the history's sums."""
    s.setdefault("all", []).append(g.T)
    if t % o["period"] == 0:
        s["then"] = t
    c, b2 = cut(o, *g.shape), o["beta2"]
    f = weighted(o["beta1"], s["all"]) / (1 - o["beta1"]**t)
    a = graft(o, f, weighted(o["graft_beta2"], [x * x for x in s["all"]]), t)
    step = a.copy()
    for i in range(0, g.shape[1], c[3]):
        for j in range(0, g.shape[0], c[1]):
            if t < o["period"]:
                continue
            at, then = np.s_[i:i + c[3], j:j + c[1]], s["then"]
            past, mean = [x[at] for x in s["all"][:then]], 1 if b2 == 1 else 1 - b2**then
            A, B = weighted(b2, [x @ x.T for x in past]) / mean, weighted(b2, [x.T @ x for x in past]) / mean
            K = np.kron(A + o["eps"] * np.eye(len(A)), B + o["eps"] * np.eye(len(B)))
            w, V = np.linalg.eigh(K)
            d = (V @ ((V.T @ f[at].ravel()) / np.sqrt(np.sqrt(np.maximum(w, o["eps"]**2))))).reshape(f[at].shape)
            step[at] = d if o["graft"] == "none" else d * np.linalg.norm(a[at]) / np.linalg.norm(d)
    return moved(o, theta - (1 - shrink(o, lr)) * theta, lr * step.T, g)


# ---- soap -----------------------------------------------------------------------------------------------------------


def first_basis(A):
    w, V = np.linalg.eigh(A)
    V = V[:, ::-1]
    return V * np.sign(V[np.abs(V).argmax(axis=0), range(len(V))])


def next_basis(A, Q):
    order = np.argsort(-np.diag(Q.T @ A @ Q), kind="stable")
    Q, R = np.linalg.qr(A @ Q[:, order])
    return Q * np.sign(np.diag(R)), order


def soap(o, g, theta, lr, t, s):
    b1, b2, b = o["beta1"], o["beta2"], o["shampoo_beta"]
    m, v = kept(s, "m", g), kept(s, "v", g)
    for axis, (name, n) in enumerate(zip("LR", g.shape)):
        A, Q = kept(s, name, np.zeros((n, n))), kept(s, "Q" + name, np.zeros((n, n)))
        if n > o["max_side"]:
            s[name] = s["Q" + name] = np.zeros(0)
            continue
        if t == 2:
            s["Q" + name] = first_basis(A)
        elif t > 2 and (t - 2) % o["period"] == 0:
            s["Q" + name], order = next_basis(A, Q)
            s["v"] = v = np.take(v, order, axis=axis)
        s[name] = b * A + (1 - b) * (g @ g.T if name == "L" else g.T @ g)
    if t == 1:
        return theta
    P, Q = (s[k] if s[k].size else np.eye(n) for k, n in zip(("QL", "QR"), g.shape))
    m = s["m"] = b1 * m + (1 - b1) * g
    s["v"] = b2 * v + (1 - b2) * (P.T @ g @ Q)**2
    step = P @ ((P.T @ m @ Q) / (np.sqrt(s["v"]) + o["eps"])) @ Q.T
    rate = lr * np.sqrt(1 - b2**(t - 1)) / (1 - b1**(t - 1))
    return moved(o, theta, rate * step, g) * shrink(o, lr)


def soap_again(o, g, theta, lr, t, s):
    """In the order of the authors' code, on the transpose: the moment rotated, the basis made at the end of the step."""
    x, b = g.T, o["shampoo_beta"]
    sides = [n <= o["max_side"] for n in x.shape]
    turn = lambda y, back=False: np.einsum("ij,ia,jb->ab", y, *(q.T if back else q for q in s["basis"]))
    gather = lambda: [b * A + (1 - b) * y for A, y in zip(s["A"], (np.einsum("ij,kj->ik", x, x), np.einsum("ij,ik->jk", x, x)))]
    if t == 1:
        s["A"] = [np.zeros((n, n)) for n in x.shape]
        s["A"] = gather()
        s["basis"] = [first_basis(A) if on else np.eye(len(A)) for A, on in zip(s["A"], sides)]
        s["m"], s["v"] = np.zeros_like(x), np.zeros_like(x)
        return theta
    y = turn(x)
    s["m"] = o["beta1"] * s["m"] + (1 - o["beta1"]) * y
    s["v"] = o["beta2"] * s["v"] + (1 - o["beta2"]) * y**2
    k = t - 1
    size = lr / (1 - o["beta1"]**k) * (1 - o["beta2"]**k)**0.5
    theta = moved(o, theta, size * turn(s["m"] / (s["v"]**0.5 + o["eps"]), back=True).T, g)
    theta = theta - (1 - shrink(o, lr)) * theta
    s["m"], s["A"] = turn(s["m"], back=True), gather()
    if k % o["period"] == 0:
        for axis in (0, 1):
            if sides[axis]:
                s["basis"][axis], order = next_basis(s["A"][axis], s["basis"][axis])
                s["v"] = s["v"].take(order, axis)
    s["m"] = turn(s["m"])
    return theta


# ---- adafactor ------------------------------------------------------------------------------------------------------


def rms(x):
    return np.sqrt(np.mean(x**2))


def adafactor(o, g, theta, lr, t, s):
    w, whole, paper = t**-o["power"], min(g.shape) < 2, o["book"]
    square = g**2 + (o["eps1"] if paper else 0)
    for name, x, unused in (("R", square.mean(axis=1), whole), ("C", square.mean(axis=0), whole), ("v", square, not whole)):
        s[name] = np.zeros(0) if unused else (1 - w) * kept(s, name, x) + w * x
    mean = np.mean(s["R"]) if not whole else 1
    v = s["v"] if whole else np.outer(s["R"], s["C"]) / (mean if paper else max(mean, o["eps1"]))
    u = g / np.sqrt(v if paper else np.maximum(v, o["eps1"]**2))
    u = u / max(1, rms(u) / o["clip"])
    return moved(o, shrink(o, lr) * theta, max(o["eps2"], rms(theta)) * min(lr, t**-0.5) * u, g)


def adafactor_again(o, g, theta, lr, t, s):
    """Of the transpose: each square of the history by the product of what was kept of it since."""
    s.setdefault("all", []).append(g.T ** 2)
    w = [k**-o["power"] for k in range(1, t + 1)]
    V = sum(x * (w[i] * np.prod([1 - y for y in w[i + 1:]])) for i, x in enumerate(s["all"]))
    V = V + (o["eps1"] if o["book"] else 0)  # the weights sum to 1
    least = 0 if o["book"] else o["eps1"]
    if min(g.shape) > 1:
        V = np.einsum("i,j->ij", V.sum(axis=1), V.sum(axis=0)) / max(V.sum(), least * V.size)
    u = g.T / np.sqrt(V).clip(least)
    u = u * min(1, o["clip"] * u.size**0.5 / np.linalg.norm(u))
    size = max(o["eps2"], np.linalg.norm(theta) / theta.size**0.5) * min(lr, 1 / np.sqrt(t))
    return moved(o, theta - (1 - shrink(o, lr)) * theta, size * u.T, g)


SWITCHES = dict(weight_decay_coupling="lr", cautious=False)
RULES = {
    "muon": (muon, muon_again, dict(SWITCHES, lr=1e-3, momentum=0.95, nesterov=True, polynomials="quintic", steps=5,
                                    scale="original", eps=1e-7, weight_decay=0.1)),
    "shampoo": (shampoo, shampoo_again, dict(SWITCHES, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-12, block=256, period=100,
                                             graft="adam", graft_beta2=0.999, graft_eps=1e-8, weight_decay=0)),
    "soap": (soap, soap_again, dict(SWITCHES, lr=3e-3, beta1=0.95, beta2=0.95, shampoo_beta=0.95, period=10,
                                    max_side=10000, eps=1e-8, weight_decay=1e-2)),
    "adafactor": (adafactor, adafactor_again, dict(SWITCHES, lr=1e-2, power=0.8, eps1=1.1920929e-07, eps2=1e-3,
                                                   clip=1, weight_decay=0)),
}
# Rows and columns in memory. SOAP's are square where both sides turn, since L of one gradient has no basis of its own in
# what the gradient does not reach.
CASES = [
    ("muon", "torch", 4, 4, {}), ("muon", "book", 5, 3, {}), ("muon", "torch", 3, 7, dict(lr=0.1)),
    ("muon", "torch", 6, 3, dict(nesterov=False, momentum=0.5, weight_decay=0.5, lr=0.02)),
    ("muon", "torch", 3, 6, dict(polynomials="express", scale="match_rms_adamw", momentum=0.7)),
    ("muon", "torch", 6, 4, dict(polynomials="express", steps=8, weight_decay=0)),
    ("muon", "torch", 1, 6, dict(steps=3, eps=1e-3)),
    ("muon", "torch", 4, 4, dict(cautious=True, weight_decay_coupling="corrected", momentum=0.6)),
    ("shampoo", "torch", 4, 4, {}), ("shampoo", "book", 4, 5, dict(period=4)),
    ("shampoo", "torch", 4, 4, dict(period=1, graft="none", beta2=1, eps=1e-3, lr=0.01)),
    ("shampoo", "torch", 5, 7, dict(period=3, block=3, beta2=0.9, eps=1e-4, beta1=0.5)),
    ("shampoo", "torch", 6, 3, dict(period=2, graft="sgd", eps=1e-2, weight_decay=0.5)),
    ("shampoo", "torch", 7, 2, dict(period=5, block=4, graft_beta2=0.7, graft_eps=1e-3, eps=1e-2, beta2=1)),
    ("shampoo", "torch", 3, 3, dict(period=2, cautious=True, weight_decay=0.1, weight_decay_coupling="fixed")),
    ("soap", "torch", 4, 4, {}), ("soap", "book", 3, 3, dict(period=1)),
    ("soap", "torch", 5, 5, dict(period=3, beta1=0.7, beta2=0.9, shampoo_beta=0.8, weight_decay=0.5, lr=0.01)),
    ("soap", "torch", 6, 3, dict(period=2, max_side=4, eps=1e-3)),
    ("soap", "torch", 3, 6, dict(period=2, max_side=4)),
    ("soap", "torch", 4, 4, dict(period=2, cautious=True, weight_decay_coupling="schedule")),
    ("adafactor", "torch", 4, 5, {}), ("adafactor", "book", 5, 4, {}), ("adafactor", "torch", 7, 1, {}),
    ("adafactor", "torch", 4, 4, dict(eps1=0.9)), ("adafactor", "torch", 5, 1, dict(eps1=0.5, power=0.3)),
    ("adafactor", "torch", 3, 7, dict(lr=0.5, weight_decay=0.1, clip=1.1)), ("adafactor", "torch", 1, 6, dict(power=0.5)),
    ("adafactor", "book", 6, 1, dict(lr=2, eps2=10, clip=0.7)), ("adafactor", "book", 6, 3, dict(eps1=0.5, clip=3, power=1.2)),
    ("adafactor", "torch", 4, 4, dict(cautious=True, weight_decay=0.2, weight_decay_coupling="fixed")),
]


def walk(function, o, rates, theta, grads):
    s, path = {}, []
    for t in range(1, STEPS + 1):
        theta = function(o, grads[t - 1], theta, rates[t - 1], t, s)
        path.append((theta.copy(), {k: np.copy(v) for k, v in s.items() if isinstance(v, np.ndarray)}))
    return path


def torch_muon(torch, o, rates, theta, grads):
    """torch.optim.Muon in f64: its cast to bf16 is turned off. None where an option is not PyTorch's."""
    if o["polynomials"] != "quintic" or o["cautious"]:
        return None
    p, cast = torch.nn.Parameter(torch.tensor(theta.T)), torch.Tensor.bfloat16
    names = ("lr", "momentum", "nesterov", "eps", "weight_decay")
    opt = torch.optim.Muon([p], ns_steps=o["steps"], adjust_lr_fn=o["scale"], **{k: o[k] for k in names})
    torch.Tensor.bfloat16 = lambda x: x.clone()
    path = []
    for rate, g in zip(rates, grads):
        opt.param_groups[0]["lr"], p.grad = float(rate), torch.tensor(g.T)
        opt.step()
        path.append(p.detach().numpy().T.copy())
    torch.Tensor.bfloat16 = cast
    return path


def torch_adafactor(torch, o, rates, theta, grads):
    """torch.optim.Adafactor in f64, of the transpose; None where an option or the formula is not PyTorch's."""
    if o["book"] or o["cautious"] or o["clip"] < 1:
        return None
    turn = lambda x: torch.tensor(x.T.ravel() if min(x.shape) < 2 else x.T)
    p = torch.nn.Parameter(turn(theta))
    opt = torch.optim.Adafactor([p], beta2_decay=-o["power"], eps=(o["eps1"], o["eps2"]), d=o["clip"],
                                weight_decay=o["weight_decay"], foreach=False)
    path = []
    for rate, g in zip(rates, grads):
        opt.param_groups[0]["lr"], p.grad = float(rate), turn(g)
        opt.step()
        path.append(p.detach().numpy().reshape(theta.T.shape).T.copy())
    return path


def numbers(x):
    return " ".join(float(v).hex() for v in x)


def same(old, new):
    """Words equal, numbers to 1e-9 of the largest: eigenvectors may differ in their last digits between machines."""
    def equal(a, b):
        return a == b or ("0x" in a and "0x" in b and abs(float.fromhex(a) - float.fromhex(b)) <= 1e-9 * max(1, abs(float.fromhex(b))))
    return len(old) == len(new) and all(map(equal, old, new))


def difference(paths, path):
    return max(np.abs(a - b[0]).max() for a, b in zip(paths, path))


def main():
    start, draws = inputs()
    try:
        import torch
    except ImportError:
        torch = None
        print("PyTorch is missing: Muon not compared with torch.optim")
    lines = [f"inputs {STEPS} {MOST}", numbers(start)] + [numbers(g) for g in draws]
    compared, worst = 0, 0
    for rule, dialect, rows, cols, given in CASES:
        first, second, defaults = RULES[rule]
        o = {**defaults, **(dict(eps1=1e-30) if (rule, dialect) == ("adafactor", "book") else {}), **given, "book": dialect == "book"}
        rates, n = o["lr"] * FACTOR, rows * cols
        theta, grads = start[:n].reshape(rows, cols), draws[:, :n].reshape(-1, rows, cols)
        path = walk(first, o, rates, theta, grads)
        others = [[p[0] for p in walk(second, o, rates, theta, grads)]]
        if torch and rule == "muon":
            others += [torch_muon(torch, o, rates, theta, grads)]
        if torch and rule == "adafactor":
            torch.set_default_dtype(torch.float64)  # step counts too
            others += [torch_adafactor(torch, o, rates, theta, grads)]
        for other in others:
            if other is None:
                continue
            compared, off = compared + 1, difference(other, path)
            worst = max(worst, off)
            if off > 1e-9:
                sys.exit(f"{rule} {rows}x{cols} {given}: two formulations differ by {off:.3g}")
        options = ",".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in given.items())
        names = sorted(path[0][1])
        lines += [f"case {rule}{f'({options})' if options else ''} {dialect} {rows} {cols}", numbers(rates), " ".join(["states", str(len(names))] + names)]
        for th, s in path:
            lines.append(numbers(np.concatenate([th.ravel()] + [s[k].ravel() for k in names])))
    out, path = "\n".join(lines) + "\nend\n", os.path.join(HERE, "matrix.txt")
    if "--check" in sys.argv:
        sys.exit(0 if same(open(path).read().split(), out.split()) else "tests/golden/matrix.txt is not what this script writes")
    open(path, "w").write(out)
    print(f"{len(CASES)} trajectories, {compared} comparisons; largest difference {worst:.2g}")


if __name__ == "__main__":
    main()
