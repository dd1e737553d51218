#!/usr/bin/env bats
# `descent play`: solvers and rules on analytic functions. DESCENT names the program (default build/descent).

setup() { program="$(realpath "${DESCENT:-build/descent}")"; }

last() { "$program" play "$@" --json | tail -n 1; }

@test "the last line sums up, with counts that keep the budget" {
    last rosenbrock:10 --optimizer lbfgs gtol=1e-8 | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
assert list(r) == ["function", "optimizer", "x", "value", "gradient_norm", "values", "gradients", "products", "reason"], r
assert len(r["x"]) == 10 and all(abs(x - 1) < 1e-6 for x in r["x"]), r
assert r["gradient_norm"] <= 1e-8 and r["values"] == r["gradients"] > 0, r'
    last wood --optimizer newton --budget 20 | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
assert r["values"] + r["products"] <= 20 and "budget" in r["reason"], r'
}

@test "rules are played too, and a start and options are taken" {
    last beale --optimizer adam lr=0.05 --budget 3000 gtol=1e-4 | grep -q '"reason": "the gradient is small"'
    last himmelblau --optimizer descent --start=-4,-4 | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
assert abs(r["x"][0] + 3.7793) < 1e-3 and abs(r["x"][1] + 3.2832) < 1e-3, r'
    last "quadratic(kappa=100):10" --optimizer cg beta=hz --search "wolfe(c2=0.1)" | grep -q small
    last rosenbrock --optimizer sgd lr=1 --budget 100 | grep -q diverged
}

@test "the same seed draws the same points, another one others" {
    [ "$(last rastrigin:5 --optimizer cmaes)" = "$(last rastrigin:5 --optimizer cmaes)" ]
    [ "$(last rastrigin:5 --optimizer cmaes --seed 2 --budget 50)" != "$(last rastrigin:5 --optimizer cmaes --budget 50)" ]
}

@test "mistakes are told with what to do" {
    run "$program" play rosenbruck
    [ "$status" -ne 0 ]
    [[ "$output" == *rosenbrock* ]]
    run "$program" play beale:7
    [ "$status" -ne 0 ]
    [[ "$output" == *"2 numbers"* ]]
    run "$program" play beale --start 1
    [ "$status" -eq 2 ]
    [[ "$output" == *"2 numbers"* ]]
    run "$program" play beale --optimizer lbfgss
    [ "$status" -ne 0 ]
    [[ "$output" == *lbfgs* ]]
    run "$program" play beale lr
    [ "$status" -eq 2 ]
}

@test "several optimizers in one picture, over the contours of a function of two numbers" {
    work="$(mktemp -d)"
    run "$program" play beale --optimizer "momentum(lr=1e-3),adam(lr=0.1),lbfgs" --budget 40 --picture "$work/p.png"
    if command -v gnuplot >/dev/null; then
        [ "$status" -eq 0 ]
        [ "$(head -c 4 "$work/p.png" | tail -c 3)" = PNG ]
        "$program" play himmelblau --optimizer "sgd(lr=1),cmaes" --budget 40 --picture "$work/p.svg" >/dev/null
        [ "$(grep -c "</svg>" "$work/p.svg")" -eq 1 ]
    else
        [ "$status" -eq 1 ]
    fi
    [[ "$output" == *lbfgs* ]]
    mkdir "$work/bin"
    ln -s "$(command -v sh)" "$work/bin/sh"
    run env PATH="$work/bin" "$program" play beale --picture "$work/q.png"
    [ "$status" -eq 1 ]
    [[ "$output" == *"q.png is not drawn: gnuplot is not installed"* ]]
    run "$program" play rosenbrock:4 --picture "$work/r.png"
    [ "$status" -eq 2 ]
    [[ "$output" == *"2 numbers"* ]]
    run "$program" play beale --picture "$work/r.gif"
    [ "$status" -eq 2 ]
    [[ "$output" == *".png or .svg"* ]]
    run "$program" play beale --optimizer adam,lbfgs lr=1
    [ "$status" -eq 2 ]
    [[ "$output" == *"in brackets"* ]]
    rm -rf "$work"
}
