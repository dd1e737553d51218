"""Oracle of the rules beyond the book: one step each in f64 numpy, and for those that PyTorch lacks a second formulation
that shares nothing with the first: moments as sums over the whole history instead of recursions."""
import math

import numpy as np


def kept(s, name, like, start=0.0):
    return s.setdefault(name, np.full_like(like, start))


def moments(o, g, s, zero):
    s["m"] = o["beta1"] * s.get("m", zero) + (1 - o["beta1"]) * g
    s["v"] = o["beta2"] * s.get("v", zero) + (1 - o["beta2"]) * g**2
    return s["m"], s["v"]


def decayed(o, g, theta, lr):
    """Gradient and theta after the decay that the options ask for."""
    if o.get("decoupled_weight_decay"):
        return g, theta - lr * o["weight_decay"] * theta
    return g + o["weight_decay"] * theta, theta


def adadelta(o, g, theta, lr, t, s):
    g, rho, eps = g + o["weight_decay"] * theta, o["rho"], o["eps"]
    u = kept(s, "u", g)
    s["v"] = rho * kept(s, "v", g) + (1 - rho) * g**2
    d = np.sqrt(u + eps) / np.sqrt(s["v"] + eps) * g
    s["u"] = rho * u + (1 - rho) * d**2
    return theta - lr * d


def rprop(o, g, theta, lr, t, s):
    p, h = kept(s, "p", g), kept(s, "h", g, o["lr"])
    turn = np.sign(g) * np.sign(p)
    eta = np.choose(turn.astype(int) + 1, [o["eta_minus"], 1.0, o["eta_plus"]])
    s["h"] = np.clip(h * eta, o["step_min"], o["step_max"])
    s["p"] = np.where(turn < 0, 0.0, g)
    return theta - np.sign(s["p"]) * s["h"]


def adamax(o, g, theta, lr, t, s):
    g = g + o["weight_decay"] * theta
    s["m"] = o["beta1"] * kept(s, "m", g) + (1 - o["beta1"]) * g
    s["u"] = np.maximum(o["beta2"] * kept(s, "u", g), np.abs(g) + o["eps"])
    return theta - lr / (1 - o["beta1"] ** t) * s["m"] / s["u"]


def nadam(o, g, theta, lr, t, s):
    g, theta = decayed(o, g, theta, lr)
    m, v = moments(o, g, s, np.zeros_like(g))
    b1 = o["beta1"]
    root = np.sqrt(v / (1 - o["beta2"] ** t)) + o["eps"]
    if o["book"]:
        return theta - lr * ((1 - b1) * g / (1 - b1**t) + b1 * m / (1 - b1 ** (t + 1))) / root
    mu = [b1 * (1 - 0.5 * 0.96 ** (i * o["momentum_decay"])) for i in range(1, t + 2)]
    return theta - lr * ((1 - mu[-2]) / (1 - math.prod(mu[:-1])) * g + mu[-1] / (1 - math.prod(mu)) * m) / root


def radam(o, g, theta, lr, t, s):
    g, theta = decayed(o, g, theta, lr)
    m, v = moments(o, g, s, np.zeros_like(g))
    b2, mhat = o["beta2"], m / (1 - o["beta1"] ** t)
    end = 2 / (1 - b2) - 1
    rho = end - 2 * t * b2**t / (1 - b2**t)
    if rho <= 5:
        return theta - lr * mhat
    r = math.sqrt((rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho))
    return theta - lr * mhat * r * math.sqrt(1 - b2**t) / (np.sqrt(v) + o["eps"])


def adabelief(o, g, theta, lr, t, s):
    b1, b2, eps = o["beta1"], o["beta2"], o["eps"]
    s["m"] = b1 * kept(s, "m", g) + (1 - b1) * g
    s["s"] = b2 * kept(s, "s", g) + (1 - b2) * (g - s["m"]) ** 2 + eps
    step = s["m"] / (1 - b1**t) / (np.sqrt(s["s"] / (1 - b2**t)) + eps)
    return theta - lr * (step + o["weight_decay"] * theta)


def yogi(o, g, theta, lr, t, s):
    b1, b2 = o["beta1"], o["beta2"]
    v = kept(s, "v", g, o["initial_accumulator_value"])
    s["m"] = b1 * kept(s, "m", g) + (1 - b1) * g
    s["v"] = v - (1 - b2) * np.sign(v - g**2) * g**2
    c1, c2 = (1, 1) if o["book"] else (1 - b1**t, 1 - b2**t)
    return theta - lr * (s["m"] / c1 / (np.sqrt(s["v"] / c2) + o["eps"]) + o["weight_decay"] * theta)


def lion(o, g, theta, lr, t, s):
    m = kept(s, "m", g)
    way = np.sign(o["beta1"] * m + (1 - o["beta1"]) * g)
    s["m"] = o["beta2"] * m + (1 - o["beta2"]) * g
    return theta - lr * (way + o["weight_decay"] * theta)


def signsgd(o, g, theta, lr, t, s):
    if o["momentum"]:
        g = s["m"] = o["momentum"] * kept(s, "m", g) + (1 - o["momentum"]) * g
    return theta - lr * (np.sign(g) + o["weight_decay"] * theta)


def slow_decay(o, t):
    """Where 1 / ln b lies between 1 / ln b1 and 1 / ln b3: by half-lives, as the paper derives it."""
    span, half = o["slow_warmup"], lambda b: math.log(0.5) / math.log(b)
    if t >= span:
        return o["beta3"]
    return 0.5 ** (1 / (half(o["beta1"]) * (1 - t / span) + half(o["beta3"]) * t / span))


def ademamix(o, g, theta, lr, t, s):
    b1, b2, b3 = o["beta1"], o["beta2"], slow_decay(o, t)
    a = o["alpha"] * (min(t / o["alpha_warmup"], 1) if o["alpha_warmup"] else 1)
    s["m1"] = b1 * kept(s, "m1", g) + (1 - b1) * g
    s["m2"] = b3 * kept(s, "m2", g) + (1 - b3) * g
    s["v"] = b2 * kept(s, "v", g) + (1 - b2) * g**2
    root = np.sqrt(s["v"] / (1 - b2**t)) + o["eps"]
    return theta - lr * ((s["m1"] / (1 - b1**t) + a * s["m2"]) / root + o["weight_decay"] * theta)


def adopt(o, g, theta, lr, t, s):
    m, v = kept(s, "m", g), kept(s, "v", g)
    if t == 1:
        s["v"] = g**2
        return theta
    bound = (t - 1) ** 0.25
    n = np.clip(g / np.maximum(np.sqrt(v), o["eps"]), -bound, bound)
    s["m"] = o["beta1"] * m + (1 - o["beta1"]) * n
    s["v"] = o["beta2"] * v + (1 - o["beta2"]) * g**2
    return theta - lr * (s["m"] + o["weight_decay"] * theta)


def schedule_free(o, g, theta, lr, t, s):
    b = o.get("beta1", o.get("momentum"))
    d = kept(s, "d", g)  # z - x, kept as such: the difference of the two would lose its digits
    y, way = theta + (1 - b) * d, g
    if "beta2" in o:
        s["v"] = o["beta2"] * kept(s, "v", g) + (1 - o["beta2"]) * g**2
        way = g / (np.sqrt(s["v"] / (1 - o["beta2"] ** t)) + o["eps"])
    d = d - lr * (way + o["weight_decay"] * y)
    o["most"] = max(o.get("most", 0), lr)
    w = t ** o["r"] * o["most"] ** 2
    o["sum"] = o.get("sum", 0) + w
    s["d"] = (1 - w / o["sum"]) * d
    return theta + w / o["sum"] * d


def prodigy(o, g, theta, lr, t, s):
    b1, b2, q, d0 = o["beta1"], o["beta2"], math.sqrt(o["beta2"]), o["d0"]
    d, p = s.get("d", np.full(1, d0)), kept(s, "p", g)
    k = d * lr
    s["num"] = q * s.get("num", np.zeros(1)) + d / d0 * k * np.dot(g, p)
    s["s"] = q * kept(s, "s", g) + d / d0 * k * g
    s["m"] = b1 * kept(s, "m", g) + (1 - b1) * d * g
    s["v"] = b2 * kept(s, "v", g) + (1 - b2) * d**2 * g**2
    s["d"] = np.maximum(d, o["d_coef"] * s["num"] / np.abs(s["s"]).sum())
    step = k * s["m"] / (np.sqrt(s["v"]) + s["d"] * o["eps"]) + k * o["weight_decay"] * theta
    s["p"] = p + step
    return theta - step


def d_adaptation(o, g, theta, lr, t, s):
    b1, b2, q = o["beta1"], o["beta2"], math.sqrt(o["beta2"])
    d, v, old = s.get("d", np.full(1, o["d0"])), kept(s, "v", g), kept(s, "s", g)
    k = d * lr * math.sqrt(1 - b2**t) / (1 - b1**t)
    s["num"] = q * s.get("num", np.zeros(1)) + (1 - q) * k * np.dot(g, old / (np.sqrt(v) + o["eps"]))
    s["m"] = b1 * kept(s, "m", g) + (1 - b1) * k * g
    s["v"] = b2 * v + (1 - b2) * g**2
    s["s"] = q * old + (1 - q) * k * g
    s["d"] = np.maximum(d, s["num"] / ((1 - q) * np.abs(s["s"]).sum()))
    return theta - s["m"] / (np.sqrt(s["v"]) + o["eps"]) - k * o["weight_decay"] * theta


def ratio(a, b):
    return a / b if a > 0 and b > 0 else 1.0


def lars(o, g, theta, lr, t, s):
    size, slope, l = np.linalg.norm(theta), np.linalg.norm(g), o["weight_decay"]
    local = ratio(o["eta"] * size, slope + l * size) if slope > 0 else 1.0
    s["v"] = o["momentum"] * kept(s, "v", g) + lr * local * (g + l * theta)
    return theta - s["v"]


def lamb(o, g, theta, lr, t, s):
    m, v = moments(o, g, s, np.zeros_like(g))
    u = m / (1 - o["beta1"] ** t) / (np.sqrt(v / (1 - o["beta2"] ** t)) + o["eps"]) + o["weight_decay"] * theta
    return theta - lr * ratio(np.linalg.norm(theta), np.linalg.norm(u)) * u


ADAM = dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0)
RULES = {
    "adadelta": (adadelta, dict(lr=1, rho=0.9, eps=1e-6, weight_decay=0)),
    "rprop": (rprop, dict(lr=1e-2, eta_minus=0.5, eta_plus=1.2, step_min=1e-6, step_max=50)),
    "adamax": (adamax, dict(ADAM, lr=2e-3)),
    "nadam": (nadam, dict(ADAM, lr=2e-3, momentum_decay=4e-3, decoupled_weight_decay=False)),
    "radam": (radam, dict(ADAM, decoupled_weight_decay=False)),
    "adabelief": (adabelief, dict(ADAM, eps=1e-16)),
    "yogi": (yogi, dict(ADAM, lr=1e-2, eps=1e-3, initial_accumulator_value=1e-6)),
    "lion": (lion, dict(lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0)),
    "signsgd": (signsgd, dict(lr=1e-3, momentum=0, weight_decay=0)),
    "signum": (signsgd, dict(lr=1e-3, momentum=0.9, weight_decay=0)),
    "ademamix": (ademamix, dict(ADAM, beta3=0.9999, alpha=5, alpha_warmup=0, slow_warmup=0)),
    "adopt": (adopt, dict(ADAM, beta2=0.9999, eps=1e-6)),
    "schedule-free-sgd": (schedule_free, dict(lr=1, momentum=0.9, r=0, weight_decay=0)),
    "schedule-free-adamw": (schedule_free, dict(ADAM, lr=2.5e-3, r=0)),
    "lars": (lars, dict(lr=1, momentum=0.9, eta=1e-3, weight_decay=0)),
    "lamb": (lamb, dict(ADAM, eps=1e-6)),
    "d-adaptation": (d_adaptation, dict(ADAM, lr=1, d0=1e-6)),
    "prodigy": (prodigy, dict(ADAM, lr=1, d0=1e-6, d_coef=1)),
}

CASES = [
    ("adadelta", "torch", dict(rho=0.7, eps=1e-3, weight_decay=0.1)),
    ("rprop", "torch", dict(eta_minus=0.3, eta_plus=1.5, step_min=0.005, step_max=0.015)),
    ("adamax", "torch", dict(beta2=0.7, weight_decay=0.1, eps=1e-3)),
    ("nadam", "torch", dict(momentum_decay=0.5, weight_decay=0.1)),
    ("nadam", "torch", dict(decoupled_weight_decay=True, weight_decay=0.5, beta1=0.5)),
    ("radam", "torch", dict(beta2=0.9, weight_decay=0.1)),
    ("radam", "torch", dict(beta2=0.9, weight_decay=0.5, decoupled_weight_decay=True, eps=1e-3)),
    ("adabelief", "torch", dict(eps=1e-4, weight_decay=0.5, beta2=0.9)),
    ("yogi", "torch", dict(beta2=0.7, weight_decay=0.5, initial_accumulator_value=0.1)),
    ("lion", "torch", dict(beta1=0.5, beta2=0.7, weight_decay=0.5, lr=0.01)),
    ("signum", "torch", dict(momentum=0.5, weight_decay=0.5)),
    ("ademamix", "torch", dict(alpha_warmup=10, slow_warmup=15, beta3=0.99, alpha=8, weight_decay=0.5)),
    ("adopt", "torch", dict(beta2=0.7, eps=1e-2, weight_decay=0.5)),
    ("schedule-free-sgd", "torch", dict(lr=0.01, momentum=0.5, r=2, weight_decay=0.5)),
    ("d-adaptation", "torch", dict(d0=1e-2, beta2=0.9, weight_decay=0.1)),
    ("lars", "torch", dict(eta=0.01, momentum=0.5, weight_decay=0.5)),
    ("lamb", "torch", dict(beta2=0.9, weight_decay=0.5, lr=0.01)),
    ("prodigy", "torch", dict(d0=1e-3, d_coef=2, beta2=0.9, weight_decay=0.1)),
    ("schedule-free-adamw", "torch", dict(lr=0.01, beta1=0.7, beta2=0.9, r=1, weight_decay=0.5)),
]


# ---- the second formulation ----------------------------------------------------------------------------------------


def ema(decay, xs):
    """sum_i (1 - decay) decay^(n - i) x_i for a number, or for one decay a step."""
    decays = np.broadcast_to(decay, len(xs))
    return sum(x * (1 - decays[i]) * np.prod(decays[i + 1:]) for i, x in enumerate(xs))


def unbiased(decay, xs):
    """The same weights, made to add up to 1."""
    return ema(decay, xs) / ema(decay, [1.0] * len(xs))


def again_adabelief(o, gs, t):
    b2, eps = o["beta2"], o["eps"]
    off = [(g - ema(o["beta1"], gs[:i + 1])) ** 2 for i, g in enumerate(gs)]
    s = ema(b2, [x + eps / (1 - b2) for x in off]) / (1 - b2**t)
    return unbiased(o["beta1"], gs) / (s**0.5 + eps)


def again_yogi(o, gs, t):
    v = np.full_like(gs[0], o["initial_accumulator_value"])
    for g in gs:
        move = (1 - o["beta2"]) * g * g
        v = np.where(v > g * g, v - move, np.where(v < g * g, v + move, v))
    if o["book"]:
        return ema(o["beta1"], gs) / (v**0.5 + o["eps"])
    return unbiased(o["beta1"], gs) / ((v / ema(o["beta2"], [1.0] * t)) ** 0.5 + o["eps"])


def again_lion(o, gs, t):
    past = ema(o["beta2"], gs[:-1]) if t > 1 else 0
    mixed = past * o["beta1"] + gs[-1] * (1 - o["beta1"])
    return (mixed > 0) * 1.0 - (mixed < 0) * 1.0


def again_signsgd(o, gs, t):
    m = ema(o["momentum"], gs)
    return (m > 0) * 1.0 - (m < 0) * 1.0


def again_ademamix(o, gs, t):
    u1, u3, span = 1 / math.log(o["beta1"]), 1 / math.log(o["beta3"]), o["slow_warmup"]
    b3 = [math.exp(1 / (u1 + (u3 - u1) * min(i / span, 1))) if span else o["beta3"] for i in range(1, t + 1)]
    a = o["alpha"] * (1 if t >= o["alpha_warmup"] else t / o["alpha_warmup"])
    root = unbiased(o["beta2"], [g * g for g in gs]) ** 0.5 + o["eps"]
    return (unbiased(o["beta1"], gs) + a * ema(b3, gs)) / root


def again_adopt(o, gs, t):
    if t == 1:
        return None
    ns, b2 = [], o["beta2"]
    for i in range(1, t):
        v = b2 ** (i - 1) * gs[0] ** 2 + (ema(b2, [g * g for g in gs[1:i]]) if i > 1 else 0)
        k = math.sqrt(math.sqrt(i))
        ns.append(np.maximum(-k, np.minimum(k, gs[i] / np.maximum(v**0.5, o["eps"]))))
    return ema(o["beta1"], ns)


def again_schedule_free(o, rates, theta, grads):
    """As the authors' code stores it: y and z, the average x recovered from them; weights from the whole history."""
    b, y, z, path = o.get("beta1", o.get("momentum")), theta, theta, []
    for t in range(1, len(grads) + 1):
        w = [i ** o["r"] * max(rates[:i]) ** 2 for i in range(1, t + 1)]
        c, lr, way = w[-1] / sum(w), rates[t - 1], grads[t - 1]
        if "beta2" in o:
            way = way / (unbiased(o["beta2"], [g * g for g in grads[:t]]) ** 0.5 + o["eps"])
        way = way + o["weight_decay"] * y
        y = (1 - c) * y + c * z + lr * (b * (1 - c) - 1) * way
        z = z - lr * way
        path.append((y - (1 - b) * z) / b)
    return path


def again_prodigy(o, rates, theta, grads):
    """As sums over the history, with theta_0 - theta taken as it is written."""
    start, q, b2, d, path, ds = theta, math.sqrt(o["beta2"]), o["beta2"], o["d0"], [], []
    dots = []
    for t in range(1, len(grads) + 1):
        ds.append(d)
        lrs, g = rates[:t], grads[:t]
        dots.append(float(g[-1] @ (start - theta)))
        w = [q ** (t - 1 - i) * ds[i] ** 2 * lrs[i] / o["d0"] for i in range(t)]
        up, down = sum(x * y for x, y in zip(w, dots)), np.abs(sum(x * y for x, y in zip(w, g))).sum()
        k, d = d * rates[t - 1], max(d, o["d_coef"] * up / down)
        m, v = ema(o["beta1"], [a * x for a, x in zip(ds, g)]), ema(b2, [(a * x) ** 2 for a, x in zip(ds, g)])
        theta = theta - k * (m / (v**0.5 + d * o["eps"]) + o["weight_decay"] * theta)
        path.append(theta)
    return path


def again_d_adaptation(o, rates, theta, grads):
    q, b2, d, path, ks, dots = math.sqrt(o["beta2"]), o["beta2"], o["d0"], [], [], []
    for t in range(1, len(grads) + 1):
        g = grads[:t]
        past = ema(q, [k * x for k, x in zip(ks, g)]) / (ema(b2, [x * x for x in g[:-1]]) ** 0.5 + o["eps"]) if ks else 0 * g[0]
        ks.append(d * rates[t - 1] * (1 - b2**t) ** 0.5 / (1 - o["beta1"] ** t))
        dots.append(ks[-1] * float((g[-1] * past).sum()))
        scaled = [k * x for k, x in zip(ks, g)]
        d = max(d, ema(q, dots) / (1 - q) / float(np.abs(ema(q, scaled)).sum()))
        step = ema(o["beta1"], scaled) / (ema(b2, [x * x for x in g]) ** 0.5 + o["eps"])
        theta = theta * (1 - ks[-1] * o["weight_decay"]) - step
        path.append(theta)
    return path


def again_by_norms(o, rates, theta, grads):
    """Lengths as roots of dot products; LARS's velocity as a sum over the history."""
    path, pushes, l = [], [], o["weight_decay"]
    for t in range(1, len(grads) + 1):
        g = grads[t - 1]
        if o["rule"] == "lars":
            a, c = (theta @ theta) ** 0.5, (g @ g) ** 0.5
            pushes.append(rates[t - 1] * o["eta"] / (c / a + l) * (g + l * theta))
            theta = theta - sum(o["momentum"] ** (t - 1 - i) * x for i, x in enumerate(pushes))
        else:
            root = unbiased(o["beta2"], [x * x for x in grads[:t]]) ** 0.5 + o["eps"]
            u = unbiased(o["beta1"], list(grads[:t])) / root + l * theta
            theta = theta - rates[t - 1] * u * ((theta @ theta) / (u @ u)) ** 0.5
        path.append(theta)
    return path


AGAIN = {
    "adabelief": again_adabelief, "yogi": again_yogi, "lion": again_lion, "signsgd": again_signsgd,
    "signum": again_signsgd, "ademamix": again_ademamix, "adopt": again_adopt, "schedule-free-sgd": again_schedule_free, "prodigy": again_prodigy, "lars": again_by_norms, "lamb": again_by_norms,
    "d-adaptation": again_d_adaptation,
    "schedule-free-adamw": again_schedule_free,
}


def again(o, rates, theta, grads):
    """Path of theta by the second formulation: decoupled decay, then the step."""
    path = []
    if o["rule"] in ("lars", "lamb"):
        return again_by_norms(o, rates, theta, grads)
    if o["rule"] == "d-adaptation":
        return again_d_adaptation(o, rates, theta, grads)
    if o["rule"] == "prodigy":
        return again_prodigy(o, rates, theta, grads)
    if o["rule"].startswith("schedule-free"):
        return again_schedule_free(o, rates, theta, grads)
    for t in range(1, len(grads) + 1):
        step = AGAIN[o["rule"]](o, list(grads[:t]), t)
        if step is not None:
            theta = theta * (1 - rates[t - 1] * o["weight_decay"]) - rates[t - 1] * step
        path.append(theta)
    return path


TORCH_STATES = {
    "adadelta.v": "square_avg", "adadelta.u": "acc_delta", "rprop.p": "prev", "rprop.h": "step_size",
    "adamax.m": "exp_avg", "adamax.u": "exp_inf", "nadam.m": "exp_avg", "nadam.v": "exp_avg_sq",
    "radam.m": "exp_avg", "radam.v": "exp_avg_sq",
}


def torch_optimizer(torch, o, p):
    """torch.optim's, or None where PyTorch has no such rule."""
    keys = {k: v for k, v in o.items() if k not in ("rule", "book", "beta1", "beta2")}
    if o["rule"] == "rprop":
        etas, sizes = (o["eta_minus"], o["eta_plus"]), (o["step_min"], o["step_max"])
        return torch.optim.Rprop([p], lr=o["lr"], etas=etas, step_sizes=sizes)
    if o["rule"] == "adadelta":
        return torch.optim.Adadelta([p], **keys)
    kind = {"adamax": "Adamax", "nadam": "NAdam", "radam": "RAdam"}.get(o["rule"])
    return getattr(torch.optim, kind)([p], betas=(o["beta1"], o["beta2"]), **keys) if kind else None
