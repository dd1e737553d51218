#!/bin/sh
# Equal runs of two builds give equal files: weights and metrics (times aside) of the configs here must be equal, by cmp.
#   compare.sh DESCENT OTHER...     OTHER is a command line, such as "qemu-aarch64 build-arm64-whole/descent"
# (threads, backends and instruction sets of one build: tests/same_bits.sh)
set -eu
cd "$(dirname "$0")/../.."
here=$1
shift
[ -x "$here" ] || { echo "skipped: $here is not built"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0

# A small set in IDX files: 12x12 pixels are bytes of texts that lie here, labels go round.
numbers() { for n; do printf "\\$(printf %03o $((n >> 24 & 255)))\\$(printf %03o $((n >> 16 & 255)))\\$(printf %03o $((n >> 8 & 255)))\\$(printf %03o $((n & 255)))"; done; }
data() { # PREFIX ROWS TEXT
    { numbers 2051 "$2" 12 12; head -c $((144 * $2)) "$3"; } >"$scratch/data/$1-images-idx3-ubyte"
    { numbers 2049 "$2"; i=0; while [ $i -lt "$2" ]; do printf "\\$(printf %03o $((i * 7 % 10)))"; i=$((i + 1)); done; } >"$scratch/data/$1-labels-idx1-ubyte"
}
mkdir "$scratch/data"
cat src/nn/*.c src/op/*.c >"$scratch/text"
data train 280 "$scratch/text"
data t10k 50 src/graph/plan.c

# train NAME COMMAND...: the run NAME; prints the log when it fails
train() {
    run=$scratch/$1
    shift
    "$@" train "$config" data.path="$scratch/data" --out "$run" >"$scratch/log" 2>&1 </dev/null || { tail -n 20 "$scratch/log"; echo "failed: $* train $config"; exit 1; }
}

# The columns whose name speaks of time are left out.
metrics() {
    awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) keep[i] = $i !~ /time|second|rate_rows/ }
        { line = ""; for (i = 1; i <= NF; i++) if (keep[i]) line = line "\t" $i; print line }' "$1/metrics.tsv"
}

same() {
    cmp "$scratch/base/last.safetensors" "$scratch/$1/last.safetensors"
    metrics "$scratch/base" >"$scratch/a"
    metrics "$scratch/$1" >"$scratch/b"
    cmp "$scratch/a" "$scratch/b"
    rm -rf "${scratch:?}/$1"
    count=$((count + 1))
}

for config in tests/runs/*.yaml; do
    OMP_NUM_THREADS=1 train base "$here"
    for other; do
        # shellcheck disable=SC2086
        train other $other
        same other
    done
    rm -rf "$scratch/base"
done
echo "$count pairs of runs are equal, bit for bit"
