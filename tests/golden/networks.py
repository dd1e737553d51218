#!/usr/bin/env python3
"""Golden data of tests/test_nn.c: small networks in PyTorch, f64. Writes networks.safetensors beside this script.

For each network NAME: NAME.x [n, ...] (channels first), NAME.y, parameters NAME.p.*, a direction NAME.v.*, then what PyTorch
says: NAME.z (outputs with batch statistics), NAME.loss, NAME.grad.*, NAME.hv.*, NAME.gnv.*, running statistics after one
training step NAME.run.*, and NAME.eval (outputs with those).
"""
import json, os, struct

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))


class Net:
    """Batch norms take the batch's statistics, or with `running` the stored ones, and keep what they saw."""

    def __init__(self, p):
        self.p, self.running, self.seen = p, None, {}

    def norm(self, x, name):
        axes = [0] + list(range(2, x.dim()))
        n = x.numel() / x.shape[1]
        self.seen[name] = (x.mean(axes).detach(), (x.var(axes, unbiased=False) * n / max(n - 1, 1)).detach())
        if self.running:
            mean, var = (self.running[f"{name}.running_{k}"] for k in ("mean", "var"))
            return F.batch_norm(x, mean, var, self.p[name + ".weight"], self.p[name + ".bias"], training=False)
        return F.batch_norm(x, None, None, self.p[name + ".weight"], self.p[name + ".bias"], training=True)

    def conv(self, x, name, **k):
        return F.conv2d(x, self.p[name + ".weight"], self.p.get(name + ".bias"), **k)

    def dense(self, x, name):
        return F.linear(x, self.p[name + ".weight"], self.p.get(name + ".bias"))


def mlp(n, x):
    return n.dense(F.gelu(n.dense(torch.tanh(n.dense(x, "0")), "1")), "2")


def cnn(n, x):
    h = F.max_pool2d(F.relu(n.norm(n.conv(x, "0", padding=1), "0.norm")), 2)
    h = F.silu(n.conv(h, "2", padding=1, stride=2))
    h = F.softplus(n.conv(h, "4", padding=2, dilation=2, groups=2))
    h = F.avg_pool2d(h, 2, stride=1).flatten(1)
    h = F.elu(F.layer_norm(n.dense(h, "7"), (5,), n.p["7.norm.weight"], n.p["7.norm.bias"]))
    return n.dense(F.leaky_relu(n.norm(h, "8"), 0.2), "9")


def block(n, x, name, stride, shortcut):
    r = F.relu(n.norm(n.conv(x, name + ".0", padding=1, stride=stride), name + ".0.norm"))
    r = n.norm(n.conv(r, name + ".1", padding=1), name + ".1.norm")
    return F.relu(r + shortcut)


def resnet(n, x):
    h = F.relu(n.norm(n.conv(x, "0", padding=1), "0.norm"))
    h = block(n, h, "1", 1, h)
    h = block(n, h, "2", 1, h)
    h = block(n, h, "3", 2, n.conv(h, "3.shortcut", stride=2))
    h = block(n, h, "4", 2, F.pad(h[:, :, ::2, ::2], (0, 0, 0, 0, 0, 2)))
    return n.dense(h.mean((2, 3)), "6")


def norm_shapes(name, c):
    return {name + ".weight": (c,), name + ".bias": (c,)}


def block_shapes(name, a, b):
    return {name + ".0.weight": (b, a, 3, 3), **norm_shapes(name + ".0.norm", b), name + ".1.weight": (b, b, 3, 3), **norm_shapes(name + ".1.norm", b)}


NETS = {
    "mlp": (mlp, (7, 6), 3, 0.0, 0.0,
            {"0.weight": (5, 6), "0.bias": (5,), "1.weight": (4, 5), "1.bias": (4,), "2.weight": (3, 4), "2.bias": (3,)}),
    "cnn": (cnn, (4, 2, 10, 8), 3, 0.0, 0.0,
            {"0.weight": (4, 2, 3, 3), **norm_shapes("0.norm", 4), "2.weight": (6, 4, 3, 3), "2.bias": (6,), "4.weight": (4, 3, 3, 3), "4.bias": (4,),
             "7.weight": (5, 8), **norm_shapes("7.norm", 5), **norm_shapes("8", 5), "9.weight": (3, 5), "9.bias": (3,)}),
    "resnet": (resnet, (3, 3, 6, 6), 4, 0.1, 0.01,
               {"0.weight": (4, 3, 3, 3), **norm_shapes("0.norm", 4), **block_shapes("1", 4, 4), **block_shapes("2", 4, 4), **block_shapes("3", 4, 6),
                "3.shortcut.weight": (6, 4, 1, 1), "3.shortcut.bias": (6,), **block_shapes("4", 6, 8), "6.weight": (4, 8), "6.bias": (4,)}),
}


def products(net, forward, x, y, v, smoothing, l2):
    p, names = net.p, list(net.p)
    theta = [p[k].requires_grad_() for k in names]
    z = forward(net, x)
    # PyTorch reads 1-D names as biases and norms; the penalty is on weights alone.
    decay = l2 * sum((t * t).sum() for t in theta if t.dim() > 1)
    loss = F.cross_entropy(z, y, label_smoothing=smoothing) + decay
    g = torch.autograd.grad(loss, theta, create_graph=True)
    hv = torch.autograd.grad(sum((a * v[k]).sum() for a, k in zip(g, names)), theta, retain_graph=True)
    u = torch.zeros_like(z, requires_grad=True)
    ju = torch.autograd.grad(z, theta, u, create_graph=True)
    jv = torch.autograd.grad(sum((a * v[k]).sum() for a, k in zip(ju, names)), u)[0].detach()
    s = torch.softmax(z, 1).detach()
    gnv = torch.autograd.grad(z, theta, (s * jv - s * (s * jv).sum(1, keepdim=True)) / len(y))
    gnv = [a + (2 * l2 * v[k] if v[k].dim() > 1 else 0) for a, k in zip(gnv, names)]
    out = {"z": z, "loss": loss}
    for kind, values in (("grad", g), ("hv", hv), ("gnv", gnv)):
        out.update({f"{kind}.{k}": a for k, a in zip(names, values)})
    return out


def one(name, rng):
    forward, shape, classes, smoothing, l2, shapes = NETS[name]
    draw = lambda s, scale: torch.tensor(scale * rng.standard_normal(s))
    x, y = draw(shape, 1.0), torch.tensor(rng.integers(0, classes, shape[0]))
    # Gains around 1, everything else around 0.
    p = {k: draw(s, 0.4) + (1 if len(s) == 1 and k.endswith("weight") else 0) for k, s in shapes.items()}
    v = {k: draw(s, 1.0) for k, s in shapes.items()}
    net = Net(p)
    out = {"x": x, "y": y, **{"p." + k: a.clone() for k, a in p.items()}, **{"v." + k: a for k, a in v.items()}}
    out.update(products(net, forward, x, y, v, smoothing, l2))
    if net.seen:
        net.running = {}
        for k, (mean, var) in net.seen.items():
            net.running[k + ".running_mean"] = 0.1 * mean
            net.running[k + ".running_var"] = 0.9 + 0.1 * var
        out.update({"run." + k: a for k, a in net.running.items()})
    out["eval"] = forward(net, x)
    return {f"{name}.{k}": a.detach().numpy() for k, a in out.items()}


def write(path, tensors):
    header, blob = {}, b""
    for name, a in tensors.items():  # labels too: as numbers
        raw = np.ascontiguousarray(a, np.float64).tobytes()
        header[name] = {"dtype": "F64", "shape": list(a.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


rng = np.random.default_rng(20)
everything = {}
for name in NETS:
    everything.update(one(name, rng))
write(os.path.join(HERE, "networks.safetensors"), everything)
