#!/usr/bin/env python3
"""A set of 55 MB is shuffled and trained on by processes that may have 12 MB of memory of their own (RLIMIT_DATA: heap,
stacks, all private pages), and the weights are those of a training with all rows in memory. Usage: data_memory.py DESCENT"""
import os, resource, shutil, subprocess, sys, tempfile

descent = os.path.abspath(sys.argv[1])
CAP, STACK = 12 << 20, 1 << 20  # a reading thread has a stack of its own

if os.environ.get("DS_SANITIZE"):
    print("skipped: the sanitizers' shadow is beyond any cap")
    sys.exit(77)

CONFIG = """
data: {format: %s, path: %s, scale: [0, 1]%s}
model:
  layers:
    - flatten: true
    - {dense: 16, act: relu}
    - {dense: classes}
optimizer: {name: momentum, lr: 0.05}
train: {epochs: 1, batch: 100, order: %s}
"""


def limit():
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK))
    resource.setrlimit(resource.RLIMIT_DATA, (CAP, CAP))


def run(*words, capped=False, expect=0):
    p = subprocess.run([descent, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       preexec_fn=limit if capped else None, env=dict(os.environ, OMP_NUM_THREADS="1"))
    if p.returncode != expect:
        sys.exit("descent %s: exit %d, wanted %d\n%s" % (" ".join(words), p.returncode, expect, p.stdout))
    return p.stdout


def size(folder):
    return sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))


def train(name, kind, path, extra, order, capped, expect=0):
    with open(name + ".yaml", "w") as f:
        f.write(CONFIG % (kind, path, extra, order))
    run("train", name + ".yaml", "--out", name + "-run", capped=capped, expect=expect)
    if expect:
        return b""
    with open(name + "-run/last.safetensors", "rb") as f:
        return f.read()


work = tempfile.mkdtemp(prefix="descent-memory-")
try:
    os.chdir(work)
    run("data", "convert", "digits", "--to", "idx", "--out", "idx")
    # The cap is real: the same training from memory does not fit.
    train("whole", "idx", "idx", "", "shuffle", True, expect=1)
    run("data", "shuffle", "idx", "--seed", "4", "--out", "shards", "--memory", "1M", capped=True)
    times = size("shards") / CAP
    if times < 4:
        sys.exit("the set is only %.1f times as large as the cap" % times)
    run("data", "stats", "shards", "--json", "data.window=2M")
    run("data", "convert", "shards", "--to", "npy", "--out", "npy")
    for order in "sequential", "window", "shuffle":
        a = train("capped-" + order, "shards", "shards", ", window: 4M", order, True)
        b = train("free-" + order, "npy", "npy", "", order, False)
        if a != b:
            sys.exit("%s order: weights trained through the window differ from those trained in memory" % order)
    print("trained on %.1f times the memory, three orders, same weights" % times)
finally:
    shutil.rmtree(work)
