#!/bin/sh
# Stopped and resumed runs end with the bits of the undisturbed one: weights by cmp, metrics.tsv without its last column
# (seconds). A perceptron with a rule of many states, and a convolutional net with batch norm, dropout and augmentation.
# Stops: SIGKILL at random instants; SIGKILL in place of every call that writes; signals; other thread counts and
# instruction sets on the way. Then what resuming refuses. Usage: resume.sh DESCENT; RESUME_KILLS=200 for more kills.
set -u
descent=$1
kills=${RESUME_KILLS:-20}
[ "${DS_TEST_LONG:-0}" = 0 ] || kills=${RESUME_KILLS:-200}
# in memory where there is such a place: nothing here depends on a disk, and flushing one takes long
out=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 1
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
train: {epochs: 12, batch: 100, seed: 4, checkpoint: {every: "7 steps"}, average: {kind: ema, decay: 0.9}, stop: {watch: val.loss, patience: 9}}
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
train: {steps: 150, batch: 64, seed: 2, average: {kind: swa, start: "1 epoch"}, checkpoint: {every: "3 steps", keep: 3}}
END

# same NAME RUN: the run has the bits of the undisturbed one.
same() {
    for run in "$out/whole-$1" "$2"; do sed 's/\t[^\t]*$//' "$run/metrics.tsv" >"$run/metrics"; done
    cmp "$out/whole-$1/metrics" "$2/metrics" || fail "$2: other metrics"
    for file in "$out/whole-$1"/*.safetensors; do
        cmp "$file" "$2/$(basename "$file")" || fail "$2: other weights"
    done
}
# finish RUN VARIABLE=VALUE...: go on until it is over.
finish() {
    run=$1
    shift
    env "$@" "$descent" train --resume "$run" >"$out/said" 2>&1 || fail "$run: resuming exits $?"
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }
for net in mlp cnn; do
    from=$(milliseconds)
    "$descent" train "$out/$net.yaml" --out "$out/whole-$net" >"$out/said" 2>&1 || fail "$net: the undisturbed run exits $?"
    echo $(($(milliseconds) - from)) >"$out/takes-$net"
done
isas=
for isa in plain v3 v4; do
    ! DS_ISA=$isa "$descent" env >/dev/null 2>&1 || isas="$isas $isa"
done

# Thousandths of a second, 0 to $1, from the system's own random numbers. Of a run's own length, so that most kills find it alive.
instant() { echo "$(od -An -N2 -tu2 /dev/urandom) $1" | awk '{ printf "%.3f", $1 % ($2 + 1) / 1000 }'; }

killed=0
lived=0
while [ "$killed" -lt "$kills" ]; do
    [ "$lived" -lt $((20 * kills)) ] || fail "only $killed kills in $lived lives: the runs end too soon"
    for net in mlp cnn; do
        run=$out/kill-$net
        rm -rf "$run"
        "$descent" train "$out/$net.yaml" --out "$run" >"$out/said" 2>&1 &
        lives=0
        while :; do
            pid=$!
            sleep "$(instant "$(cat "$out/takes-$net")")"
            kill -KILL $pid 2>/dev/null
            wait $pid 2>/dev/null
            [ $? != 137 ] || killed=$((killed + 1))
            lives=$((lives + 1))
            lived=$((lived + 1))
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

# The perceptron in a few steps, and without end.
sed 's/20 steps/2 steps/; s/^train:.*/train: {epochs: 3, batch: 400, seed: 4, checkpoint: {every: "2 steps"}}/' "$out/mlp.yaml" >"$out/short.yaml"
sed 's/^schedule:.*//; s/^train:.*/train: {epochs: 1000000, batch: 400, seed: 4, checkpoint: {every: "1000000 steps"}}/' "$out/mlp.yaml" >"$out/long.yaml"

# SIGKILL in place of the n-th call that touches a file, for every n in a short run (each ninth when not DS_TEST_LONG).
if [ -n "${DS_SANITIZE:-}" ] || [ ! -f "${DS_BUILD:-build}/libfail_nth.so" ]; then
    echo "every call: skipped, nothing can be preloaded under a sanitizer"
else
    stride=9
    [ "${DS_TEST_LONG:-0}" = 0 ] || stride=1
    "$descent" train "$out/short.yaml" --out "$out/whole-short" >"$out/said" 2>&1 || fail "the short run exits $?"
    n=1
    while :; do
        rm -rf "$out/cut" "$out/count"
        env LD_PRELOAD="$(realpath "${DS_BUILD:-build}")/libfail_nth.so" FAIL_NTH="file:$n:kill" FAIL_NTH_PATH="$out/cut" FAIL_NTH_COUNT="$out/count" \
            "$descent" train "$out/short.yaml" --out "$out/cut" >"$out/said" 2>&1
        [ ! -f "$out/count" ] || break
        if [ -f "$out/cut/resolved.yaml" ]; then finish "$out/cut" A=; same short "$out/cut"; fi
        n=$((n + stride))
    done
    [ "$n" -gt 50 ] || fail "only $n calls were reached"
    echo "killed in place of one call in $stride of $n: equal"
fi

# The power fails before the n-th call that changes files: what was not flushed is lost, there by half or garbage, names are
# as before or as they are now (tests/support/power_cut.c). A checkpoint that was committed is there; what has none begins again.
if [ -z "${DS_SANITIZE:-}" ] && [ -f "${DS_BUILD:-build}/libpower_cut.so" ]; then
    cuts=0
    most=0
    for way in 0 1 2 3 4 5; do
        stride=$((way ? 19 : 5))
        [ "${DS_TEST_LONG:-0}" = 0 ] || stride=1
        n=$((1 + way * stride / 6))
        while :; do
            rm -rf "$out/cut" "$out/spare" "$out/committed"
            mkdir "$out/spare"
            env LD_PRELOAD="$(realpath "${DS_BUILD:-build}")/libpower_cut.so" POWER_CUT="$n:$way" POWER_CUT_PATH="$out/cut" POWER_CUT_LOG="$out/committed" \
                POWER_CUT_SPARE="$out/spare" "$descent" train "$out/short.yaml" --out "$out/cut" >"$out/said" 2>&1
            [ -f "$out/committed" ] || break
            "$descent" train --resume "$out/cut" >"$out/said" 2>&1
            code=$?
            if [ "$(cat "$out/committed")" -gt 0 ]; then
                [ $code = 0 ] || fail "power cut $n:$way: the committed checkpoint is not gone on from, exit $code"
                grep -q "going on from checkpoint\|is finished" "$out/said" || fail "power cut $n:$way: begun again in spite of a checkpoint"
            elif [ $code != 0 ]; then
                rm -rf "$out/cut/checkpoints"
                "$descent" train "$out/short.yaml" --out "$out/cut" >"$out/said" 2>&1 || fail "power cut $n:$way: beginning again exits $?"
            fi
            same short "$out/cut"
            cuts=$((cuts + 1))
            n=$((n + stride))
        done
        [ "$n" -le "$most" ] || most=$n
    done
    [ "$most" -gt 40 ] || fail "power cuts: only $most calls were reached"
    echo "$cuts power cuts: equal"
fi

# begin RUN: a run without end in the background, in training; $pid is its process. This script may run under nohup, the
# run must hear SIGHUP all the same.
begin() {
    rm -rf "$1"
    env --default-signal=HUP "$descent" train "$out/long.yaml" --out "$1" >"$out/said" 2>&1 &
    pid=$!
    tries=0
    while [ ! -s "$1/metrics.tsv" ] || [ "$(wc -l <"$1/metrics.tsv")" -lt 3 ]; do
        sleep 0.02
        tries=$((tries + 1))
        [ $tries -lt 1500 ] || { kill -KILL $pid; fail "$1 does not begin"; }
    done
}

# Nothing comes through the pipe that the data are read from: no step was taken, the run stands where it stood.
mkfifo "$out/pipe"
sed "s|path: [^,]*|path: $out/pipe|; s/format: idx/format: csv/; s/, scale: .0, 1.//" "$out/short.yaml" >"$out/stalled.yaml"
for signal in INT TERM USR1; do
    "$descent" train "$out/stalled.yaml" --out "$out/stalled" >"$out/said" 2>&1 &
    pid=$!
    exec 3>"$out/pipe" # returns when it is opened for reading
    echo "1,2,a" >&3
    kill -$signal $pid
    wait $pid
    code=$?
    exec 3>&-
    [ $code = 75 ] && grep -q "no step was taken" "$out/said" || fail "SIG$signal while the data are awaited: exit $code"
    [ ! -e "$out/stalled" ] || fail "SIG$signal while the data are awaited: a folder is left"
done

# Signals: saved within a step, exit 75; whoever cannot wait gives a second SIGINT and gets 130.
for signal in INT TERM USR1 HUP; do
    run=$out/signal
    begin "$run"
    kill -$signal $pid
    wait $pid
    code=$?
    [ $code = 75 ] || fail "SIG$signal: exit $code, wanted 75"
    [ "$(ls "$run/checkpoints" | wc -l)" = 1 ] || fail "SIG$signal: no checkpoint"
    grep -q "go on with: descent train --resume $run" "$out/said" || fail "SIG$signal: no advice"
done
# what was saved is exact: a few steps more are those of an undisturbed run
step=$(ls "$run/checkpoints" | sed 's/.*-step-//')
"$descent" train --resume "$run" train.steps=$((step + 5)) >"$out/said" 2>&1 || fail "after SIGHUP: exit $?"
grep -q "changed: train.steps not given -> $((step + 5))" "$out/said" || fail "a changed limit is not said"
"$descent" train "$out/long.yaml" train.steps=$((step + 5)) --out "$out/whole-signal" >"$out/said" 2>&1
same signal "$run"
begin "$out/twice"
kill -STOP $pid # so that both are pending when it wakes
kill -HUP $pid
kill -INT $pid
kill -CONT $pid
wait $pid
code=$?
[ $code = 130 ] || fail "a second signal, SIGINT: exit $code, wanted 130"

# One trainer to a run; its lock dies with it.
begin "$out/locked"
"$descent" train --resume "$out/locked" >"$out/second" 2>&1
code=$?
[ $code = 2 ] && grep -q "another trainer is at work here, process $pid" "$out/second" || { kill -KILL $pid; cat "$out/second"; fail "a second trainer: exit $code"; }
"$descent" train "$out/mlp.yaml" --out "$out/locked" >"$out/second" 2>&1 && { kill -KILL $pid; fail "a second trainer by --out was let in"; }
kill -KILL $pid
wait $pid 2>/dev/null
"$descent" train --resume "$out/locked" train.epochs=1 >"$out/said" 2>&1 || fail "the lock outlived its process"
echo "signals and locks: as promised"

# A torn, flipped or missing file is named, and the checkpoint before it is used.
"$descent" train "$out/short.yaml" --out "$out/intact" >"$out/said" 2>&1
newest=$(ls "$out/intact/checkpoints" | tail -n 1)
for damage in tear empty flip rm; do
    for file in weights.safetensors state.safetensors manifest.json; do
        run=$out/damaged
        rm -rf "$run"
        cp -r "$out/intact" "$run"
        victim=$run/checkpoints/$newest/$file
        case $damage in
        tear) truncate -s -1 "$victim" ;;
        empty) : >"$victim" ;;
        rm) rm "$victim" ;;
        flip) # one bit in the middle; of a manifest, in a number
            python3 -c 'import sys
f = open(sys.argv[1], "r+b"); b = bytearray(f.read())
k = b.index(b"loop.step") + 12 if sys.argv[1].endswith("json") else len(b) // 2
b[k] ^= 1; f.seek(0); f.write(b)' "$victim" ;;
        esac
        rm "$run/last.safetensors"
        "$descent" train --resume "$run" train.checkpoint.keep=3 >"$out/said" 2>&1 || fail "$damage $file: resuming exits $?"
        grep -q "checkpoint $newest is not used: .*$file" "$out/said" || fail "$damage $file: not named"
        same short "$run"
    done
done
for checkpoint in "$run"/checkpoints/*; do : >"$checkpoint/state.safetensors"; done
"$descent" train --resume "$run" train.epochs=5 >"$out/said" 2>&1
code=$?
[ $code = 4 ] && grep -q "none of its checkpoints can be used" "$out/said" || fail "no good checkpoint: exit $code"
"$descent" train --resume "$run" train.epochs=5 >"$out/said" 2>&1
code=$?
[ $code = 4 ] && grep -q "none of its checkpoints can be used" "$out/said" || fail "all set aside, tried again: exit $code"
mv "$run/checkpoints" "$out/aside" && mkdir "$run/checkpoints" && cp -r "$out/intact/checkpoints/." "$run/checkpoints"
rm -f "$run"/checkpoints/*/manifest.json
"$descent" train --resume "$run" train.epochs=5 >"$out/said" 2>&1
code=$?
[ $code = 4 ] && grep -q "none of its checkpoints can be used" "$out/said" || fail "no manifest: exit $code"
echo "damaged checkpoints: named, the one before used"

# A finished run does nothing; it can be extended; what else has changed is refused with the key; --from takes weights.
run=$out/intact
cp "$run/metrics.tsv" "$out/before"
"$descent" train --resume "$run" >"$out/said" 2>&1 || fail "a finished run: exit $?"
grep -q "is finished: all epochs done" "$out/said" && cmp "$run/metrics.tsv" "$out/before" || fail "a finished run is not left alone"
"$descent" train --resume "$run" optimizer.lr=0.1 model.layers.1.dense=41 >"$out/said" 2>&1
code=$?
[ $code = 3 ] && grep -q "optimizer.lr: 0.003 in the run's checkpoint, 0.1 now" "$out/said" && grep -q "model.layers.1.dense: 40 in" "$out/said" || fail "changed keys: exit $code"
"$descent" train --resume "$run" train.epochs=2 >"$out/said" 2>&1
code=$?
[ $code = 3 ] && grep -q "the limits given lie before that" "$out/said" || fail "fewer epochs: exit $code"
grep -q "^  epochs: 3" "$run/resolved.yaml" || fail "a refused change was written into the run"
"$descent" train --resume "$run" train.epochs=5 >"$out/said" 2>&1 || fail "extending: exit $?"
grep -q "changed: train.epochs 3 -> 5" "$out/said" && grep -q "the schedule now runs over 15 steps" "$out/said" || fail "extending: not said what changed"
[ "$(wc -l <"$run/metrics.tsv")" = 6 ] || fail "extending: other rows"
"$descent" train "$out/short.yaml" --out "$run" >"$out/said" 2>&1
code=$?
[ $code = 2 ] && grep -q "already holds a run" "$out/said" || fail "a used folder: exit $code"
"$descent" train "$out/short.yaml" train.epochs=0 --from "$run/best.safetensors" --out "$out/from" >"$out/said" 2>&1 || fail "--from: exit $?"
cmp "$run/best.safetensors" "$out/from/last.safetensors" || fail "--from: other weights"
"$descent" train --resume "$run" --from "$run/best.safetensors" >"$out/said" 2>&1
code=$?
[ $code = 2 ] || fail "--resume and --from: exit $code"
echo "finished, extended, refused, from weights: as promised"
