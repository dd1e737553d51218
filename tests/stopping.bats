#!/usr/bin/env bats
# Ends of runs from outside: exit codes, the line that says why, which weights are left and which ones eval takes.
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
  loss: cross-entropy
  layers:
    - {dense: 8, norm: batch, act: relu}
    - {dense: classes}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 8, batch: 20, seed: 1}
END_OF_CONFIG
}

teardown() { rm -rf "$work"; }

ended() { # EXIT-CODE WORD... : the last command's code, and what it must have said
    [ "$status" -eq "$1" ] || { echo "exit $status, wanted $1: $output"; return 1; }
    shift
    for word in "$@"; do
        [[ "$output" == *"$word"* ]] || { echo "no \"$word\" in: $output"; return 1; }
    done
}

@test "patience: exit 0, the line tells epochs, best value and what was kept" {
    run "$program" train tiny.yaml optimizer.lr=0 "train.stop={watch: train.loss, patience: 2, min_delta: 0.5}" --out r
    ended 0 "stopped: train.loss has not improved for 2 epochs (best 1." ", epoch 1). 3 epochs, 9 steps in" \
        "Kept in r: best.safetensors (epoch " ", train.loss 1." "last.safetensors"
    [ "$(wc -l <r/metrics.tsv)" -eq 4 ]
}

@test "target reached: exit 0 before the budget" {
    run "$program" train tiny.yaml "train.stop={target: val.accuracy, value: 0.4}" --out r
    ended 0 "target reached: val.accuracy is" "wanted at least 0.4"
    [ "$(wc -l <r/metrics.tsv)" -lt 9 ]
}

@test "target missed: exit 6, how near it came" {
    run "$program" train tiny.yaml "train.stop={target: val.loss, value: 1e-9}" --out r
    ended 6 "target missed: val.loss came to" "wanted at most 1e-09; all epochs done: 8 epochs"
    run "$program" train tiny.yaml "train.stop={target: val.loss, value: 1e-9}" --out s --json
    ended 6 '"missed": true' '"reason": "epochs", "text": "target missed: val.loss came to'
}

@test "target missed by patience: exit 6; divergence stays exit 5" {
    run "$program" train tiny.yaml optimizer.lr=0 \
        "train.stop=[{watch: train.loss, patience: 1, min_delta: 0.5}, {target: val.accuracy, value: 2}]" --out r
    ended 6 "target missed: val.accuracy" "stopped: train.loss has not improved for 1 epoch "
    sed -i 's/norm: batch, //' tiny.yaml
    run "$program" train tiny.yaml model.loss=squared-error optimizer.lr=1e9 train.epochs=50 "train.stop={target: val.accuracy, value: 2}" --out s
    ended 5 "diverged"
}

@test "the table keeps its width, however large losses and numbers of epochs are" {
    sed -i 's/norm: batch, //' tiny.yaml
    run "$program" train tiny.yaml model.loss=squared-error optimizer.lr=1e4 train.steps=1 train.epochs=100000 --out r
    ended 0 "e+"
    header="$(echo "$output" | grep 'epoch train.loss')"
    row="$(echo "$output" | grep '^ *1/1 ')"
    [ "${#header}" -eq 76 ]
    [ "${#row}" -eq 78 ] # with its star
    run "$program" train tiny.yaml train.epochs=20000 train.seconds=0.05 --out s
    header="$(echo "$output" | grep 'epoch train.loss')"
    row="$(echo "$output" | grep '^ *1/20000 ')"
    row="${row%% \*}"
    [ "${#header}" -eq "${#row}" ]
}

@test "budgets end a run in words" {
    run "$program" train tiny.yaml train.steps=5 --out r
    ended 0 "all steps done: 2 epochs, 5 steps"
    run "$program" train tiny.yaml train.epochs=2 --out s
    ended 0 "all epochs done: 2 epochs, 6 steps"
    run "$program" train tiny.yaml train.epochs=100000000 train.seconds=0.2 --out t
    ended 0 "the time is used up: "
}

@test "eval takes the best weights unless told otherwise" {
    "$program" train tiny.yaml optimizer.lr=3 train.keep.best=val.loss "train.average={kind: ema, decay: 0.9}" \
        "data={format: csv, train: rows.csv, test: rows.csv, holdout: 30}" --out r
    for weights in best last average; do
        run "$program" eval r --weights $weights --json
        ended 0 "\"weights\": \"$weights\""
    done
    run "$program" eval r
    ended 0 "best weights"
    rm r/best.safetensors
    run "$program" eval r
    ended 0 "last weights"
    "$program" train tiny.yaml --out s
    run "$program" eval s
    ended 4 "no test rows" "data.test"
}

@test "train tells the test result of the weights that eval takes" {
    cp rows.csv test.csv
    sed -i 's/path: rows.csv/train: [rows.csv], test: [test.csv]/; s/lr: 0.1/lr: 5/' tiny.yaml
    said="$("$program" train tiny.yaml --out r --json 2>log | tail -n 1 | sed 's/.*"test.loss": \([^,]*\),.*/\1/')"
    run "$program" eval r --json
    [[ "$output" == "{\"test\": {\"loss\": $said,"* ]] || { echo "train $said, eval $output"; return 1; }
}

@test "the average is a column beside the raw weights and a file at the end" {
    run "$program" train tiny.yaml "train.average={kind: swa, start: 2 epochs}" --out r
    ended 0 "avg.loss" "average.safetensors"
    head -n 1 r/metrics.tsv | grep -qP '\taverage.val.loss\taverage.val.accuracy\taverage.val.error\t'
    column="$(head -n 1 r/metrics.tsv | tr '\t' '\n' | grep -nx average.val.loss | cut -d: -f1)"
    [ "$(cut -f "$column" r/metrics.tsv | tail -n +2 | grep -c nan)" -eq 2 ]
    run "$program" train tiny.yaml --out s
    [ "$(grep -c average s/metrics.tsv)" -eq 0 ]
    [ ! -e s/average.safetensors ]
}

@test "what cannot be watched is an error at its place, and nothing is started" {
    run "$program" train tiny.yaml data.holdout=0 "train.stop={watch: val.loss}" --out r
    ended 3 'watch: "val.loss" cannot be watched: no rows validate; set data.holdout' train.stop=
    run "$program" train tiny.yaml "train.stop={watch: average.val.loss}" --out r
    ended 3 "no weights are averaged; set train.average"
    run "$program" train tiny.yaml "train.average={kind: polyak, start: 9 epochs}" --out r
    ended 3 "step 28, but the run has 24 steps" train.average=
    [ ! -e r ]
}

@test "the first part of a plan: after ends the run, the schedule keeps its length" {
    run "$program" train tiny.yaml "schedule={name: cosine}" --out whole
    run "$program" train tiny.yaml "schedule={name: cosine}" "train.stop={after: 2 epochs}" --out part
    ended 0 "all steps done: 2 epochs, 6 steps"
    cmp <(head -n 3 whole/metrics.tsv | cut -f 1-10) <(cut -f 1-10 part/metrics.tsv)
    run "$program" train tiny.yaml "train.stop={after: 5 minutes}" --out time
    ended 3 "found a time, wanted steps or epochs"
}

@test "retrain anew: all rows, as many steps as the best weights took" {
    sed -i 's/lr: 0.1/lr: 1/' tiny.yaml
    run "$program" train tiny.yaml "train.stop={watch: val.loss, patience: 1}" train.retrain.strategy=anew --out r
    ended 0 "stopped: val.loss has not improved for 1 epoch " "retraining anew on all rows for"
    best="$(sed -n 's/.*for \([0-9]*\) steps, as many as.*/\1/p' <<<"$output")"
    [ "$((best % 3))" -eq 0 ]
    [ "$(tail -n 1 r/retrain/metrics.tsv | cut -f 2)" -eq "$best" ]
    [ "$(sed -n 2p r/retrain/metrics.tsv | cut -f 2)" -eq 5 ] # 90 rows, not 60
    [ ! -e r/retrain/best.safetensors ]
    # the last step is measured, wherever the epoch ends
    [ "$(tail -n 1 r/retrain/metrics.tsv | cut -f 8,9 | grep -c nan)" -eq 0 ]
    run "$program" train --resume r
    ended 0 "r/retrain is finished"
}

@test "retrain continue: from the best weights until the held-out loss is that of the other rows" {
    run "$program" train tiny.yaml train.retrain.strategy=continue --out r
    ended 0 "retraining: on from the best weights with all rows, until val.loss falls to" "target reached: val.loss is"
    grep -q "holdout_trains: true" r/retrain/resolved.yaml
    [ "$(sed -n 2p r/retrain/metrics.tsv | cut -f 2)" -eq 5 ]
    run "$program" train tiny.yaml optimizer.lr=0 "train.retrain={strategy: continue, epochs: 2}" --out s
    [ "$(tail -n 1 s/retrain/metrics.tsv | cut -f 1)" -le 2 ]
}

@test "retrain without rows held out of the training file: exit 3, nothing is started" {
    run "$program" train tiny.yaml data.holdout=0 train.retrain.strategy=anew --out r
    ended 3 "none were; set data.holdout" train.retrain
    [ ! -e r ]
}

@test "averages, best weights and patience go on where a run was cut" {
    for average in "{kind: ema, decay: 0.9}" "{kind: polyak, start: 3 steps}" "{kind: swa, start: 2 epochs}"; do
        rm -rf whole part
        "$program" train tiny.yaml "train.average=$average" "train.stop={watch: val.loss, patience: 5}" --out whole
        "$program" train tiny.yaml "train.average=$average" "train.stop={watch: val.loss, patience: 5}" train.steps=10 --out part
        "$program" train --resume part train.steps=24
        for file in best last average; do cmp whole/$file.safetensors part/$file.safetensors; done
        cmp <(cut -f 1-13 whole/metrics.tsv) <(cut -f 1-13 part/metrics.tsv)
    done
}

@test "more patience after an early stop goes on as a run that had it from the beginning" {
    stop="watch: train.loss, min_delta: 0.3"
    "$program" train tiny.yaml "train.stop={$stop, patience: 2}" --out part
    "$program" train tiny.yaml "train.stop={$stop, patience: 5}" --out whole
    [ "$(wc -l <part/metrics.tsv)" -lt "$(wc -l <whole/metrics.tsv)" ]
    run "$program" train --resume part train.stop.patience=5
    ended 0 "changed: train.stop.patience 2 -> 5"
    for file in best last; do cmp whole/$file.safetensors part/$file.safetensors; done
    cmp <(cut -f 1-10 whole/metrics.tsv) <(cut -f 1-10 part/metrics.tsv)
}

@test "a second run that was cut, or had not begun, is had by resuming the first" {
    for strategy in anew continue; do
        "$program" train tiny.yaml "train.stop={watch: train.loss, min_delta: 0.2, patience: 2}" \
            train.retrain.strategy=$strategy --out $strategy
        mv $strategy/retrain whole
        "$program" train --resume $strategy
        cmp whole/last.safetensors $strategy/retrain/last.safetensors
        rm -r $strategy/retrain/checkpoints $strategy/retrain/last.safetensors # killed before its first checkpoint
        "$program" train --resume $strategy
        cmp whole/last.safetensors $strategy/retrain/last.safetensors
        rm -r whole
    done
}

@test "best and averaged weights have the same bits on another instruction set" {
    for average in "{kind: swa, start: 2 epochs}" "{kind: ema, decay: 0.9}"; do
        rm -rf fast plain
        "$program" train tiny.yaml "train.average=$average" --out fast
        DS_ISA=plain "$program" train tiny.yaml "train.average=$average" --out plain
        for file in best last average; do cmp fast/$file.safetensors plain/$file.safetensors; done
    done
}
