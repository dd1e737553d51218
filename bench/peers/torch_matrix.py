"""PyTorch's half of the benchmark of rules for matrices: the update alone, on the matrices of a network.

usage: torch_matrix.py RULE NETWORK THREADS     RULE: muon | muon-f32 | shampoo | soap; NETWORK: mlp | resnet20
stdin: one number of steps a line; stdout: "ready", then per line the mean of their times in ms.

muon is torch.optim.Muon as it comes, which multiplies in bf16; muon-f32 the same with that cast turned off. Shampoo follows
Distributed Shampoo: blocks of at most 256, EMA statistics, grafting from Adam, roots by eigh every 100 steps; blocks of one
shape are stacked and multiplied together. SOAP follows its authors' code, in products of matrices: the first moment is
kept rotated and turned back and forth, QR every 10 steps. Kernels of convolutions are [outputs, inputs x 9].
"""
import sys
import time

import torch


def shapes(network):
    if network == "mlp":
        return [(512, 784), (512, 512), (10, 512)]
    found, m = [(16, 27)], 16
    for n in (16, 32, 64):
        for _ in range(3):
            found += [(n, 9 * m), (n, 9 * n)] + ([(n, m)] if m != n else [])
            m = n
    return found + [(10, 64)]


class Shampoo:
    def __init__(self, parameters, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-12, block=256, period=100):
        self.lr, self.b1, self.b2, self.eps, self.period, self.t = lr, beta1, beta2, eps, period, 0
        cut = [b for p in parameters for row in p.data.split(block, 0) for b in row.split(block, 1)]
        grads = [b for p in parameters for row in p.grad.split(block, 0) for b in row.split(block, 1)]
        self.groups = []
        for shape in sorted({b.shape for b in cut}):
            at = [i for i, b in enumerate(cut) if b.shape == shape]
            rows, cols = shape
            x = torch.zeros(len(at), rows, cols)
            zeros = lambda n: torch.zeros(len(at), n, n)
            self.groups.append(dict(blocks=[cut[i] for i in at], grads=[grads[i] for i in at], m=x, v=x.clone(),
                                    L=zeros(rows), R=zeros(cols), PL=zeros(rows), PR=zeros(cols)))

    def root(self, A):
        w, V = torch.linalg.eigh(A / (1 - self.b2**self.t))
        w = w - w.amin(-1, keepdim=True).clamp(max=0) + self.eps
        return (V * w.pow(-0.25).unsqueeze(-2)) @ V.transpose(-1, -2)

    @torch.no_grad()
    def step(self):
        self.t += 1
        for s in self.groups:
            g = torch.stack(s["grads"])
            s["L"].baddbmm_(g, g.transpose(1, 2), beta=self.b2, alpha=1 - self.b2)
            s["R"].baddbmm_(g.transpose(1, 2), g, beta=self.b2, alpha=1 - self.b2)
            s["m"].lerp_(g, 1 - self.b1)
            s["v"].mul_(self.b2).addcmul_(g, g, value=1 - self.b2)
            if self.t % self.period == 0:
                s["PL"], s["PR"] = self.root(s["L"]), self.root(s["R"])
            f = s["m"] / (1 - self.b1**self.t)
            d = a = f / (s["v"] / (1 - self.b2**self.t)).sqrt_().add_(1e-8)
            if self.t >= self.period:
                d = s["PL"] @ f @ s["PR"]
                d = d * (a.norm(dim=(1, 2), keepdim=True) / (d.norm(dim=(1, 2), keepdim=True) + 1e-16))
            torch._foreach_add_(s["blocks"], list(d.unbind()), alpha=-self.lr)


class Soap:
    def __init__(self, parameters, lr=3e-3, beta=0.95, eps=1e-8, decay=0.01, period=10):
        self.lr, self.b, self.eps, self.decay, self.period = lr, beta, eps, decay, period
        self.state = [dict(p=p, t=0) for p in parameters]

    def gather(self, s, g):
        s["L"].lerp_(g @ g.T, 1 - self.b)
        s["R"].lerp_(g.T @ g, 1 - self.b)

    def start(self, s, g):
        s["L"], s["R"] = torch.zeros(g.shape[0], g.shape[0]), torch.zeros(g.shape[1], g.shape[1])
        s["m"], s["v"] = torch.zeros_like(g), torch.zeros_like(g)
        self.gather(s, g)
        s["U"], s["W"] = (torch.linalg.eigh(A + 1e-30 * torch.eye(len(A)))[1].flip(1) for A in (s["L"], s["R"]))

    def turn(self, s):
        for A, Q, axis in (("L", "U", 0), ("R", "W", 1)):
            order = torch.argsort((s[Q].T @ s[A] @ s[Q]).diag(), descending=True)
            s["v"] = s["v"].index_select(axis, order)
            s[Q] = torch.linalg.qr(s[A] @ s[Q][:, order])[0]

    @torch.no_grad()
    def step(self):
        for s in self.state:
            g, p = s["p"].grad, s["p"].data
            if not s["t"]:
                self.start(s, g)
                s["t"] = 1
                continue
            x, k = s["U"].T @ g @ s["W"], s["t"]
            s["m"].mul_(self.b).add_(x, alpha=1 - self.b)
            s["v"].mul_(self.b).addcmul_(x, x, value=1 - self.b)
            rate = self.lr * (1 - self.b**k)**0.5 / (1 - self.b**k)
            p.add_(s["U"] @ (s["m"] / s["v"].sqrt().add_(self.eps)) @ s["W"].T, alpha=-rate)
            p.mul_(1 - self.lr * self.decay)
            s["m"] = s["U"] @ s["m"] @ s["W"].T
            self.gather(s, g)
            if k % self.period == 0:
                self.turn(s)
            s["m"] = s["U"].T @ s["m"] @ s["W"]
            s["t"] += 1


def main():
    rule, network, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    parameters = [torch.nn.Parameter(torch.randn(s)) for s in shapes(network)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    drawn = [[torch.randn_like(p) for p in parameters] for _ in range(16)]
    if rule == "muon-f32":
        torch.Tensor.bfloat16 = lambda x: x.clone()
    make = {"shampoo": Shampoo, "soap": Soap}.get(rule, torch.optim.Muon)
    opt = make(parameters)
    count = 0

    def steps(n):
        nonlocal count
        for _ in range(n):
            for p, g in zip(parameters, drawn[count % 16]):
                p.grad.copy_(g)
            count += 1
            opt.step()

    steps(3)
    print("ready", flush=True)
    for line in sys.stdin:
        t = time.perf_counter()
        steps(int(line))
        print((time.perf_counter() - t) / int(line) * 1e3, flush=True)


if __name__ == "__main__":
    main()
