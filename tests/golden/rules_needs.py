"""Oracle of the rules that need more than the gradient: what they ask for is made of the other steps' gradients, as
tests/test_rules.c does, so that nothing more has to be in the file. The second formulation has moments as sums over the
whole history."""
import numpy as np

grads = None  # set by rules.py before a trajectory


def loss(t):
    return 0.5 * (t % 5)


def drawn(t):
    """Gradient on labels drawn from the model, of 16 rows."""
    return grads[(t + 6) % len(grads)]


def diagonal(t):
    return grads[(t + 2) % len(grads)]


def second(t):
    """Gradient of step t's batch at the weights before."""
    return grads[(t + 4) % len(grads)]


def polyak(o, g, theta, lr, t, s):
    s["rate"] = np.array([min(max(loss(t) - o["fstar"], 0) / (o["c"] * np.sum(g**2) + o["eps"]), lr)])
    return theta - s["rate"] * g


def sophia(o, g, theta, lr, t, s):
    s["m"] = o["beta1"] * s.get("m", 0 * g) + (1 - o["beta1"]) * g
    s.setdefault("h", 0 * g)
    if (t - 1) % o["period"] == 0:
        e = 16 * drawn(t) ** 2 if o["estimator"] == "gnb" else diagonal(t)
        s["h"] = o["beta2"] * s["h"] + (1 - o["beta2"]) * e
    step = np.clip(s["m"] / np.maximum(o["gamma"] * s["h"], o["eps"]), -1, 1)
    return theta * (1 - lr * o["weight_decay"]) - lr * step


def mars(o, g, theta, lr, t, s):
    share = o["gamma"] * o["beta1"] / (1 - o["beta1"])
    before = g if t == 1 else second(t) if o["exact"] else s["previous"]
    c = g + share * (g - before)
    c = c / max(1, np.linalg.norm(c))
    if not o["exact"]:
        s["previous"] = g
    s["m"] = o["beta1"] * s.get("m", 0 * g) + (1 - o["beta1"]) * c
    theta = theta * (1 - lr * o["weight_decay"])
    if o["base"] == "lion":
        return theta - lr * np.sign(s["m"])
    s["v"] = o["beta2"] * s.get("v", 0 * g) + (1 - o["beta2"]) * c**2
    root = np.sqrt(s["v"] / (1 - o["beta2"] ** t)) + o["eps"]
    return theta - lr * s["m"] / (1 - o["beta1"] ** t) / root


RULES = {
    "polyak": (polyak, dict(lr=1, fstar=0, c=1, eps=0)),
    "sophia": (sophia, dict(lr=1e-3, beta1=0.96, beta2=0.99, estimator="hutchinson", period=10, gamma=0.01, eps=1e-12,
                            weight_decay=0)),
    "mars": (mars, dict(lr=3e-3, beta1=0.95, beta2=0.99, eps=1e-8, gamma=0.025, base="adamw", exact=False,
                        weight_decay=1e-2)),
}

CASES = [
    ("polyak", "torch", dict(fstar=0.5, lr=1e-3)),
    ("polyak", "torch", dict(c=0.5, eps=0.5)),
    ("sophia", "torch", dict(period=3, beta2=0.5, gamma=200.0, lr=0.01, weight_decay=0.1)),
    ("sophia", "torch", dict(estimator="gnb", period=4, beta1=0.5, gamma=2.0, lr=0.01)),
    ("sophia", "torch", dict(period=1, beta2=0.0, beta1=0.0, gamma=1.0, lr=1.0)),
    ("mars", "torch", dict(exact=True, gamma=0.5)),
    ("mars", "torch", dict(weight_decay=0.1, weight_decay_coupling="schedule")),
    ("sophia", "torch", dict(estimator="gnb", period=4, weight_decay=0.1, weight_decay_coupling="fixed", cautious=True)),
    ("mars", "torch", dict(base="lion", beta1=0.5, weight_decay=0.1)),
]


def asks(rule, given):
    """Whether more than gradients is needed."""
    return rule in RULES and (rule != "mars" or given.get("exact", False))


def average(beta, xs):
    """Sum of (1 - beta) beta^age x."""
    return sum((1 - beta) * beta ** (len(xs) - 1 - i) * x for i, x in enumerate(xs))


def again_step(o, t, lr):
    """What is taken from theta in step t, decay apart."""
    seen = list(grads[:t])
    if o["rule"] == "polyak":
        return np.minimum(lr, max(0, loss(t) - o["fstar"]) / (o["eps"] + o["c"] * seen[-1] @ seen[-1])) * seen[-1]
    if o["rule"] == "sophia":
        marks = range(1, t + 1, o["period"])
        h = average(o["beta2"], [16 * drawn(i) ** 2 if o["estimator"] == "gnb" else diagonal(i) for i in marks])
        m, bound = average(o["beta1"], seen), np.maximum(o["gamma"] * h, o["eps"])
        return lr * np.sign(m) * np.minimum(np.abs(m), bound) / bound
    k = o["gamma"] / (1 / o["beta1"] - 1)
    befores = [seen[0]] + ([second(i) for i in range(2, t + 1)] if o["exact"] else seen[:-1])
    cs = [(1 + k) * g - k * p for g, p in zip(seen, befores)]
    cs = [c / max(1, (c @ c) ** 0.5) for c in cs]
    m = average(o["beta1"], cs)
    if o["base"] == "lion":
        return lr * np.sign(m)
    v = average(o["beta2"], [c * c for c in cs]) / (1 - o["beta2"] ** t)
    return lr * m / (1 - o["beta1"] ** t) / (o["eps"] + v**0.5)


def again(o, rates, theta, _):
    path = []
    for t in range(1, len(grads) + 1):
        lr = rates[t - 1]
        theta = theta - lr * o.get("weight_decay", 0) * theta - again_step(o, t, lr)
        path.append(theta)
    return path
