#!/usr/bin/env bats
# The program from outside: exit codes, messages with a place and a hint, nothing left behind after a refusal.
# DESCENT names the program (default build/descent).

load support/tiny

refused() { # EXIT-CODE WORD... : the last command's code, and what its message must contain
    [ "$status" -eq "$1" ] || { echo "exit $status, wanted $1: $output"; return 1; }
    shift
    for word in "$@"; do
        [[ "$output" == *"$word"* ]] || { echo "no \"$word\" in: $output"; return 1; }
    done
    [ ! -e runs ] || { echo "a run directory was left behind"; return 1; }
}

@test "help and version are on standard output and exit 0" {
    run "$program" --help
    [ "$status" -eq 0 ]
    [[ "$output" == *"train"* ]]
    run "$program" train --help
    [ "$status" -eq 0 ]
    [[ "$output" == *"--out"* ]]
    run "$program" --version
    [ "$status" -eq 0 ]
    [[ "$output" == descent* ]]
}

@test "unknown command: exit 2, nearest name" {
    run "$program" trian tiny.yaml
    refused 2 'did you mean "train"'
}

@test "unknown flag: exit 2, nearest name" {
    run "$program" train tiny.yaml --uot x
    refused 2 --out
}

@test "no command and no config: exit 2" {
    run "$program"
    [ "$status" -eq 2 ]
    run "$program" train
    refused 2 CONFIG
}

@test "unknown key: exit 3, file:line:column, the line, the nearest name" {
    sed -i 's/lr: 0.1/lerning_rate: 0.1/' tiny.yaml
    run "$program" train tiny.yaml
    refused 3 'tiny.yaml:7:24' 'lerning_rate' 'lr' '^'
}

@test "wrong type: exit 3, what was found and wanted" {
    sed -i 's/batch: 20/batch: twenty/' tiny.yaml
    run "$program" train tiny.yaml
    refused 3 'tiny.yaml:8:' 'twenty'
}

@test "all errors at once" {
    sed -i 's/batch: 20/batch: twenty/; s/lr: 0.1/lr: -1/; s/cross-entropy/cros-entropy/' tiny.yaml
    run "$program" train tiny.yaml
    refused 3 ':3:' ':7:' ':8:' 'cross-entropy' '3 errors'
}

@test "override with its own position" {
    run "$program" train tiny.yaml optimizer.lr=fast
    refused 3 'optimizer.lr=fast'
}

@test "a key without effect is an error" {
    sed -i 's/name: sgd, lr: 0.1/name: adam, lr: 0.1, nesterov: true/' tiny.yaml
    run "$program" train tiny.yaml
    refused 3 'nesterov' 'no effect'
}

@test "a layer that does not fit names itself and the missing one" {
    sed -i '/flatten/d' tiny.yaml
    run "$program" train tiny.yaml
    refused 3 'dense' 'flatten'
}

@test "a batch larger than the training rows names the number to use" {
    sed -i 's/batch: 20/batch: 60000/' tiny.yaml
    run "$program" train tiny.yaml
    refused 3 '59950'
}

@test "missing config file: exit 3; missing data: exit 4" {
    run "$program" train nowhere.yaml
    refused 3 nowhere.yaml
    run "$program" train tiny.yaml data.format=idx data.path=nowhere
    refused 4 nowhere
}

@test "truncated IDX: exit 4 with file and byte" {
    mkdir set
    for part in train t10k; do
        printf '\0\0\x08\x03\0\0\0\x64\0\0\0\x1c\0\0\0\x1cshort' >"set/$part-images-idx3-ubyte"
        printf '\0\0\x08\x01\0\0\0\x64' >"set/$part-labels-idx1-ubyte"
    done
    run "$program" train tiny.yaml data.format=idx data.path=set
    refused 4 'images-idx3-ubyte'
}

@test "CSV with a bad cell: exit 4 with file, row and column" {
    printf 'a,b,class\n1,2,x\n3,n/a,y\n' >table.csv
    cat >table.yaml <<'END'
data: {format: csv, train: [table.csv]}
model: {loss: cross-entropy, layers: [{dense: classes}]}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 1, batch: 1}
END
    run "$program" train table.yaml
    refused 4 'table.csv:3' 'n/a'
}

@test "train, eval and metrics of a run" {
    run "$program" train tiny.yaml --out here
    [ "$status" -eq 0 ]
    [ -f here/config.yaml ]
    [ -f here/resolved.yaml ]
    [ -f here/metrics.tsv ]
    [ -f here/last.safetensors ]
    run "$program" eval here --json
    [ "$status" -eq 0 ]
    [[ "$output" == *'"test": {"loss": '* ]]
    [[ "$output" == *'"weights": '* ]]
    run "$program" train tiny.yaml --out here
    [ "$status" -eq 2 ]
    [[ "$output" == *"already holds a run"* ]]
}

@test "epochs=0 writes the initial weights; equal seeds give equal files" {
    "$program" train tiny.yaml train.epochs=0 --out a
    "$program" train tiny.yaml train.epochs=0 --out b
    "$program" train tiny.yaml train.epochs=0 train.seed=2 --out c
    cmp a/last.safetensors b/last.safetensors
    run cmp -s a/last.safetensors c/last.safetensors
    [ "$status" -eq 1 ]
}

@test "divergence: exit 5, the step named" {
    run "$program" train tiny.yaml model.loss=squared-error optimizer.lr=1e9 train.steps=200 --out here
    [ "$status" -eq 5 ]
    [[ "$output" == *"step"* ]]
}

@test "tour lists 57 rows; an unknown row is a usage error" {
    run "$program" tour
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 57 ]
    run "$program" tour Z9
    refused 2 Z9
}
