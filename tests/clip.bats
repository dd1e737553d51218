#!/usr/bin/env bats
# optimizer.clip and train.accumulate from the command line: what a run does with them, and which values are refused.
# DESCENT names the program (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    awk 'BEGIN { for (i = 0; i < 380; i++) { s = (i * 7919) % 101 / 101
        printf "%.4f,%.4f,%s\n", s + i % 3, 2 * s - i % 3, substr("abc", i % 3 + 1, 1) } }' >rows.csv
    cat >tiny.yaml <<'END'
data: {format: csv, path: rows.csv, holdout: 60}
model:
  loss: cross-entropy
  layers:
    - {dense: 8, act: relu}
    - {dense: classes}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 1, batch: 64, seed: 1}
END
}

teardown() { rm -rf "$work"; }

refused() { # WORDS SETTING...
    words="$1"
    shift
    run "$program" train tiny.yaml "$@"
    [ "$status" -ne 0 ] && [[ "$output" == *"$words"* ]] || { echo "exit $status, no \"$words\" in: $output"; return 1; }
    [ ! -e runs ]
}

column() { # RUN NAME: of the last row
    awk -F'\t' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) k = i } END { print $k }' "$1/metrics.tsv"
}

@test "each way to clip trains, to other weights, and the resolved config says which" {
    "$program" train tiny.yaml --out plain
    for clip in "norm: 0.1" "value: 0.001" "adaptive: 0.01"; do
        out="${clip%%:*}"
        "$program" train tiny.yaml "optimizer.clip={$clip}" --out "$out"
        if cmp -s plain/last.safetensors "$out/last.safetensors"; then return 1; fi
        grep -A1 "clip:" "$out/resolved.yaml" | grep -q "$clip"
    done
    if grep -q clip plain/resolved.yaml; then return 1; fi
}

@test "a bound that is never met leaves the bits; grad.norm is the norm before clipping" {
    "$program" train tiny.yaml --out plain
    "$program" train tiny.yaml "optimizer.clip={norm: 1e9}" --out same
    cmp plain/last.safetensors same/last.safetensors
    "$program" train tiny.yaml "optimizer.clip={norm: 1e-9}" --out still
    awk -v g="$(column still grad.norm)" 'BEGIN { exit !(g > 1e-3) }'
}

@test "clip.share: how many of an epoch's steps were clipped, in files and JSON, where clipping is asked for" {
    "$program" train tiny.yaml "optimizer.clip={norm: 1e9}" --out never --json >never.json
    [ "$(column never clip.share)" = 0 ]
    grep -q '"clip.share": 0,' never.json
    "$program" train tiny.yaml "optimizer.clip={norm: 1e-9}" --out always
    [ "$(column always clip.share)" = 1 ]
    "$program" train tiny.yaml --out plain
    "$program" train tiny.yaml train.steps=1 --out first
    bound="$(awk -v a="$(column first grad.norm)" -v b="$(column plain grad.norm)" 'BEGIN { print (a + b) / 2 }')"
    "$program" train tiny.yaml "optimizer.clip={norm: $bound}" --out some
    awk -v share="$(column some clip.share)" 'BEGIN { exit !(share > 0 && share < 1) }'
    if grep -q clip plain/metrics.tsv; then return 1; fi
    refused "no gradient is clipped; set optimizer.clip" "train.stop={target: clip.share, value: 0}"
}

@test "accumulate: as many steps as one large batch makes, and nearly its loss" {
    "$program" train tiny.yaml train.batch=16 train.accumulate=4 --out small
    "$program" train tiny.yaml train.batch=64 --out large
    [ "$(column small step)" -eq "$(column large step)" ]
    awk -v a="$(column small train.loss)" -v b="$(column large train.loss)" 'BEGIN { exit !(a - b < 1e-5 && b - a < 1e-5) }'
}

@test "accumulated and clipped: the same bits for any number of threads" {
    for n in 1 3; do
        OMP_NUM_THREADS=$n "$program" train tiny.yaml train.batch=16 train.accumulate=4 "optimizer.clip={norm: 0.1}" --out "on$n"
    done
    cmp on1/last.safetensors on3/last.safetensors
}

@test "bad values are refused before anything starts" {
    refused '"norm"' "optimizer.clip={norm: 0}"
    refused '"value"' "optimizer.clip={value: -1}"
    refused '"adaptive"' "optimizer.clip={adaptive: much}"
    refused 'more than one bound' "optimizer.clip={norm: 1, value: 1}"
    refused 'no bound' "optimizer.clip={eps: 1e-3}"
    refused '"eps" has no effect without adaptive' "optimizer.clip={norm: 1, eps: 1e-3}"
    refused 'did you mean "norm"' "optimizer.clip={nrom: 1}"
    refused 'wants a map: {norm: 1}' "optimizer.clip=1"
    refused '"accumulate"' train.accumulate=0
    refused 'use at most' train.accumulate=1000000
}
