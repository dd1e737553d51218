#!/usr/bin/env python3
"""`descent grad` against PyTorch autograd in f64: gradient, Hessian-vector and Gauss-Newton products of an MLP, a CNN and ResNet-20.

usage: grad_torch.py DESCENT      (the program; run from anywhere)
Exit 0: all within 1e-9; 1: not; 77: PyTorch is missing (the reason is printed).
Measure: norm of difference over norm, per tensor, floored at 1e-6 of the largest tensor's norm.
"""
import json, os, struct, subprocess, sys, tempfile

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(f"skipped: {error}; install PyTorch and NumPy to compare gradients")
    sys.exit(77)

BAR = 1e-9
HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"F32": np.float32, "F64": np.float64, "I32": np.int32}


def read_tensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    return {k: np.frombuffer(data[v["data_offsets"][0]:v["data_offsets"][1]], TYPES[v["dtype"]]).reshape(v["shape"])
            for k, v in header.items() if k != "__metadata__"}


def write_tensors(path, tensors):
    header, blob = {}, b""
    for name, a in tensors.items():
        raw = np.ascontiguousarray(a, np.float64).tobytes()
        header[name] = {"dtype": "F64", "shape": list(a.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


def write_cifar(folder, rows, rng):
    """Random images in the canonical layout; returns what the network sees with scale [0, 1]."""
    pixels, labels = rng.integers(0, 256, (rows, 3, 32, 32), np.uint8), rng.integers(0, 10, rows).astype(np.uint8)
    raw = np.concatenate([labels[:, None], pixels.reshape(rows, -1)], 1).tobytes()
    for name in ("data_batch_1.bin", "test_batch.bin"):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(raw)
    return torch.tensor(pixels / 255.0, dtype=torch.float64), torch.tensor(labels.astype(np.int64))


def batch_norm(x, p, name):
    return F.batch_norm(x, None, None, p[name + ".weight"], p[name + ".bias"], training=True, eps=1e-5)


MLP = """
data: {format: cifar10, path: %s, scale: [0, 1]}
model:
  loss: cross-entropy
  layers:
    - {flatten: true}
    - {dense: 40, act: tanh}
    - {dense: 30, act: gelu}
    - {dense: classes}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 1, batch: 8, seed: 3, dtype: f64}
"""


def mlp(x, p):
    h = torch.tanh(F.linear(x.flatten(1), p["1.weight"], p["1.bias"]))
    h = F.gelu(F.linear(h, p["2.weight"], p["2.bias"]))
    return F.linear(h, p["3.weight"], p["3.bias"])


CNN = """
data: {format: cifar10, path: %s, scale: [0, 1]}
model:
  loss: cross-entropy
  layers:
    - {conv: 6, kernel: 3, pad: same, norm: batch, act: relu}
    - {pool: max, size: 2}
    - {conv: 8, kernel: 3, pad: 1, stride: 2, act: silu}
    - {dropout: 0.5}
    - {conv: 10, kernel: 3, groups: 2, dilation: 2, pad: 2, act: softplus}
    - {pool: average, size: 2}
    - {flatten: true}
    - {dense: 20, norm: layer, act: elu}
    - {dense: classes}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 1, batch: 8, seed: 3, dtype: f64}
"""


def cnn(x, p):
    h = F.relu(batch_norm(F.conv2d(x, p["0.weight"], padding=1), p, "0.norm"))
    h = F.max_pool2d(h, 2)
    h = F.silu(F.conv2d(h, p["2.weight"], p["2.bias"], stride=2, padding=1))
    h = F.softplus(F.conv2d(h, p["4.weight"], p["4.bias"], padding=2, dilation=2, groups=2))
    h = F.avg_pool2d(h, 2).flatten(1)
    h = F.elu(F.layer_norm(F.linear(h, p["7.weight"]), (20,), p["7.norm.weight"], p["7.norm.bias"]))
    return F.linear(h, p["8.weight"], p["8.bias"])


def resnet(x, p):
    h = F.relu(batch_norm(F.conv2d(x, p["0.weight"], padding=1), p, "0.norm"))
    for block in range(1, 10):
        stride = 2 if block in (4, 7) else 1
        r = F.relu(batch_norm(F.conv2d(h, p[f"{block}.0.weight"], stride=stride, padding=1), p, f"{block}.0.norm"))
        r = batch_norm(F.conv2d(r, p[f"{block}.1.weight"], padding=1), p, f"{block}.1.norm")
        if stride == 2:
            h = F.conv2d(h, p[f"{block}.shortcut.weight"], p.get(f"{block}.shortcut.bias"), stride=2)
            if f"{block}.shortcut.norm.weight" in p:
                h = batch_norm(h, p, f"{block}.shortcut.norm")
        h = F.relu(h + r)
    h = h.mean((2, 3))
    return F.linear(h, p["11.weight"], p["11.bias"])


def torch_products(forward, x, y, p, v):
    names = list(p)
    theta = [p[n].requires_grad_() for n in names]
    z = forward(x, p)
    loss = F.cross_entropy(z, y)
    g = torch.autograd.grad(loss, theta, create_graph=True)
    hv = torch.autograd.grad(sum((a * v[n]).sum() for a, n in zip(g, names)), theta, retain_graph=True)
    u = torch.zeros_like(z, requires_grad=True)
    ju = torch.autograd.grad(z, theta, u, create_graph=True)
    jv = torch.autograd.grad(sum((a * v[n]).sum() for a, n in zip(ju, names)), u)[0].detach()
    s = torch.softmax(z, 1).detach()
    hjv = (s * jv - s * (s * jv).sum(1, keepdim=True)) / len(y)
    gnv = torch.autograd.grad(z, theta, hjv)
    return loss.item(), {**{"grad." + n: a for n, a in zip(names, g)}, **{"hv." + n: a for n, a in zip(names, hv)},
                         **{"gnv." + n: a for n, a in zip(names, gnv)}}


def worst_error(ours, theirs, kind):
    keys = [k for k in theirs if k.startswith(kind)]
    floor = 1e-6 * max(theirs[k].norm().item() for k in keys)
    worst, at = 0.0, ""
    for k in keys:
        a, b = torch.tensor(ours[k].copy()), theirs[k].detach()
        if a.shape != b.shape:
            return float("inf"), f"{k} has shape {tuple(a.shape)}, wanted {tuple(b.shape)}"
        e = (a - b).norm().item() / max(b.norm().item(), floor)
        if e > worst or e != e:
            worst, at = e, k
    return worst, at


def compare(program, name, text, forward, rows, folder):
    rng = np.random.default_rng(5)
    data = os.path.join(folder, name)
    os.makedirs(data)
    x, y = write_cifar(data, rows + 4, rng)
    config, run, out, along = (os.path.join(folder, name + s) for s in (".yaml", "-run", ".grad", ".along"))
    with open(config, "w") as f:
        f.write(text % data if "%s" in text else text)
    extra = [] if "%s" in text else [f"data.path={data}", "data.standardize=false", "data.scale=[0, 1]", "data.holdout=0", "train.batch=4", "train.dtype=f64"]
    subprocess.run([program, "train", config, "train.epochs=0", "--out", run] + extra, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    weights = os.path.join(run, "last.safetensors")
    p = {k: torch.tensor(a.astype(np.float64)) for k, a in read_tensors(weights).items() if "running_" not in k}
    for k in p:  # away from the symmetric start, so that every tensor matters
        p[k] += 0.05 * torch.tensor(rng.standard_normal(p[k].shape))
    write_tensors(weights, {k: a.numpy() for k, a in p.items()} |
                  {k: a for k, a in read_tensors(weights).items() if "running_" in k})
    v = {k: torch.tensor(rng.standard_normal(a.shape)) for k, a in p.items()}
    write_tensors(along, {k: a.numpy() for k, a in v.items()})
    answer = subprocess.run([program, "grad", config, "--weights", weights, "--rows", f"2:{2 + rows}", "--out", out, "--along", along,
                             "--dtype", "f64", "--json"] + extra, check=True, capture_output=True, text=True).stdout
    loss, theirs = torch_products(forward, x[2:2 + rows], y[2:2 + rows], p, v)
    ours, good = read_tensors(out), True
    said = json.loads(answer)
    gap = abs(said["loss"] - loss) / abs(loss)
    for kind in ("grad.", "hv.", "gnv."):
        error, at = worst_error(ours, theirs, kind)
        good &= error <= BAR
        print(f"{name:10s} {kind:6s} worst {error:.2e} {'ok' if error <= BAR else 'FAILS'}  {at}")
    print(f"{name:10s} loss   off by {gap:.2e} {'ok' if gap <= BAR else 'FAILS'}; rows {said['rows']}")
    return good and gap <= BAR and said["rows"] == rows


def main():
    program = os.path.abspath(sys.argv[1])
    torch.set_default_dtype(torch.float64)
    with open(os.path.join(HERE, "..", "examples", "cifar10-resnet20.yaml")) as f:
        resnet20 = f.read().replace("  augment: [{flip: horizontal}, {crop: 32, pad: 4}]\n", "")
    with tempfile.TemporaryDirectory() as folder:
        good = [compare(program, "mlp", MLP, mlp, 16, folder), compare(program, "cnn", CNN, cnn, 12, folder),
                compare(program, "resnet20", resnet20, resnet, 4, folder)]
    return 0 if all(good) else 1


sys.exit(main())
