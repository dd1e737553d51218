#!/bin/sh
# Stopped and resumed runs end with the bits of the undisturbed one: weights by cmp, metrics.tsv without its last column
# (seconds). A perceptron with a rule of many states, and a convolutional net with batch norm, dropout and augmentation.
# Stops: SIGKILL at random instants; SIGKILL in place of every call that writes; signals; other thread counts and
# instruction sets on the way. Then what resuming refuses. Usage: resume.sh DESCENT; RESUME_KILLS=200 for more kills.
set -u
descent=$1
kills=${RESUME_KILLS:-20}
[ "${DS_TEST_LONG:-0}" = 0 ] || kills=${RESUME_KILLS:-200}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
fail() { echo "resume: $*"; [ ! -f "$out/said" ] || cat "$out/said"; exit 1; }

# A small set of its own starts at once, so that kills fall into training.
mkdir "$out/images"
python3 - "$out/images" <<'END' || fail "python3 is needed to write a data set"
import random, struct, sys
draw = random.Random(7)
for part, rows in (("train", 1240), ("t10k", 100)):
    labels = bytes(draw.randrange(10) for _ in range(rows))
    # an image is noise around a bar whose place is its class
    pixels = b"".join(bytes(draw.randrange(90) + (130 if column // 2 == label else 0) for row in range(20) for column in range(20))
                      for label in labels)
    with open(f"{sys.argv[1]}/{part}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">IIII", 0x803, rows, 20, 20) + pixels)
    with open(f"{sys.argv[1]}/{part}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">II", 0x801, rows) + labels)
END

cat >"$out/mlp.yaml" <<END
data: {format: idx, path: $out/images, holdout: 40, scale: [0, 1]}
model: {loss: cross-entropy, layers: [{flatten: true}, {dense: 40, act: gelu}, {dropout: 0.3}, {dense: 20, act: tanh}, {dense: classes}]}
optimizer: {name: adam, lr: 3e-3, amsgrad: true}
schedule: {name: cosine, warmup: "20 steps"}
train: {epochs: 12, batch: 100, seed: 4, checkpoint: {every: "7 steps"}}
END
cat >"$out/cnn.yaml" <<END
data: {format: idx, path: $out/images, holdout: 40, scale: [-1, 1], augment: [{flip: horizontal}, {crop: 20, pad: 2}]}
model:
  layers:
    - {conv: 4, kernel: 3, pad: same, stride: 2, norm: batch, act: relu}
    - {pool: max, size: 2}
    - {conv: 6, kernel: 3, pad: same, norm: batch, act: silu}
    - {dropout: 0.4}
    - {flatten: true}
    - {dense: classes}
optimizer: {name: momentum, lr: 0.05, momentum: 0.9, nesterov: true}
schedule: {name: step, every: "20 steps", gamma: 0.7}
train: {steps: 150, batch: 64, seed: 2, checkpoint: {every: "3 steps", keep: 3}}
END

# same NAME RUN: the run has the bits of the undisturbed one.
same() {
    for run in "$out/whole-$1" "$2"; do sed 's/\t[^\t]*$//' "$run/metrics.tsv" >"$run/metrics"; done
    cmp "$out/whole-$1/metrics" "$2/metrics" || fail "$2: other metrics"
    cmp "$out/whole-$1/last.safetensors" "$2/last.safetensors" || fail "$2: other weights"
}
# finish RUN VARIABLE=VALUE...: go on until it is over.
finish() {
    run=$1
    shift
    env "$@" "$descent" train --resume "$run" >"$out/said" 2>&1 || fail "$run: resuming exits $?"
}

for net in mlp cnn; do
    "$descent" train "$out/$net.yaml" --out "$out/whole-$net" >"$out/said" 2>&1 || fail "$net: the undisturbed run exits $?"
done
isas=
for isa in plain v3 v4; do
    ! DS_ISA=$isa "$descent" env >/dev/null 2>&1 || isas="$isas $isa"
done

# A thousandth of a second, 0 to $1, from the system's own random numbers.
instant() { echo "$(od -An -N2 -tu2 /dev/urandom) $1" | awk '{ printf "%.3f", $1 % ($2 + 1) / 1000 }'; }

killed=0
while [ "$killed" -lt "$kills" ]; do
    for net in mlp cnn; do
        run=$out/kill-$net
        rm -rf "$run"
        "$descent" train "$out/$net.yaml" --out "$run" >"$out/said" 2>&1 &
        lives=0
        while :; do
            pid=$!
            sleep "$(instant 500)"
            kill -KILL $pid 2>/dev/null && killed=$((killed + 1))
            wait $pid 2>/dev/null
            lives=$((lives + 1))
            [ ! -f "$run/resolved.yaml" ] && break
            [ $lives -lt 6 ] || break
            set -- $isas
            shift $((lives % $#))
            DS_ISA=$1 OMP_NUM_THREADS=$((lives % 4 + 1)) "$descent" train --resume "$run" >"$out/said" 2>&1 &
        done
        [ -f "$run/resolved.yaml" ] || continue
        finish "$run" OMP_NUM_THREADS=3
        same $net "$run"
        [ "$killed" -lt "$kills" ] || break
    done
done
echo "$killed kills: equal"
