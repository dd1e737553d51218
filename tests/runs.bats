#!/usr/bin/env bats
# `descent runs`: finding, comparing, tagging and removing runs; the index is a cache that may be stale, broken or away.
# DESCENT names the program (default build/descent).

load support/tiny

train() { "$program" train tiny.yaml "$@" >/dev/null 2>&1; }
names() { "$program" runs list "$@" --columns run --json | sed 's/.*: "\(.*\)"}/\1/' | tr '\n' ' '; }

@test "runs are found by settings, numbers, status and tags, and sorted" {
    train
    train optimizer.lr=0.5
    train optimizer.name=adam
    [ "$(names)" = "tiny-0001 tiny-0002 tiny-0003 " ]
    [ "$(names optimizer=adam)" = "tiny-0003 " ]
    [ "$(names optimizer!=adam)" = "tiny-0001 tiny-0002 " ]
    [ "$(names optimizer.lr=0.5 status=finished)" = "tiny-0002 " ]
    [ "$(names 'optimizer.lr>=0.1' --sort -optimizer.lr)" = "tiny-0002 tiny-0001 tiny-0003 " ]
    [ "$(names 'run~0002')" = "tiny-0002 " ]
    loss=$(awk 'END { print $5 }' runs/tiny-0001/metrics.tsv)
    [[ "$(names "val.loss=$loss")" == *"tiny-0001 "* ]]
    [ -z "$(names 'val.loss>1e9' 2>/dev/null)" ]
    "$program" runs tag tiny-0002 good first
    [ "$(names tag=good)" = "tiny-0002 " ]
    "$program" runs tag runs/tiny-0002 good --remove
    [ -z "$(names tag=good 2>/dev/null)" ]
    [ "$(names tag=first)" = "tiny-0002 " ]
}

@test "diff shows only what differs, show shows all" {
    train
    train optimizer.lr=0.5
    run "$program" runs diff tiny-0001 tiny-0002
    [ "$status" -eq 0 ]
    [[ "$output" == *"optimizer.lr"*"0.1"*"0.5"* ]]
    [[ "$output" != *"train.batch"* ]]
    run "$program" runs show tiny-0001 --json
    [ "$status" -eq 0 ]
    [[ "$output" == *'"train.batch": 20'* ]]
    [[ "$output" == *'"status": "finished"'* ]]
}

@test "the index is a cache: away, damaged, stale or anew it says the same" {
    train
    train
    [ "$(names)" = "tiny-0001 tiny-0002 " ]
    rm runs/index.sqlite*
    [ "$(names)" = "tiny-0001 tiny-0002 " ]
    printf 'this is no database, and longer than a header of one hundred bytes%100s' x >runs/index.sqlite
    rm -f runs/index.sqlite-*
    [ "$(names)" = "tiny-0001 tiny-0002 " ]
    cp -r runs/tiny-0001 runs/copy
    rm -r runs/tiny-0002
    [ "$(names)" = "copy tiny-0001 " ]
    run "$program" runs reindex
    [ "$status" -eq 0 ]
    [[ "$output" == *"2 runs"* ]]
}

@test "readers and trainers at once do not harm the index" {
    for k in 1 2 3; do train & done
    for k in 1 2 3 4; do "$program" runs list >/dev/null & done
    wait
    [ "$(names)" = "tiny-0001 tiny-0002 tiny-0003 " ]
    run "$program" runs list status=finished
    [ "$status" -eq 0 ]
    [[ "$output" == *tiny-0001* && "$output" == *tiny-0003* ]]
}

@test "rm takes away a run and nothing else, and not while it is trained" {
    train
    train
    echo mine >runs/tiny-0002/notes.txt
    run "$program" runs rm tiny-0001
    [ "$status" -eq 0 ]
    [ ! -e runs/tiny-0001 ]
    run "$program" runs rm tiny-0002
    [ "$status" -ne 0 ]
    [[ "$output" == *notes.txt* ]]
    [ "$(cat runs/tiny-0002/notes.txt)" = mine ]
    train
    exec 9>>runs/tiny-0003/lock
    flock 9
    [ "$("$program" runs list --columns status --json)" = '{"status": "running"}' ]
    run "$program" runs rm tiny-0003
    [ "$status" -eq 2 ]
    [[ "$output" == *"at work"* ]]
    [ -e runs/tiny-0003/last.safetensors ]
}

@test "no runs yet is no mistake" {
    run "$program" runs list
    [ "$status" -eq 0 ]
    [[ "$output" == *"no runs yet"* ]]
}

@test "eval adds a metric: top-k, confusion" {
    train
    "$program" eval tiny-0001 --metric "top-k(k=10)" --json | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())["test"]
assert r["top-k"] == 1 and 0 <= r["accuracy"] <= 1, r'
    "$program" eval tiny-0001 --metric confusion --json | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())["test"]
t = r["confusion"]
assert len(t) == 10 and sum(map(sum, t)) == 10000 and abs(sum(t[i][i] for i in range(10)) / 1e4 - r["accuracy"]) < 1e-12, r'
    run "$program" eval tiny-0001 --metric confusion
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 12 ]
    run "$program" eval tiny-0001 --metric confusing
    [ "$status" -ne 0 ]
    [[ "$output" == *confusion* ]]
}

@test "mistakes are usage errors with a hint" {
    train
    run "$program" runs list optimizer.nam=adam
    [ "$status" -eq 2 ]
    [[ "$output" == *"optimizer.name"* ]]
    run "$program" runs list nonsense
    [ "$status" -eq 2 ]
    [[ "$output" == *"KEY=VALUE"* ]]
    run "$program" runs list 'val.loss>high'
    [ "$status" -eq 2 ]
    [[ "$output" == *"no number"* ]]
    run "$program" runs show tiny-001
    [ "$status" -eq 2 ]
    [[ "$output" == *"tiny-0001"* ]]
    run "$program" runs tag tiny-0001 'a b'
    [ "$status" -eq 2 ]
    run "$program" runs lst
    [ "$status" -eq 2 ]
    [[ "$output" == *list* ]]
    run "$program" runs list --dir nowhere
    [ "$status" -eq 4 ]
    [[ "$output" == *nowhere* ]]
}
