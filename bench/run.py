#!/usr/bin/env python3
"""Benchmarks: our training steps beside PyTorch's and FANN's, taken in turns, in one run.

usage: run.py [--build DIR] [--pairs N] [--seconds S] [--only WORKLOAD,...] [--rules RULE,...]
       [--threads N] [--no-peers]

Every contender is a process that answers "run n steps" with their median. A workload's peers are first tried in all
their modes and thread counts; the best of them then alternates with ours, pair by pair, so that a slow spell of the
machine hits both. Before each turn all rest for a moment, since OpenMP's workers go on spinning after their last loop,
and a turn is an odd number of steps, so that the median is one of them. Printed: medians over the pairs, and the median of the pairs' ratios with its quartiles. Written:
DIR/bench.json. A missing peer is said and left out. What bounds a step (FMA peak, triad bandwidth) is measured in the
same run, before and after.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

# name: (times PyTorch: must, aim), (times FANN: must, aim)
WORKLOADS = {
    "tiny-32": ((30, 100), (10, 30)),
    "tiny-1": ((100, 200), (1, 2)),
    "softmax-128": ((3, 6), None),
    "mlp-128": ((1.5, 2), None),
    "mlp-16": ((1.8, 2.5), None),
    "cnn-128": ((1.4, 2), None),
    "resnet20-128": ((1.3, 1.8), None),
    "adamw-25m": ((0.95, 1.05), None),
}
CONVOLUTIONS = ("cnn-128", "resnet20-128")
HVP_MOST = {"product": (2.4, 2.1), "further": (1.8, 1.6)}


PAUSE = 0.1  # seconds before a turn: nobody's workers spin any more


class Contender:
    """A process that answers a number of steps with numbers."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})
        if self.process.stdout.readline().strip() != "ready":
            self.process.wait()
            raise RuntimeError(f"{name} did not start: {' '.join(command)}")

    def ask(self, steps):
        time.sleep(PAUSE)
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return [float(x) for x in self.process.stdout.readline().split()]

    def steps_for(self, seconds):
        """Odd number of steps that take about this long."""
        return max(3, min(99999, int(seconds * 1e3 / self.ask(3)[0]) | 1))

    def peak_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) / 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def quartiles(x):
    x = sorted(x)
    return [x[len(x) // 4], statistics.median(x), x[(3 * len(x)) // 4]]


def torch_contenders(workload, threads):
    modes = ["eager", "compile"] + (["channels-last"] if workload in CONVOLUTIONS else [])
    if workload == "adamw-25m":
        modes = ["eager", "foreach"]
    for mode in modes:
        for n in range(1, threads + 1):
            yield f"torch {mode} {n}", [sys.executable, os.path.join(HERE, "peers/torch_step.py"), workload, mode, str(n)]


def fann_program(build):
    """FANN's half, compiled here: the project itself does not need FANN."""
    program = os.path.join(build, "bench", "fann_tiny")
    source = os.path.join(HERE, "peers/fann_tiny.c")
    done = subprocess.run(["gcc", "-O3", "-march=native", "-o", program, source, "-lfann", "-lm"],
                          capture_output=True, text=True)
    if done.returncode:
        print("fann: left out: libfann-dev is missing (tools/deps bench)", file=sys.stderr)
        return None
    return program


def best_of(candidates, seconds):
    """Try each, keep the fastest one running."""
    best, least, tried = None, float("inf"), {}
    for name, command in candidates:
        c = Contender(name, command)
        ms = min(c.ask(c.steps_for(seconds / 2))[0] for _ in range(3))
        tried[name] = ms
        if ms < least:
            if best:
                best.close()
            best, least = c, ms
        else:
            c.close()
    return best, tried


def duel(ours, peer, pairs, seconds):
    """Alternate; milliseconds of each and the ratio peer / ours per pair, with quartiles."""
    n = [c.steps_for(seconds) for c in (ours, peer)]
    mine, theirs = [], []
    for i in range(pairs):
        for c in ((ours, peer), (peer, ours))[i % 2]:
            (mine if c is ours else theirs).append(c.ask(n[0 if c is ours else 1])[0])
    return {"ours_ms": quartiles(mine), "peer_ms": quartiles(theirs), "peer": peer.name,
            "ratio": quartiles([b / a for a, b in zip(mine, theirs)]),
            "ours_peak_mb": ours.peak_mb(), "peer_peak_mb": peer.peak_mb()}


def machine(build, threads):
    program = os.path.join(build, "bench", "machine")
    lines = subprocess.run([program, str(threads)], capture_output=True, text=True, check=True).stdout
    return {k: float(v) for k, v in (line.split() for line in lines.splitlines())}


def describe_machine():
    facts = {"processors": os.cpu_count()}
    with open("/proc/cpuinfo") as f:
        text = f.read()
    facts["model"] = (re.search(r"model name\s*: (.*)", text) or [None, "unknown"])[1]
    facts["family"] = (re.search(r"cpu family\s*: (.*)\nmodel\s*: (.*)", text) or [None, ""])[0] or ""
    facts["commit"] = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                                     text=True).stdout.strip()
    return facts


def start_up(build, rounds):
    """Process start to the end of the first step, seconds: ours on the default config, PyTorch's on a like network."""
    ours, theirs = [], []
    program = os.path.join(build, "bench", "first_step")
    script = ("import torch; from torch import nn; m = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), "
              "nn.Flatten(), nn.Linear(16 * 784, 10)); o = torch.optim.Adam(m.parameters()); "
              "nn.functional.cross_entropy(m(torch.randn(128, 1, 28, 28)), torch.zeros(128).long()).backward(); o.step()")
    for _ in range(rounds):
        t = time.perf_counter()
        subprocess.run([program, os.path.join(ROOT, "examples/digits.yaml")], check=True, capture_output=True)
        ours.append(time.perf_counter() - t)
        if has_torch():
            t = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
            theirs.append(time.perf_counter() - t)
    return {"ours_ms": quartiles([1e3 * x for x in ours]), "peer_ms": quartiles([1e3 * x for x in theirs]) if theirs else None}


def has_torch(cache=[]):
    if not cache:
        cache.append(subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode == 0)
    return cache[0]


def bar(ratio, bars):
    must, aim = bars
    return "aim" if ratio >= aim else "must" if ratio >= must else "BELOW"


def print_duel(name, r, bars):
    low, mid, high = r["ratio"]
    print(f"{name:<14}{r['ours_ms'][1]:>10.4f}{r['peer_ms'][1]:>10.4f}  {mid:>7.2f}x [{low:.2f} .. {high:.2f}]"
          f"  must {bars[0]:g} aim {bars[1]:g}: {bar(mid, bars):<6}"
          f"{r['ours_peak_mb']:>7.0f}{r['peer_peak_mb']:>7.0f} MB  {r['peer']}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(ROOT, "build"))
    p.add_argument("--pairs", type=int, default=9)
    p.add_argument("--seconds", type=float, default=0.4, help="of each half of a pair")
    p.add_argument("--only", default="", help="workloads, by comma; also matrix, hvp, start, products, rules")
    p.add_argument("--rules", default="", help="of rules: which, by comma; else all that are one pass")
    p.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    p.add_argument("--no-peers", action="store_true")
    a = p.parse_args()
    wanted = a.only.split(",") if a.only else [*WORKLOADS, "matrix", "hvp", "start", "products", "rules"]
    step = os.path.join(a.build, "bench", "train_step")
    environment = {"OMP_NUM_THREADS": str(a.threads)}
    peers = not a.no_peers and has_torch()
    if not peers:
        print("PyTorch: left out: " + ("not asked for" if a.no_peers else "python3 cannot import torch"), file=sys.stderr)
    fann = None if a.no_peers else fann_program(a.build)
    result = {"machine": describe_machine(), "bounds_before": machine(a.build, a.threads), "workloads": {}}
    print("machine:", result["machine"]["model"], result["bounds_before"])
    print(f"{'workload':<14}{'ours ms':>10}{'peer ms':>10}  ratio [quartiles], peak memory, best mode of the peer")
    for name, (bars, fann_bars) in WORKLOADS.items():
        if name not in wanted:
            continue
        ours = Contender("ours", [step, name], environment)
        rows = result["workloads"].setdefault(name, {})
        if peers:
            peer, tried = best_of(torch_contenders(name, a.threads), a.seconds)
            rows["torch"] = {**duel(ours, peer, a.pairs, a.seconds), "tried_ms": tried}
            peer.close()
            print_duel(name, rows["torch"], bars)
        if fann and fann_bars:
            peer = Contender("fann", [fann, "32" if name == "tiny-32" else "1"])
            rows["fann"] = duel(ours, peer, a.pairs, a.seconds)
            peer.close()
            print_duel(name, rows["fann"], fann_bars)
        if not rows:
            rows["alone"] = {"ours_ms": quartiles([ours.ask(ours.steps_for(a.seconds))[0] for _ in range(a.pairs)]),
                             "ours_peak_mb": ours.peak_mb()}
            print(f"{name:<14}{rows['alone']['ours_ms'][1]:>10.4f}{'-':>10}  {rows['alone']['ours_peak_mb']:.0f} MB")
        ours.close()
    if "matrix" in wanted:
        result["matrix"] = matrix_rules(a, environment, peers)
    if "hvp" in wanted:
        result["hvp"] = curvature(step, environment, peers, a)
    if "start" in wanted:
        result["start"] = start_up(a.build, a.pairs)
        s = result["start"]
        print(f"start to first step, ms: ours {s['ours_ms'][1]:.1f} (must 100, aim 20)"
              + (f", PyTorch {s['peer_ms'][1]:.0f}" if s["peer_ms"] else ""))
    if "products" in wanted:
        result["products"] = products(a.build)
    if "rules" in wanted:
        result["rules"] = rules(a, peers)
    result["bounds_after"] = machine(a.build, a.threads)
    print("bounds after:", result["bounds_after"])
    path = os.path.join(a.build, "bench.json")
    with open(path, "w") as f:
        json.dump(result, f, indent=1)
    print("written:", path)


def matrix_rules(a, environment, peers):
    """Updates of the rules for matrices on the matrices of two networks, in turns; a mean over whole periods of each."""
    answer = {}
    for rule, others, period in (("muon", ("muon", "muon-f32"), 1), ("soap", ("soap",), 10), ("shampoo", ("shampoo",), 100)):
        for network in ("mlp", "resnet20"):
            ours = Contender("ours", [os.path.join(a.build, "bench", "matrix_step"), rule, network], environment)
            steps = -(-(10 if network == "mlp" else 50) // period) * period
            for other in others if peers else ():
                peer = Contender(other, [sys.executable, os.path.join(HERE, "peers/torch_matrix.py"), other, network,
                                         str(a.threads)])
                rows = []
                for i in range(a.pairs):
                    pair = {c.name: c.ask(steps)[0] for c in ((ours, peer), (peer, ours))[i % 2]}
                    rows.append((pair["ours"], pair[other]))
                peer.close()
                mine, theirs = (quartiles([r[k] for r in rows]) for k in (0, 1))
                ratio = quartiles([r[1] / r[0] for r in rows])
                answer[f"{other} {network}"] = {"ours_ms": mine, "peer_ms": theirs, "ratio": ratio}
                print(f"{other:<9}{network:<9}{mine[1]:>10.3f}{theirs[1]:>10.3f}  {ratio[1]:>7.2f}x "
                      f"[{ratio[0]:.2f} .. {ratio[2]:.2f}]", flush=True)
            ours.close()
    return answer


def curvature(step, environment, peers, a):
    """Hessian-vector products in units of a gradient of the same library, measured in turns inside each process."""
    contenders = {"ours": Contender("ours", [step, "hvp"], environment)}
    if peers:
        contenders["torch"] = Contender("torch", [sys.executable, os.path.join(HERE, "peers/torch_step.py"), "hvp", "eager",
                                                  str(a.threads)])
    answer = {}
    for name, c in contenders.items():
        rows = [c.ask(max(5, int(a.seconds * 20))) for _ in range(a.pairs)]
        answer[name] = {k: quartiles([r[i] for r in rows]) for i, k in enumerate(("gradient_ms", "product", "further"))}
        c.close()
        g, p, f = (answer[name][k][1] for k in ("gradient_ms", "product", "further"))
        print(f"hvp {name}: gradient {g:.3f} ms; product {p:.2f} gradients (must {HVP_MOST['product'][0]}, aim "
              f"{HVP_MOST['product'][1]}), further {f:.2f} (must {HVP_MOST['further'][0]}, aim {HVP_MOST['further'][1]})")
    return answer


RULE_LENGTH, RULE_STEPS, RULE_MUST = 25000000, 9, {"share": 0.8, "fused": 0.95, "foreach": 1.0}


def rules(a, peers):
    """Each rule that is one pass on 25 million parameters: its share of the triad's bandwidth, and PyTorch's modes."""
    program = os.path.join(a.build, "bench", "rules")
    names = a.rules.split(",") if a.rules else subprocess.run([program, "list"], capture_output=True, text=True,
                                                              check=True).stdout.split()
    peer = subprocess.Popen([sys.executable, os.path.join(HERE, "peers/torch_rule.py"), str(RULE_LENGTH), str(a.threads)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) if peers else None
    answer = {}
    if peer:
        peer.stdout.readline()
    for name in names:
        seen = {"ms": [], "share": [], "fused": [], "foreach": []}
        for _ in range(max(1, a.pairs // 4)):
            lines = subprocess.run([program, name, str(RULE_LENGTH), str(a.threads)], capture_output=True, text=True,
                                   check=True).stdout
            ours = {k: float(v) for k, v in (line.split() for line in lines.splitlines())}
            seen["ms"].append(ours["ms"])
            seen["share"].append(ours["share"])
            for mode in ("fused", "foreach") if peer else ():
                peer.stdin.write(f"{name} {mode} {RULE_STEPS}\n")
                peer.stdin.flush()
                ms = peer.stdout.readline().strip()
                if ms != "none":
                    seen[mode].append(float(ms) / ours["ms"])
        answer[name] = {k: statistics.median(v) for k, v in seen.items() if v}
        missed = [k for k, least in RULE_MUST.items() if answer[name].get(k, least) < least]
        print(f"rule {name:<22}" + "".join(f"  {k} {v:.3f}" for k, v in answer[name].items())
              + (f"  BELOW: {', '.join(missed)}" if missed else ""), flush=True)
    if peer:
        peer.stdin.close()
        peer.wait()
    return answer


def products(build):
    """Matrix products and convolutions against OpenBLAS and oneDNN, by bench/kernels.c."""
    program = os.path.join(build, "bench", "kernels")
    if not os.path.exists(program):
        print("products: left out: bench/kernels is not built")
        return None
    text = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    print(text, end="")
    return text.splitlines()


if __name__ == "__main__":
    if not shutil.which("gcc"):
        print("gcc is missing: tools/deps", file=sys.stderr)
    main()
