#!/usr/bin/env bats
# optimizer.groups from the command line: what a run does with them, the routing report (tests/golden/routing.txt),
# settings, resuming. DESCENT names the program (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    golden="$(realpath tests/golden/routing.txt)"
    work="$(mktemp -d)"
    cd "$work"
    cat >net.yaml <<'END'
data: {format: digits, holdout: 50, scale: [0, 1]}
model:
  layers:
    - {conv: 2, kernel: 5, stride: 3, norm: batch, act: relu}
    - {flatten: true}
    - {dense: 8, act: tanh}
    - {dense: classes}
optimizer:
  name: adamw
  lr: 1e-3
  groups:
    - {role: bias, weight_decay: 0}
    - {role: norm, weight_decay: 0, lr: 1e-4}
    - {match: "0.weight", name: momentum, lr: 0.1, momentum: 0.9}
    - {match: "2.weight", frozen: true}
schedule: {name: cosine, warmup: "2 steps"}
train: {steps: 6, batch: 20, seed: 1, checkpoint: {every: "2 steps"}}
END
}

teardown() { rm -rf "$work"; }

bytes_of() { # FILE NAME: of a tensor, as numbers
    python3 - "$1" "$2" <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
a, b = json.loads(data[8:8 + n])[sys.argv[2]]["data_offsets"]
print(data[8 + n + a:8 + n + b].hex())
END
}

@test "check and train report who moves what; one rule for all is no report" {
    "$program" check net.yaml | sed -n '/^tensor/,/state$/p' >found.txt
    diff "$golden" found.txt
    "$program" train net.yaml --out run 2>said
    sed -n '/^tensor/,/state$/p' said >found.txt
    diff "$golden" found.txt
    "$program" train net.yaml "optimizer.groups=[]" --out plain 2>said
    if grep -q "^tensor" said; then return 1; fi
}

@test "the report as JSON" {
    "$program" check net.yaml --json >check.json
    "$program" train net.yaml --out run --json >train.json
    python3 - <<'END'
import json
check = json.load(open("check.json"))["routing"]
train = json.loads(open("train.json").readline())["routing"]
assert check == train
assert [r["group"] for r in check] == ["groups.2", "groups.1", "groups.1", "groups.3", "groups.0", "", "groups.0"]
assert check[0] == {"tensor": "0.weight", "shape": [2, 1, 5, 5], "role": "weight", "group": "groups.2",
                    "rule": "momentum", "rate": 0.1, "decay": 0, "state": 200}
assert check[3]["rule"] is None
END
}

@test "groups that say nothing new leave the bits of a run without groups" {
    "$program" train net.yaml "optimizer.groups=[]" --out plain
    "$program" train net.yaml 'optimizer.groups=[{role: bias}, {match: "2.weight"}, {role: norm, lr: 1e-3}]' --out same
    cmp plain/last.safetensors same/last.safetensors
}

@test "frozen tensors keep the bits they begin with, all others move" {
    "$program" train net.yaml train.steps=0 --out start
    "$program" train net.yaml --out run
    [ "$(bytes_of start/last.safetensors 2.weight)" = "$(bytes_of run/last.safetensors 2.weight)" ]
    for name in 0.weight 0.norm.weight 0.norm.bias 2.bias 3.weight 3.bias; do
        [ "$(bytes_of start/last.safetensors $name)" != "$(bytes_of run/last.safetensors $name)" ]
    done
}

@test "norms count what moves: a frozen tensor is not part of grad.norm" {
    "$program" train net.yaml 'optimizer.groups=[{match: "[023].*", role: matrix, frozen: true}]' --out vectors
    "$program" train net.yaml 'optimizer.groups=[]' --out all
    norm() { awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "grad.norm") k = i } END { print $k }' "$1/metrics.tsv"; }
    awk -v a="$(norm vectors)" -v b="$(norm all)" 'BEGIN { exit !(a < 0.9 * b) }'
}

@test "a setting reaches into a group, and the resolved config gives the same run" {
    "$program" train net.yaml optimizer.groups.2.lr=0.01 --out slow
    "$program" train net.yaml --out run
    if cmp -s slow/last.safetensors run/last.safetensors; then return 1; fi
    "$program" train slow/resolved.yaml --out again
    cmp slow/last.safetensors again/last.safetensors
    diff <(sed 's/ *#.*//' slow/resolved.yaml | sort) <(sed 's/ *#.*//' again/resolved.yaml | sort)
}

@test "another rule from the command line drops what it does not know, in groups too" {
    "$program" train net.yaml optimizer.name=sgd optimizer.groups.0.momentum=0.5 --out run
    sed -i 's/weight_decay: 0, lr: 1e-4/beta1: 0.8, lr: 1e-4/' net.yaml
    run "$program" train net.yaml optimizer.name=sgd --out second
    [ "$status" -eq 0 ]
    [[ "$output" == *"note: optimizer.groups.1.beta1 (net.yaml:13) is dropped: rule \"sgd\" does not know it"* ]]
}

@test "a group without decay does not inherit how a decay is coupled" {
    "$program" train net.yaml optimizer.weight_decay_coupling=fixed --out run
    [ "$(grep -c "weight_decay_coupling: fixed" run/resolved.yaml)" -eq 1 ]
    run "$program" train net.yaml optimizer.weight_decay_coupling=fixed optimizer.weight_decay=0 --out none
    [ "$status" -eq 3 ]
    [[ "$output" == *"needs weight_decay above 0 to have an effect"* ]]
}

@test "a rate of 0 leaves no share of the schedule to groups" {
    run "$program" train net.yaml optimizer.lr=0 --out none
    [ "$status" -eq 3 ]
    [[ "$output" == *"its share of the schedule cannot be told"* ]]
    [ ! -e none ]
}

@test "patterns without a tensor and tensors of two groups are refused at their place" {
    run "$program" train net.yaml 'optimizer.groups.2.match=0.wieght' --out none
    [ "$status" -eq 3 ]
    [[ "$output" == *"no tensor is called \"0.wieght\"; there are: 0.weight, 0.norm.weight"* ]]
    sed -i 's/role: norm/match: "*.bias"/' net.yaml
    run "$program" train net.yaml --out none
    [ "$status" -eq 3 ]
    [[ "$output" == *"net.yaml:13:8: groups 0 and 1 both name tensor \"2.bias\""* ]]
    [ ! -e none ]
}
