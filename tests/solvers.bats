#!/usr/bin/env bats
# Solvers in training from outside: the table and metrics.tsv, ends, resuming after a signal, changed optimizers.
# DESCENT names the program (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    awk 'BEGIN { for (i = 0; i < 90; i++) { s = (i * 7919) % 101 / 101
        printf "%.4f,%.4f,%s\n", s + i % 3, 2 * s - i % 3, substr("abc", i % 3 + 1, 1) } }' >rows.csv
    cat >tiny.yaml <<'END_OF_CONFIG'
data: {format: csv, path: rows.csv, holdout: 30}
model:
  penalty: {l2: 1e-3}
  layers:
    - {dense: 8, act: tanh}
    - {dense: classes}
optimizer: {name: lbfgs, m: 5, gtol: 1e-4, search: {name: wolfe, c2: 0.5}}
train: {epochs: 500, batch: all, seed: 1}
END_OF_CONFIG
}

teardown() { rm -rf "$work"; }

@test "a solver ends by itself: exit 0, its reason, counted evaluations and no rate in metrics.tsv" {
    run "$program" train tiny.yaml --out r
    [ "$status" -eq 0 ]
    [[ "$output" == *"the solver is at its end: the gradient is small."* ]]
    [[ "$output" == *" evals "* ]]
    [ "$(head -1 r/metrics.tsv | cut -f 10,11)" = "lr	evaluations" ]
    [ "$(tail -1 r/metrics.tsv | cut -f 10)" = nan ]
    [ "$(tail -1 r/metrics.tsv | cut -f 11)" -ge "$(tail -1 r/metrics.tsv | cut -f 2)" ]
    run "$program" train --resume r
    [ "$status" -eq 0 ]
    run "$program" train r/resolved.yaml --out again
    [ "$status" -eq 0 ]
    cmp r/last.safetensors again/last.safetensors
}

@test "stopped by a signal and resumed, it ends with the same bits" {
    cat >slow.yaml <<'END_OF_CONFIG'
data: {format: digits, holdout: 100}
model: {layers: [{flatten: true}, {dense: 32, act: tanh}, {dropout: 0.2}, {dense: classes}]}
optimizer: {name: lbfgs}
train: {steps: 60, batch: 500, seed: 1}
END_OF_CONFIG
    "$program" train slow.yaml --out whole
    "$program" train slow.yaml --out r &
    until [ -e r/metrics.tsv ]; do sleep 0.05; done
    kill -INT $! || true
    wait $! || true
    "$program" train --resume r
    cmp whole/last.safetensors r/last.safetensors
}

@test "a name on the command line drops what solvers do not know; check looks at a solver's config" {
    sed 's/^optimizer.*/optimizer: {name: adam, lr: 0.01, clip: {norm: 1}}\nschedule: {name: cosine}/' tiny.yaml >rule.yaml
    run "$program" train rule.yaml optimizer.name=newton_cg train.batch=20 train.epochs=3 --out r
    [ "$status" -eq 0 ]
    [[ "$output" == *'optimizer.lr (rule.yaml:7) is dropped: solver "newton_cg" does not know it'* ]]
    [[ "$output" == *'optimizer.clip (rule.yaml:7) is dropped'* ]]
    [[ "$output" == *'schedule (rule.yaml:8) is dropped: solver "newton_cg" has no rate'* ]]
    run "$program" train tiny.yaml optimizer.name=sgd optimizer.lr=0.1 train.epochs=1 --out back
    [ "$status" -eq 0 ]
    [[ "$output" == *'optimizer.search (tiny.yaml:7) is dropped: rule "sgd" does not know it'* ]]
    run "$program" check tiny.yaml
    [ "$status" -eq 0 ]
    run "$program" lr tiny.yaml
    [ "$status" -eq 3 ]
    [[ "$output" == *"has no rate to choose"* ]]
}
