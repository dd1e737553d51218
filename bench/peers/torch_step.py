"""PyTorch's half of the benchmark: one workload in one mode; answers a request for n steps with their median time.

usage: torch_step.py WORKLOAD MODE THREADS      MODE: eager | channels-last | compile | foreach
stdin: one number of steps a line; stdout: "ready", then per line "MEDIAN_MS MIN_MS" (and "HVP_RATIO FURTHER" for hvp).
The whole step is timed: zero the gradients, forward, loss, backward, update. Inputs are made once, as ours are.
"""
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def dense(*widths, act=nn.ReLU):
    layers = []
    for i, (m, n) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Linear(m, n)] + ([act()] if i < len(widths) - 2 else [])
    return nn.Sequential(*layers)


def cnn():
    layers = []
    for m, n in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(m, n, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, 256), nn.ReLU(), nn.Linear(256, 10))


class Residual(nn.Module):
    def __init__(self, m, n, stride):
        super().__init__()
        self.a, self.an = nn.Conv2d(m, n, 3, stride, 1, bias=False), nn.BatchNorm2d(n)
        self.b, self.bn = nn.Conv2d(n, n, 3, 1, 1, bias=False), nn.BatchNorm2d(n)
        self.shortcut = nn.Conv2d(m, n, 1, stride, bias=False) if m != n else nn.Identity()

    def forward(self, x):
        y = F.relu(self.an(self.a(x)))
        return F.relu(self.bn(self.b(y)) + self.shortcut(x))


def resnet20():
    layers, m = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for n in (16, 32, 64):
        for i in range(3):
            layers.append(Residual(m, n, 2 if i == 0 and n != 16 else 1))
            m = n
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


# name: model, shape of one example, batch, optimizer
WORKLOADS = {
    "tiny-32": (lambda: dense(10, 32, 32, 10, act=nn.Tanh), (10,), 32, "momentum"),
    "tiny-1": (lambda: dense(10, 32, 32, 10, act=nn.Tanh), (10,), 1, "momentum"),
    "softmax-128": (lambda: dense(784, 10), (784,), 128, "momentum"),
    "mlp-128": (lambda: dense(784, 512, 512, 10), (784,), 128, "adam"),
    "mlp-16": (lambda: dense(784, 512, 512, 10), (784,), 16, "adam"),
    "cnn-128": (cnn, (3, 32, 32), 128, "momentum"),
    "resnet20-128": (resnet20, (3, 32, 32), 128, "momentum"),
}


def optimizer(name, parameters, mode):
    how = {"foreach": True} if mode == "foreach" else {"fused": True}
    if name == "momentum":
        return torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, **how)
    make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return make(parameters, lr=1e-4, **how)


def training_step(workload, mode):
    make, shape, batch, rule = WORKLOADS[workload]
    model = make()
    x, y = torch.randn(batch, *shape), torch.randint(0, 10, (batch,))
    if mode == "channels-last":
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    opt = optimizer(rule, model.parameters(), mode)

    def objective(a, b):
        return F.cross_entropy(model(a), b)

    if mode == "compile":
        objective = torch.compile(objective)

    def step():
        opt.zero_grad(set_to_none=True)
        objective(x, y).backward()
        opt.step()

    return step


def adamw_step(mode):
    """25 million parameters in the shapes of a small transformer, gradients given."""
    sizes = [(1000, 1000)] * 20 + [(5000, 1000)]
    parameters = [nn.Parameter(torch.randn(s)) for s in sizes]
    for p in parameters:
        p.grad = torch.randn_like(p)
    opt = optimizer("adamw", parameters, mode)
    return opt.step


def curvature(steps):
    """Median time of a gradient, of a Hessian-vector product, and of a further one at the same point."""
    model = dense(784, 512, 512, 10)
    w = list(model.parameters())
    x, y = torch.randn(128, 784), torch.randint(0, 10, (128,))
    v = [torch.randn_like(p) for p in w]
    times = {"gradient": [], "product": [], "further": []}
    for _ in range(steps):
        t = time.perf_counter()
        torch.autograd.grad(F.cross_entropy(model(x), y), w)
        times["gradient"].append(time.perf_counter() - t)
        t = time.perf_counter()
        g = torch.autograd.grad(F.cross_entropy(model(x), y), w, create_graph=True)
        inner = sum((a * b).sum() for a, b in zip(g, v))
        torch.autograd.grad(inner, w, retain_graph=True)
        times["product"].append(time.perf_counter() - t)
        t = time.perf_counter()
        inner = sum((a * b).sum() for a, b in zip(g, v))
        torch.autograd.grad(inner, w, retain_graph=True)
        times["further"].append(time.perf_counter() - t)
    g, p, f = (statistics.median(times[k]) for k in ("gradient", "product", "further"))
    return g * 1e3, p / g, f / g


def main():
    workload, mode, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    if workload == "hvp":
        curvature(3)
        print("ready", flush=True)
        for line in sys.stdin:
            print(*curvature(int(line)), flush=True)
        return
    step = adamw_step(mode) if workload == "adamw-25m" else training_step(workload, mode)
    for _ in range(5):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            t = time.perf_counter()
            step()
            times.append(time.perf_counter() - t)
        print(statistics.median(times) * 1e3, min(times) * 1e3, flush=True)


if __name__ == "__main__":
    main()
