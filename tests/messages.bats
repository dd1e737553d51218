#!/usr/bin/env bats
# Messages as a whole: all mistakes of a config at once, each at its place, those of shape beside those of form.
# DESCENT names the program (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    cat >net.yaml <<'END'
data: {format: digits, holdout: 50, scale: [0, 1]}
model:
  loss: cross-entropy
  layers:
    - {conv: 4, kernel: 3, pad: same, act: relu, repeat: 2}
    - residual:
        - {conv: 4, kernel: 3, pad: same}
    - {pool: global-average}
    - {dense: classes}
optimizer: {name: sgd, lr: 0.1}
train: {steps: 1, batch: 20, seed: 1}
END
}

teardown() { rm -rf "$work"; }

# shows EXIT-CODE : the last command's code, and all that it said, from standard input
shows() {
    [ "$status" -eq "$1" ] || { echo "exit $status, wanted $1: $output"; return 1; }
    diff <(echo "$output") - || { echo "$output"; return 1; }
}

@test "mistakes of form and of shape at once, each with line, caret, expectation and nearest name" {
    cat >bar.yaml <<'END'
data: {format: digits, holdout: 50, scale: [0, 1]}
model:
  loss: cross-entropy
  layers:
    - {conv: 16, kernel: 3, pad: same, act: relu}
    - {dense: classes}
optimizer:
  name: adamw
  lerning_rate: 3e-3
  nesterov: true
schedule: {name: cosin}
train: {steps: 3, batch: 20, seed: 1}
END
    run "$program" train bar.yaml
    shows 3 <<'END'
bar.yaml:6:8: layer 1 "dense" wants a flat input but receives 16x28x28; add {flatten: true} or {pool: global-average} before it
    6 |     - {dense: classes}
      |        ^^^^^
bar.yaml:9:3: unknown key "lerning_rate" in optimizer; did you mean "lr" (also called learning_rate)?
    9 |   lerning_rate: 3e-3
      |   ^^^^^^^^^^^^  all keys: descent explain optimizer
bar.yaml:10:3: "nesterov" has no effect with optimizer "adamw"; remove it
   10 |   nesterov: true
      |   ^^^^^^^^  nesterov belongs to: sgd, momentum, nesterov, ...
bar.yaml:11:18: schedule "cosin" does not exist; did you mean "cosine"?
   11 | schedule: {name: cosin}
      |                  ^^^^^  all of them: descent explain schedule
3 errors of form and 1 of shape in bar.yaml; nothing was started
END
}

@test "no shape is guessed at while data or model have mistakes" {
    sed -i 's/global-average/globl-average/; s/lr: 0.1/lr: -1/' net.yaml
    run "$program" check net.yaml
    [ "$status" -eq 3 ]
    [[ "$output" == *"2 errors in net.yaml; nothing was started" ]]
}

@test "a layer inside a repeated block is found at its own line" {
    sed -i 's/- {conv: 4, kernel: 3, pad: same}/- {dense: 7}/' net.yaml
    run "$program" check net.yaml
    shows 3 <<'END'
net.yaml:7:12: layer 2.0 "dense" wants a flat input but receives 4x28x28; add {flatten: true} or {pool: global-average} before it
    7 |         - {dense: 7}
      |            ^^^^^
1 error in net.yaml; nothing was started
END
}

@test "a block whose shortcut does not fit, a last layer of the wrong width, a loss for other targets" {
    run "$program" check net.yaml 'model.layers.1.residual=[{conv: 5, kernel: 3, pad: same}]'
    [ "$status" -eq 3 ]
    [[ "${lines[0]}" == 'net.yaml:6:7: layer 2 "residual" wants what its inner layers give, 5x28x28,'* ]]
    run "$program" check net.yaml model.layers.3.dense=7
    [ "$status" -eq 3 ]
    [[ "${lines[0]}" == *'7 outputs a row, but the data has 10 classes; end it with {dense: classes}'* ]]
    [ "${lines[1]}" = '    9 |     - {dense: classes}' ]
    printf '1,2,0.5\n3,4,0.25\n5,6,0.75\n' >t.csv
    cat >table.yaml <<'END'
data: {format: csv, train: [t.csv], target: real}
model:
  loss: svm
  layers: [{dense: classes}]
optimizer: {name: sgd, lr: 0.1}
train: {steps: 1, batch: 1}
END
    run "$program" check table.yaml
    [ "$status" -eq 3 ]
    [[ "${lines[0]}" == 'table.yaml:3:3: loss "svm" is for classes, but the data has real targets; use squared-error' ]]
}

@test "settings of the command line have a position of their own" {
    run "$program" check net.yaml optimizer.lr=fast 'data.augment=[{flip: horizontal}, {crop: x}]' train.bach=3
    shows 3 <<'END'
command line: optimizer.lr=fast: "lr": found "fast", wanted a number from 0 to 1000000000
      | optimizer.lr=fast
      |              ^^^^  lr: rate epsilon that the schedule starts from
command line: data.augment=[{flip: horizontal}, {crop: x}]: "crop": found "x", wanted a whole number from 0 to 65535
      | data.augment=[{flip: horizontal}, {crop: x}]
      |                                          ^  crop: side of the window; 0: the image's own, before pad
command line: train.bach=3: unknown key "bach" in train; did you mean "batch"?
      | train.bach=3
      |       ^^^^  all keys: descent explain train
3 errors on the command line; nothing was started
END
}

@test "what the data refuses later is shown at the setting that asked for it" {
    run "$program" train net.yaml train.batch=60000
    shows 3 <<'END'
command line: train.batch=60000: train.batch is 60000, there are 59950 training rows; use at most 59950, or all
      | train.batch=60000
      |             ^^^^^
1 error on the command line; nothing was started
END
    [ ! -e runs ]
}

@test "colors on request, never with NO_COLOR" {
    CLICOLOR_FORCE=1 run "$program" check net.yaml optimizer.lr=fast
    [[ "$output" == *$'\033['* ]]
    NO_COLOR=1 CLICOLOR_FORCE=1 run "$program" check net.yaml optimizer.lr=fast
    [ "$status" -eq 3 ]
    [[ "$output" != *$'\033['* ]]
}

@test "help of every command is on standard output, its flags among it" {
    run "$program" --help
    [ "$status" -eq 0 ]
    [[ "$output" == *"exit codes"* ]]
    names="$("$program" --help | sed -n '/^commands/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p')"
    [ "$(echo "$names" | wc -l)" -ge 8 ]
    for name in $names; do
        "$program" "$name" --help >one 2>two
        "$program" help "$name" | cmp - one
        [ ! -s two ]
        head -1 one | grep -q "^usage: descent $name"
        for flag in $(head -1 one | grep -o -- '--[a-z-]*'); do grep -q "^  $flag" one; done
    done
}

@test "explain knows commands too, and says what is near to a misspelt name: exit 2" {
    "$program" explain completion | cmp - <("$program" completion --help)
    run "$program" explain optimizer.betta1
    [ "$status" -eq 2 ]
    [ "$output" = 'nothing is called "optimizer.betta1"; did you mean "optimizer.beta1"?' ]
}

@test "unknown commands and flags: exit 2 and the nearest name, long or short" {
    run "$program" help trian
    [ "$status" -eq 2 ]
    [[ "$output" == *'did you mean "train"?' ]]
    run "$program" train net.yaml -uot
    [ "$status" -eq 2 ]
    [ "$output" = "descent: train has no flag -uot; did you mean --out?" ]
    run "$program" train net.yaml --hepl
    [ "$status" -eq 2 ]
    [[ "$output" == *"did you mean --help?" ]]
    run "$program" --json
    [ "$status" -eq 2 ]
    [ ! -e runs ]
}

@test "what the data refuse points at its key, in the file as on the command line" {
    printf 'a,b,c\n1,2,x\n3,4,y\n5,6,x\n' >t.csv
    cat >table.yaml <<'YAML'
data:
  format: csv
  path: t.csv
  holdout: 3
model: {loss: cross-entropy, layers: [{dense: classes}]}
optimizer: {name: sgd, lr: 0.1}
train: {steps: 1, batch: 1}
YAML
    run "$program" check table.yaml
    shows 3 <<'YAML'
table.yaml:4:3: data: holdout of 3 rows leaves none of the 3 training rows
    4 |   holdout: 3
      |   ^^^^^^^
1 error in table.yaml; nothing was started
YAML
    while IFS='|' read -r setting carets; do
        run "$program" check table.yaml data.holdout=1 "$setting"
        [ "$status" -eq 3 ]
        [ "${lines[1]}" = "      | $setting" ]
        [ "${lines[2]}" = "      | $carets" ]
    done <<'YAML'
data.holdout=stratified x|             ^^^^^^^^^^^^
data.label=d|           ^
data.missing=some|             ^^^^
data.class_weights=[1, 2, 3]|                   ^^^^^^^^^
data.components=3|     ^^^^^^^^^^
YAML
    run "$program" check table.yaml data.holdout=1 'data.augment=[{noise: 0.1}, {flip: horizontal}]'
    [ "$status" -eq 3 ]
    [ "${lines[2]}" = "      |                              ^^^^" ]
    run "$program" check table.yaml data.holdout=0 'train.stop=[{watch: val.loss, patience: 2}]'
    [ "$status" -eq 3 ]
    [ "${lines[2]}" = "      |                     ^^^^^^^^" ]
    run "$program" check table.yaml data.holdout=0 'train.stop={target: val.loss, value: 2}'
    [ "$status" -eq 3 ]
    [ "${lines[2]}" = "      |                     ^^^^^^^^" ]
    [ ! -e runs ]
}

@test "rows of one class alone fail the check" {
    printf 'a,b,c\n1,2,x\n3,4,x\n' >t.csv
    run "$program" check net.yaml 'data={format: csv, path: t.csv}' 'model.layers=[{dense: classes}]' train.batch=1
    [ "$status" -eq 1 ]
    [[ "$output" == *"all training rows have one label"* ]]
}
