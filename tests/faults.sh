#!/bin/sh
# What a training does when the world fails it: full disk, a reader that goes away, no permission, a folder that vanishes, no
# memory. Each time: the last good checkpoint stays, the message says what to do, the exit code is the documented one, and
# once that is put right the run ends with the bits of the undisturbed one. tests/test_faults.c lets every single call fail.
# Usage: faults.sh DESCENT
set -u
descent=$1
build=${DS_BUILD:-build}
out=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 1
trap 'umount "$out/small" 2>/dev/null; rm -rf "$out"' EXIT
fail() { echo "faults: $*"; [ ! -f "$out/said" ] || cat "$out/said"; exit 1; }

awk 'BEGIN { srand(3); for (i = 0; i < 400; i++) { for (k = 0; k < 6; k++) printf "%.4f,", rand() + (i % 3 == k); print "c" i % 3 } }' >"$out/rows.csv"
cat >"$out/run.yaml" <<END
data: {format: csv, path: $out/rows.csv, header: false, holdout: 40}
model: {layers: [{dense: 300, act: relu}, {dense: 300, act: relu}, {dense: classes}]}
optimizer: {name: adam, lr: 1e-3}
train: {epochs: 3, batch: 60, seed: 1, checkpoint: {every: "4 steps"}}
END
"$descent" train "$out/run.yaml" --out "$out/whole" >"$out/said" 2>&1 || fail "the undisturbed run exits $?"

same() {
    for run in "$out/whole" "$1"; do sed 's/\t[^\t]*$//' "$run/metrics.tsv" >"$run/metrics"; done
    cmp "$out/whole/metrics" "$1/metrics" && cmp "$out/whole/last.safetensors" "$1/last.safetensors" || fail "$1: other bits"
}
# resumed RUN: once it is put right.
resumed() {
    "$descent" train --resume "$1" >"$out/said" 2>&1 || fail "$1: resuming exits $?"
    same "$1"
}
# ended CODE WANTED WHAT TEXT: the last command ended as wanted and said TEXT.
ended() {
    [ "$1" = "$2" ] || fail "$3: exit $1, wanted $2"
    grep -q "$4" "$out/said" || fail "$3: did not say \"$4\""
}

# A full disk, from the second checkpoint on: training goes on, the first checkpoint stays, the end says what to do.
if [ -z "${DS_SANITIZE:-}" ] && [ -f "$build/libfail_nth.so" ]; then
    for call in write:16 fsync:7 rename:2; do
        LD_PRELOAD=$(realpath "$build")/libfail_nth.so FAIL_NTH=$call:on FAIL_NTH_PATH=$out/full/checkpoints \
            "$descent" train "$out/run.yaml" --out "$out/full" >"$out/said" 2>&1
        ended $? 4 "$call fails" "No space left on device. Checkpoint [0-9]*-step-[0-9]* is kept; once that is put right: descent train --resume $out/full"
        [ "$(wc -l <"$out/full/metrics.tsv")" = 4 ] || fail "$call fails: training did not go on"
        resumed "$out/full"
        rm -rf "$out/full"
    done
    # a row of metrics.tsv that finds no room waits for the next
    LD_PRELOAD=$(realpath "$build")/libfail_nth.so FAIL_NTH=write:2 FAIL_NTH_PATH=$out/full/metrics.tsv \
        "$descent" train "$out/run.yaml" --out "$out/full" >"$out/said" 2>&1
    ended $? 0 "a row finds no room" "metrics.tsv: cannot write: No space left on device. Training goes on"
    same "$out/full"
    rm -rf "$out/full"
    LD_PRELOAD=$(realpath "$build")/libfail_nth.so FAIL_NTH=write:2:on FAIL_NTH_PATH=$out/full/metrics.tsv \
        "$descent" train "$out/run.yaml" train.checkpoint.every="1 steps" --out "$out/full" >"$out/said" 2>&1
    ended $? 4 "no row finds room" "metrics.tsv: cannot write: No space left on device. "
    resumed "$out/full"
    rm -rf "$out/full"
    echo "full disk, injected: checkpoint kept, exit 4, resumed to the same bits"
else
    echo "full disk, injected: skipped, nothing can be preloaded under a sanitizer"
fi

# A disk that is really full: 3 MB, which hold one checkpoint and not two.
mkdir "$out/small"
if mount -t tmpfs -o size=3m tmpfs "$out/small" 2>"$out/said"; then
    "$descent" train "$out/run.yaml" --out "$out/small/run" >"$out/said" 2>&1
    ended $? 4 "3 MB disk" "No space left on device.* is kept; once that is put right"
    [ "$(ls "$out/small/run/checkpoints" | grep -c step)" -ge 1 ] || fail "3 MB disk: no checkpoint left"
    mount -o remount,size=60m "$out/small"
    resumed "$out/small/run"
    umount "$out/small"
    echo "3 MB disk: checkpoint kept, exit 4, resumed to the same bits"
else
    echo "3 MB disk: skipped, $(cat "$out/said")"
fi

# A limit on the length of files is an error like any other, no death by SIGXFSZ.
(ulimit -f 100 && exec "$descent" train "$out/run.yaml" --out "$out/limit") >"$out/said" 2>&1
ended $? 4 "short files" "File too large"
grep -q "start again" "$out/said" || fail "short files: no advice"
"$descent" train "$out/run.yaml" --out "$out/limit" >"$out/said" 2>&1 || fail "short files: begun again, exit $?"
same "$out/limit"

# Nobody reads on: the run is finished all the same; what was to be told is lost, so exit 1.
for sink in closed full; do
    if [ $sink = closed ]; then
        { "$descent" train "$out/run.yaml" --json --out "$out/$sink" 2>"$out/said"; echo $? >"$out/code"; } | true
    else
        "$descent" train "$out/run.yaml" --json --out "$out/$sink" >/dev/full 2>"$out/said"
        echo $? >"$out/code"
    fi
    ended "$(cat "$out/code")" 4 "standard output $sink" "writing to standard output failed"
    same "$out/$sink"
done
echo "standard output lost: run finished, exit 4"

# No permission; the superuser has all, so somebody else tries.
mkdir "$out/closed-folder"
if [ "$(id -u)" != 0 ]; then as=; elif command -v setpriv >/dev/null; then as="setpriv --reuid=65534 --regid=65534 --clear-groups"; else as=none; fi
if [ "$as" != none ] && $as "$descent" --version >/dev/null 2>&1; then
    chmod 555 "$out/closed-folder"
    chmod 755 "$out"
    $as "$descent" train "$out/run.yaml" --out "$out/closed-folder/run" >"$out/said" 2>&1
    ended $? 4 "no permission" "$out/closed-folder/run: Permission denied\|closed-folder/run: cannot make the folder: Permission denied"
    echo "no permission: exit 4"
else
    echo "no permission: skipped, no way to be somebody else"
fi
"$descent" train "$out/run.yaml" --out "$out/rows.csv/run" >"$out/said" 2>&1
ended $? 4 "a file in the way" "Not a directory"

# The folder goes away during training: nothing is written elsewhere in its name.
"$descent" train "$out/run.yaml" train.epochs=100000 train.checkpoint.every="3 steps" --out "$out/gone" >"$out/said" 2>&1 &
pid=$!
tries=0
until ls "$out/gone/checkpoints" 2>/dev/null | grep -q '^0[0-9]*-step-[0-9]*$'; do # one that counts
    sleep 0.02
    tries=$((tries + 1))
    [ $tries -lt 1500 ] || { kill -KILL $pid; fail "the run does not begin"; }
done
mv "$out/gone" "$out/gone-elsewhere"
mkdir "$out/gone"
sleep 0.3
kill -TERM $pid
wait $pid
ended $? 4 "vanished folder" "$out/gone: the run's folder is gone or is another one; look whether its disk is mounted"
[ -z "$(ls "$out/gone")" ] || fail "vanished folder: written to another"
rmdir "$out/gone"
mv "$out/gone-elsewhere" "$out/gone"
"$descent" train --resume "$out/gone" train.steps=1 >"$out/said" 2>&1
ended $? 3 "found again" "the run stands at step [1-9]"
echo "vanished folder: exit 4, checkpoint kept"

# No memory.
if [ -z "${DS_SANITIZE:-}" ]; then
    (ulimit -v 400000 && exec "$descent" train "$out/run.yaml" model.layers.0.dense=20000 model.layers.1.dense=20000 --out "$out/memory") >"$out/said" 2>&1
    ended $? 1 "no memory" "out of memory: [0-9]* bytes for"
    echo "no memory: exit 1"
fi
