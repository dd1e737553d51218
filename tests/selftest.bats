#!/usr/bin/env bats
# `descent selftest`: the laws hold for everything that is registered. DESCENT names the program (default build/descent).

@test "every rule and every solver keeps the laws" {
    program="$(realpath "${DESCENT:-build/descent}")"
    run "$program" selftest --optimizer all
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    table="$(echo "$output" | tr -s ' ')"
    grep -qx "rule still buffer order negate resume fused threads" <<<"$table"
    grep -qx "adam ok ok ok ok ok ok ok" <<<"$table"
    grep -qx "adamw - ok ok ok ok ok ok" <<<"$table" # its weight decay moves without a gradient
    grep -qx "solver resume budget descent" <<<"$table"
    grep -qx "lbfgs ok ok ok" <<<"$table"
    [[ "$output" == *", 0 fail" ]]
    "$program" selftest --optimizer adamw --json | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
assert r["pass"] and set(r["laws"]) == {"buffer", "order", "negate", "resume", "fused", "threads"}, r'
    run "$program" selftest --optimizer nobody
    [ "$status" -eq 2 ]
    [[ "$output" == *nobody* ]]
}
