#!/usr/bin/env bats
# `descent init`: every template is a config that `check` accepts as it stands. DESCENT names the program.

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    templates="$(realpath "$BATS_TEST_DIRNAME/../src/cmd/template")"
    work="$(mktemp -d)"
    cd "$work"
}

teardown() { rm -rf "$work"; }

@test "every template is written as its file stands, on standard output or to --out" {
    for file in "$templates"/*.yaml; do
        name="$(basename "$file" .yaml)"
        "$program" init "$name" | cmp - "$file"
        "$program" init "$name" --out "$name.yaml"
        cmp "$name.yaml" "$file"
    done
    [ -f mlp.yaml ]
    [ -f cnn.yaml ]
    [ -f table.yaml ]
    [ -f svm.yaml ]
    [ -f stream.yaml ]
}

@test "check accepts every template" {
    for file in "$templates"/*.yaml; do
        name="$(basename "$file" .yaml)"
        "$program" init "$name" >"$name.yaml"
        run "$program" check "$name.yaml"
        [ "$status" -eq 0 ] || { echo "$name: $output"; return 1; }
    done
}

@test "templates are commented and say how to learn more" {
    for file in "$templates"/*.yaml; do
        head -2 "$file" | grep -c '^#' | grep -qx 2
        grep -q 'descent explain' "$file"
        [ "$(grep -c '#' "$file")" -ge 8 ]
    done
}

@test "the commented lines of the table template take a CSV file" {
    "$program" init table | sed 's/format: rings/format: csv/; s/  # \(train\|header\|label\|target\):/  \1:/; s/batch: 32/batch: 8/' >t.yaml
    run "$program" check t.yaml
    [ "$status" -eq 4 ]
    [[ "$output" == *table.csv* ]]
    awk 'BEGIN { print "a,b,kind"; for (i = 0; i < 60; i++) print i % 7 "," (i * i) % 11 "," substr("xyz", i % 3 + 1, 1) }' >table.csv
    run "$program" check t.yaml
    [ "$status" -eq 0 ]
    [[ "$output" == *"48 train, 12 held out"* ]]
}

@test "a file that is there stays as it is: exit 2" {
    echo mine >mlp.yaml
    run "$program" init mlp --out mlp.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *"mlp.yaml is there already"* ]]
    [ "$(cat mlp.yaml)" = mine ]
}

@test "no template, a misspelt one, two of them: exit 2 with the names" {
    run "$program" init
    [ "$status" -eq 2 ]
    [[ "$output" == *"cnn, mlp, stream, svm, table"* ]]
    run "$program" init mpl
    [ "$status" -eq 2 ]
    [[ "$output" == *'did you mean "mlp"'* ]]
    run "$program" init mlp cnn
    [ "$status" -eq 2 ]
}

@test "what cannot be written: exit 1 with the reason" {
    run "$program" init mlp --out nowhere/mlp.yaml
    [ "$status" -eq 1 ]
    [[ "$output" == *"nowhere/mlp.yaml: No such file"* ]]
}
