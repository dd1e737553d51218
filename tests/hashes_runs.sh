#!/bin/sh
# Equal runs give equal files: weights and metrics (times aside) of tests/runs/*.yaml must be equal, by cmp.
#   hashes_runs.sh DESCENT              with 1, 2 and 5 threads, by the definition (DS_BACKEND=ref), on plain kernels (DS_ISA=plain)
#   hashes_runs.sh DESCENT OTHER...     by other builds; OTHER is a command line, such as "qemu-aarch64 build-x/descent"
set -eu
cd "$(dirname "$0")/.."
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
    if [ $# -eq 0 ]; then
        for threads in 2 5; do
            train threads env OMP_NUM_THREADS=$threads "$here"
            same threads
        done
        train ref env DS_BACKEND=ref "$here"
        same ref
        train plain env DS_ISA=plain "$here"
        same plain
    fi
    for other; do
        # shellcheck disable=SC2086
        train other $other
        same other
    done
    rm -rf "$scratch/base"
done
echo "$count pairs of runs are equal, bit for bit"
