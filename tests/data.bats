#!/usr/bin/env bats
# `descent data`: what it shows and counts, that rewriting keeps every row, and how it refuses.

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    printf 'size,weight,kind\n1,10,cat\n2,20,dog\n2,20,cat\n4,40,"a, b"\n' >pets.csv
}

teardown() { rm -rf "$work"; }

refused() { # EXIT-CODE WORD...
    [ "$status" -eq "$1" ] || { echo "exit $status, wanted $1: $output"; return 1; }
    shift
    for word in "$@"; do
        [[ "$output" == *"$word"* ]] || { echo "no \"$word\" in: $output"; return 1; }
    done
}

fingerprint() { "$program" data stats --json "$1" | sed 's/.*"fingerprint": "\([0-9a-f]*\)".*/\1/'; }

@test "show prints tables, pictures and JSON" {
    run "$program" data show pets.csv --from 1 --rows 2
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 3 ]
    [[ "${lines[0]}" == *size*weight*label && "${lines[1]}" == *2*20*dog && "${lines[2]}" == *2*20*cat ]]
    run "$program" data show digits --rows 1
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 15 ]
    [[ "${lines[0]}" == "row 0: "[0-9] && "$output" == *@* ]]
    CLICOLOR_FORCE=1 run "$program" data show digits --rows 1
    [[ "$output" == *$'\033[38;2;'* ]]
    run "$program" data show pets.csv --json --from 3
    [ "$output" = '{"row": 3, "label": "a, b", "x": [4, 40]}' ]
    run "$program" data show digits data.holdout=5 --split val --rows 9 --json
    [ "$(echo "$output" | python3 -c 'import json, sys; print(sum(len(json.loads(l)["x"]) for l in sys.stdin))')" = 3920 ]
}

@test "stats counts rows, classes, repetitions and leaks" {
    printf 'size,weight,kind\n4,40,"a, b"\n9,9,dog\n' >test.csv
    run "$program" data stats pets.csv data.path= 'data.train=[pets.csv]' 'data.test=[test.csv]' --json
    [ "$status" -ne 0 ] # path and train exclude each other
    printf 'data: {format: csv, train: [pets.csv], test: [test.csv]}\nmodel: {layers: [{dense: classes}]}\noptimizer: {name: sgd, lr: 1}\ntrain: {epochs: 1}\n' >c.yaml
    "$program" data stats c.yaml --json >s.json
    python3 - <<'END'
import json, math
s = json.load(open("s.json"))
t, test = s["splits"]["train"], s["splits"]["test"]
assert s["names"] == ["cat", "dog", "a, b"] and s["sample"] == [2] and s["cell"] == "f64"
assert t["rows"] == 4 and t["classes"] == [2, 1, 1] and t["repeated"] == 1 and t["contradicted"] == 1
assert test["rows"] == 2 and test["classes"] == [0, 1, 1] and test["in_train"] == 1
c = t["columns"][1]
assert c["name"] == "weight" and (c["mean"], c["min"], c["max"], c["missing"]) == (22.5, 10, 40, 0)
assert abs(c["deviation"] - math.sqrt(118.75)) < 1e-12
END
    run "$program" data stats c.yaml
    [[ "$output" == *"with another label: 1"* && "$output" == *"like a training row: 1"* ]]
}

@test "convert keeps every number: idx, npy, csv, shards and back" {
    "$program" data convert digits data.seed=2 --to idx --out idx
    "$program" data convert idx --to npy --out npy
    "$program" data convert npy --to shards --out shards
    "$program" data convert shards --to idx --out back
    cmp idx/train-images-idx3-ubyte back/train-images-idx3-ubyte
    cmp idx/t10k-labels-idx1-ubyte back/t10k-labels-idx1-ubyte
    [ "$(fingerprint idx)" = "$(fingerprint npy)" ]
    "$program" data convert pets.csv --to csv --out csv
    "$program" data convert csv --to shards --out s2
    "$program" data convert s2 --to csv --out csv2
    cmp csv/train.csv csv2/train.csv
    [ "$(fingerprint pets.csv)" = "$(fingerprint csv2)" ]
    cp csv/train.csv before
    run "$program" data convert pets.csv --to npy --out csv
    refused 2 "it holds files already, train.csv among them" "a new folder"
    cmp before csv/train.csv
    run "$program" data convert pets.csv --to npy --out new
    [[ "$output" == "new: npy: "*" train rows, as stored" ]]
    run "$program" data convert pets.csv --to idx --out no
    refused 2 "idx holds bytes" "--to npy"
}

@test "shuffle goes on after SIGKILL to the same bytes" {
    "$program" data convert digits --to idx --out idx
    "$program" data shuffle idx --seed 5 --out whole
    for delay in 0.02 0.1 0.25; do
        "$program" data shuffle idx --seed 5 --memory 1M --out cut & victim=$!
        sleep "$delay"
        kill -9 "$victim" 2>/dev/null || true
        wait "$victim" || true
        [ -e cut/index.json ] || "$program" data shuffle idx --seed 5 --memory 2M --out cut
        diff -r whole cut
        rm -rf cut
    done
}

@test "data refuses what has no effect, and names what is near" {
    run "$program" data shufle digits
    refused 2 'found "shufle"' "did you mean shuffle?"
    run "$program" data show
    refused 2 "wants a CONFIG or a SOURCE"
    run "$program" data show digits --seed 3
    refused 2 "--seed has no effect with data show"
    run "$program" data show digits data.dificulty=0.2
    refused 3 "difficulty"
    run "$program" data show nowhere
    refused 4 "nowhere: no such file or folder"
    run "$program" data show "$work"
    refused 2 "add data.format=NAME"
    run "$program" data shuffle digits
    refused 2 "wants --out DIR"
    run "$program" data shuffle digits data.stream=true --out s
    refused 3 "stream"
    "$program" data shuffle pets.csv --out p
    run "$program" data shuffle pets.csv --out p
    refused 2 "holds a set already"
    printf X | dd of=p/train-00000.shard bs=1 seek=60 conv=notrunc 2>/dev/null
    run "$program" data stats p
    refused 4 "p/train-00000.shard" "damaged"
}
