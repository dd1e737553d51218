#!/usr/bin/env bats
# `descent lr`: the range test finds a rate between too small and too large, the same one on any number of threads, and
# leaves nothing behind. DESCENT names the program (default build/descent).

load support/tiny

@test "the best trial is the best, the chosen one keeps its progress, and both are enclosed" {
    "$program" lr tiny.yaml train.batch=64 --steps 24 --json >out.json
    python3 - <<'END'
import json
r = json.load(open("out.json"))
trials = [t for t in r["trials"]]
good = {lr: loss for lr, loss in trials if loss is not None}
assert r["best"] in good and r["chosen"] in good, r
enclosed = {lr: loss for lr, loss in good.items() if lr != 1.5 * r["best"]}
assert min(enclosed.values()) == good[r["best"]], r
assert min(lr for lr, _ in trials) < r["best"] < max(lr for lr, _ in trials), r
assert r["first_loss"] - good[r["chosen"]] >= 0.9 * (r["first_loss"] - good[r["best"]]), r
assert r["chosen"] in (r["best"], 1.5 * r["best"]), r
rates = [lr for lr, _ in r["sweep"]]
assert abs(rates[0] - 1e-6) < 1e-15 and all(a < b for a, b in zip(rates, rates[1:])), r
assert abs(rates[1] / rates[0] - (10 / 1e-6) ** (1 / 23)) < 1e-9, r
END
    [ ! -e runs ]
    [ "$(ls)" = "$(printf 'out.json\ntiny.yaml')" ]
}

@test "the answer does not depend on the number of threads" {
    OMP_NUM_THREADS=1 "$program" lr tiny.yaml train.batch=64 --steps 16 --json >one
    OMP_NUM_THREADS=3 "$program" lr tiny.yaml train.batch=64 --steps 16 --json >three
    cmp one three
}

@test "the curve and the reason are for people; a sweep that goes nowhere is refused" {
    run "$program" lr tiny.yaml train.batch=64 --steps 16
    [ "$status" -eq 0 ]
    [[ "$output" == *"optimizer.lr="* && "$output" == *chosen* && "$output" == *"|"* ]]
    run "$program" lr tiny.yaml train.batch=64 --from 1 --to 0.1
    [ "$status" -eq 2 ]
    [[ "$output" == *"from < to"* ]]
    run "$program" lr tiny.yaml train.batch=64 optimizer.lrr=1
    [ "$status" -eq 3 ]
}
