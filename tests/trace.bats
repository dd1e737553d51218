#!/usr/bin/env bats
# `descent trace`: paths and states equal the oracle's (tests/golden/rules.py), in the shape and type of the input.
# DESCENT names the program (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    golden="$(realpath tests/golden)"
    work="$(mktemp -d)"
    cd "$work"
    python3 -c 'import numpy' 2>/dev/null || skip "numpy is missing (tools/deps test installs it)"
}

teardown() { rm -rf "$work"; }

@test "the path of every golden case is the oracle's, in f8 and f4" {
    cat >compare.py <<'END'
import subprocess, sys
program, golden = sys.argv[1:]
sys.path.insert(0, golden)
import rules
import numpy as np

theta, grads = rules.inputs()
rules.FACTOR[:] = 1  # trace keeps the rate
for rule, dialect, given in rules.CASES:
    if rules.needs.asks(rule, given):
        continue
    for kind, most in (("<f8", 1e-12), ("<f4", 2e-5)):
        np.save("g.npy", grads.reshape(20, 2, 3).astype(kind))
        np.save("t.npy", theta.reshape(2, 3).astype(kind))
        words = [f"{k}={str(v).lower()}" for k, v in given.items()]
        subprocess.run([program, "trace", "--rule", rule, "--dialect", dialect, "--grads", "g.npy", "--theta0", "t.npy",
                        "--out", "o.npz"] + words, check=True)
        _, _, path = rules.trajectory(rule, dialect, given, theta, grads)
        found = np.load("o.npz")
        assert sorted(found.files) == sorted(["theta"] + list(path[0][1])), (rule, found.files)
        assert found["theta"].shape == (21, 2, 3) and found["theta"].dtype == kind
        assert (found["theta"][0] == theta.reshape(2, 3).astype(kind)).all()
        for name in found.files:
            wanted = np.array([p[0] if name == "theta" else p[1][name] for p in path])
            wanted = wanted.reshape(20, 2, 3) if wanted.ndim == 2 and wanted.shape[1] == 6 else wanted.reshape(20)
            off = np.abs(found[name][1:] - wanted) / np.maximum(np.maximum.accumulate(np.abs(wanted)), 1e-30)
            assert off.max() <= most, (rule, dialect, given, kind, name, off.max())
END
    python3 compare.py "$program" "$golden"
}

@test "equal calls write equal files, which unzip as whole" {
    python3 -c 'import numpy as n; n.save("g.npy", n.ones((3, 4))); n.save("t.npy", n.zeros(4))'
    for out in a b; do "$program" trace --rule adam --grads g.npy --theta0 t.npy --out $out.npz lr=0.1; done
    cmp a.npz b.npz
    python3 -c 'import zipfile; z = zipfile.ZipFile("a.npz"); assert z.testzip() is None and z.namelist() == ["theta.npy", "m.npy", "v.npy"]'
}

@test "mistakes: rule and options exit 2, files and shapes exit 4" {
    python3 -c 'import numpy as n; n.save("g.npy", n.ones((3, 4))); n.save("t.npy", n.zeros(4)); n.save("s.npy", n.zeros(3)); n.save("f.npy", n.zeros(4, "f4"))'
    refuse() {
        run "$program" trace --grads g.npy --out o.npz "${@:3}"
        [ "$status" -eq "$1" ]
        [[ "$output" == *"$2"* ]]
        [ ! -e o.npz ]
    }
    refuse 2 'adam' --rule adm --theta0 t.npy
    refuse 2 'beta' --rule adam --theta0 t.npy beta=1
    refuse 2 'dialect' --rule adam --dialect book --theta0 t.npy amsgrad=true
    refuse 2 'key=value' --rule adam --theta0 t.npy lr
    refuse 2 '--theta0' --rule adam
    refuse 2 'needs the loss' --rule polyak --theta0 none.npy
    refuse 2 'needs a second gradient on the same batch' --rule mars --theta0 t.npy exact=true
    refuse 2 'needs Hessian products' --rule sophia --theta0 t.npy
    refuse 2 'labels drawn from the model' --rule sophia --theta0 t.npy estimator=gnb
    refuse 4 'wanted 3' --rule adam --theta0 s.npy
    refuse 4 'f32' --rule adam --theta0 f.npy
    refuse 4 'none.npy' --rule adam --theta0 none.npy
}
