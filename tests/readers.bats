#!/usr/bin/env bats
# Sources through the program: pipes, patterns, archives; exit 4 with file and row for broken data, 3 for settings that do
# not fit. DESCENT names the program.

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    bad="$(realpath "${DS_SOURCE:-.}")/tests/data-bad"
    work="$(mktemp -d)"
    cd "$work"
    config() { # DATA: a small classifier on it
        printf '%s\n' "data: $1" "model:" "  loss: cross-entropy" "  layers:" "    - {dense: 4, act: tanh}" \
            "    - {dense: classes}" "optimizer: {name: sgd, lr: 0.1}" "train: {epochs: 2, batch: 4}" >config.yaml
    }
    rows() { awk -v n="$1" 'BEGIN { print "a,b,kind"; for (i = 0; i < n; i++) print i % 7 / 7 "," (i % 5 ? i % 11 / 11 : "NA") "," (i % 2 ? "odd" : "even") }'; }
}

teardown() { rm -rf "$work"; }

@test "a table from standard input and from a named pipe gives the weights of the file" {
    rows 40 >table.csv
    config "{format: csv, path: table.csv, missing: mean, standardize: true, holdout: 0.25}"
    "$program" train config.yaml --out file
    "$program" train config.yaml data.path=- --out input <table.csv
    mkfifo pipe
    rows 40 >pipe &
    "$program" train config.yaml data.path=pipe --out named
    cmp file/last.safetensors input/last.safetensors
    cmp file/last.safetensors named/last.safetensors
}

@test "the parts of a table, and an archive of them, give the weights of the whole" {
    command -v tar >/dev/null || skip "no tar here"
    rows 40 >table.csv
    sed -n 1,20p table.csv >part-1.csv
    sed -n '21,$p' table.csv >part-2.csv
    tar -cf set.tar part-1.csv part-2.csv
    config "{format: csv, path: table.csv, missing: 0}"
    "$program" train config.yaml --out whole
    "$program" train config.yaml "data.path=part-*.csv" --out parts
    "$program" train config.yaml "data.path=set.tar/part-?.csv" --out packed
    cmp whole/last.safetensors parts/last.safetensors
    cmp whole/last.safetensors packed/last.safetensors
}

@test "broken data end with exit 4, the file and the row, and leave no run behind" {
    while IFS='|' read -r format files words; do
        config "{format: $format, train: [$bad/$files]}"
        run "$program" train config.yaml --out broken
        [ "$status" -eq 4 ]
        [[ "$output" == *"$words"* ]] || { echo "$files: $output"; false; }
        [ ! -e broken/last.safetensors ]
    done <<END
csv|na.csv|na.csv:3:3: found 'N/A' in column 1 ('b'); wanted a number; set data.missing to mean, drop or a value
jsonl|syntax.jsonl|syntax.jsonl:2:9:
libsvm|order.libsvm|order.libsvm:2:7: found '2:1'; wanted indices that rise along the row
images|checksum.tar|checksum.tar/a/1.png: damaged PNG image
images|short-archive.tar|damaged archive
images|absent.tar|absent.tar: no such folder or archive
END
}

@test "a broken table in a pipe is named as standard input" {
    config "{format: csv, path: \"-\"}"
    run "$program" train config.yaml --out broken <<<$'1,2,x\n1,2'
    [ "$status" -eq 4 ]
    [[ "$output" == *"standard input:2: found 2 cells; wanted 3"* ]]
}

@test "settings that the data do not fit end with exit 3" {
    rows 40 >table.csv
    for settings in "missing: middle" "missing: 0, augment: [{cutout: 2}]"; do
        config "{format: csv, path: table.csv, $settings}"
        run "$program" train config.yaml --out broken
        [ "$status" -eq 3 ]
    done
    config "{format: csv, path: table.csv, missing: 0, whiten: pca, components: 3}"
    run "$program" train config.yaml --out broken
    [ "$status" -eq 3 ]
    [[ "$output" == *"components is 3; wanted at most 2"* ]]
    config "{format: csv, path: table.csv, missing: 0, class_weights: [1, 2, 3]}"
    run "$program" train config.yaml --out broken
    [ "$status" -eq 3 ]
    [[ "$output" == *"class_weights has 3 numbers, the data has 2 classes"* ]]
}
