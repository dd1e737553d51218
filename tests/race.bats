#!/usr/bin/env bats
# `descent race`: equal budgets, rates of their own, exact tests; the same numbers on any number of threads and through any
# interruption. DESCENT names the program (default build/descent). The oracles are in Python: tests by counting all choices.

load support/tiny

# What does not depend on the clock.
numbers() { cut -f1-10,12 "$1/results.tsv"; }

race() { "$program" race tiny.yaml --picture none "$@"; }

@test "the table follows from the runs: medians, chosen rates, exact p, Holm" {
    race --optimizers sgd,adam,lion --budget "12 steps" --seeds 4 --trials 3 --points 4 --target "val.loss<=2.1" \
        --out out --json >lines 2>talk
    python3 - <<'END'
import csv, itertools, json, statistics
last = json.loads(open("lines").read().splitlines()[-1])
rows = list(csv.DictReader(open("out/results.tsv"), delimiter="\t"))
runs = {}
for r in rows:
    runs.setdefault((r["optimizer"], int(r["trial"]), int(r["seed"])), []).append(r)
assert len(runs) == 3 * (3 + 4), len(runs)
for curve in runs.values():
    assert [float(p["step"]) for p in curve] == [3, 6, 9, 12], curve
w = last["workloads"][0]
final = {}
for o in w["optimizers"]:
    name = o["optimizer"]
    curves = [runs[name, -1, s] for s in (1, 2, 3, 4)]
    final[name] = [float(c[-1]["value"]) for c in curves]
    assert o["final"] == final[name], (o, final)
    assert abs(o["median"] - statistics.median(final[name])) < 1e-12, o
    assert abs(o["best"] - statistics.median(min(float(p["value"]) for p in c) for c in curves)) < 1e-12, o
    best = min(o["trials"], key=lambda t: t[1])
    assert o["lr"] == best[0] and all(float(p["lr"]) == best[0] for c in curves for p in c), o
    assert [t[1] for t in o["trials"]] == [float(runs[name, k, 1000001][-1]["value"]) for k in range(3)], o
    assert [t[0] for t in o["trials"]] == [t[0] for t in w["optimizers"][0]["trials"]], o
    to = [next((float(p["step"]) for p in c if float(p["value"]) <= 2.1), float("inf")) for c in curves]
    assert o["reached"] == sum(t < float("inf") for t in to), (o, to)
    middle = statistics.median(to)
    assert o["steps_to_target"] == (middle if middle < float("inf") else None), (o, to)
state = {o["optimizer"]: o["state_bytes"] for o in w["optimizers"]}
assert state["sgd"] == 0 and state["adam"] == 2 * state["lion"] > 0, state

def exact(x, y):
    both = x + y
    rank = [sum(b < a for b in both) + (sum(b == a for b in both) + 1) / 2 for a in both]
    seen = sum(rank[:len(x)])
    sums = [sum(c) for c in itertools.combinations(rank, len(x))]
    low, high = (sum(s <= seen for s in sums), sum(s >= seen for s in sums))
    return min(1, 2 * min(low, high) / len(sums))
p = sorted((exact(final[d["a"]], final[d["b"]]), d["a"], d["b"]) for d in w["pairs"])
assert len(p) == 3
floor = 0
for k, (value, a, b) in enumerate(p):
    d = next(d for d in w["pairs"] if (d["a"], d["b"]) == (a, b))
    floor = max(floor, min(1, (3 - k) * value))
    assert abs(d["p"] - value) < 1e-12 and abs(d["holm"] - floor) < 1e-12, (d, value, floor)
    better = min((a, b), key=lambda n: sum(sorted(final[n])))
    assert d["ahead"] == (better if floor <= 0.05 else None), d
table = list(csv.DictReader(open("out/table.tsv"), delimiter="\t"))
assert [t["optimizer"] for t in table] == [o["optimizer"] for o in w["optimizers"]]
assert [float(t["median"]) for t in table] == sorted(o["median"] for o in w["optimizers"])
END
}

@test "the numbers do not depend on the number of threads" {
    OMP_NUM_THREADS=1 race --optimizers sgd,adam --budget "6 steps" --seeds 1 --trials 2 --out one
    OMP_NUM_THREADS=3 race --optimizers sgd,adam --budget "6 steps" --seeds 1 --trials 2 --out three
    cmp <(numbers one) <(numbers three)
}

@test "a race that is stopped or killed goes on to the same numbers; the same command again does nothing" {
    words=(--optimizers momentum,adam --budget "60 steps" --seeds 2 --trials 2)
    race "${words[@]}" --out whole
    "$program" race tiny.yaml --picture none "${words[@]}" --out cut >stopped 2>&1 &
    sleep 0.3
    kill -INT $! || true
    wait $! || [ $? -eq 75 ]
    for k in 1 2 3; do
        "$program" race --resume cut >/dev/null 2>&1 &
        sleep 0.2
        kill -KILL $! || true
        wait $! || true
    done
    "$program" race --resume cut
    cmp <(numbers whole) <(numbers cut)
    [ "$(ls cut)" = "$(ls whole)" ]
    cp cut/results.tsv before
    race "${words[@]}" --out cut
    cmp before cut/results.tsv
    race "${words[@]}" --out cut --seeds 3
    [ "$(numbers cut | grep -c -P '\t-1\t3\t')" -eq 40 ]
    cmp <(numbers whole) <(numbers cut | head -n "$(numbers whole | wc -l)")
}

@test "a stop in the middle of a run ends with 75 and a checkpoint that is gone on with" {
    "$program" race tiny.yaml --optimizers sgd,adam --budget "1000000 steps" --seeds 1 --trials 1 --out cut >stopped 2>&1 &
    while ! ls cut/unfinished-*/metrics.tsv >/dev/null 2>&1; do sleep 0.05; done
    code=0
    kill -INT $!
    wait $! || code=$?
    [ "$code" -eq 75 ]
    grep -q "descent race --resume cut" stopped
    ls cut/unfinished-*/checkpoints
}

@test "keys that a racer does not know are dropped and listed, those of both are kept" {
    run race optimizer.name=adam --optimizers sgd,adam --budget "2 steps"
    [ "$status" -eq 2 ]
    sed 's/name: sgd/name: adam, beta1: 0.8/' tiny.yaml >adam.yaml
    "$program" race adam.yaml --picture none --optimizers sgd,nadam --budget "2 steps" --seeds 1 --trials 1 --out out --json >lines 2>talk
    grep -q 'optimizer.beta1 (adam.yaml:[0-9]*) is dropped: rule "sgd" does not know it' talk
    [ "$(grep -c dropped talk)" -eq 1 ]
    tail -n 1 lines | grep -q '"optimizer": "sgd", "lr": 0.1'
}

@test "words for all that do not concern a racer are dropped and listed; brackets go before them" {
    race optimizer.beta1=0.8 optimizer.lr=0.5 schedule.name=cosine --optimizers "sgd(lr=0.25),adam,lbfgs" \
        --budget "4 steps" --seeds 1 --trials 1 --out out --json >lines 2>talk
    [ "$(grep -c 'note: optimizer.beta1=0.8 is dropped' talk)" -eq 2 ]
    grep -q 'note: schedule.name=cosine is dropped: solver "lbfgs" does not know it' talk
    [ "$(grep -c 'schedule.name=cosine is dropped' talk)" -eq 1 ]
    tail -n 1 lines | grep -q '"optimizer": "sgd(lr=0.25)", "lr": 0.25,'
    tail -n 1 lines | grep -q '"optimizer": "adam", "lr": 0.5,'
    run race optimizer.beta7=0.8 --optimizers sgd,adam --budget "2 steps" --out other
    [ "$status" -eq 3 ]
}

@test "names with hyphens or underscores, options in brackets, a rate that is given is not searched for" {
    race --optimizers "schedule_free_sgd,momentum(momentum=0.5, lr=0.05)" --budget "2 steps" --seeds 1 --trials 2 --out out --json >lines
    python3 - <<'END'
import json
w = json.loads(open("lines").read().splitlines()[-1])["workloads"][0]["optimizers"]
by = {o["optimizer"]: o for o in w}
assert len(by["schedule-free-sgd"]["trials"]) == 2, by
given = by["momentum(momentum=0.5, lr=0.05)"]
assert given["lr"] == 0.05 and given["trials"] == [], given
END
}

@test "a run that diverges is the last, and the race goes on" {
    race --optimizers "sgd,momentum(lr=1e9, weight_decay=1)" --budget "8 steps" --seeds 4 --trials 1 --out out >table
    grep -q "^momentum(.*diverged" table
    grep -q "^sgd is ahead of momentum(lr=1e9, weight_decay=1) (p = 0.029)" table
}

@test "too few seeds for a verdict are told, with the number that can give one" {
    race --optimizers sgd,adam --budget "2 steps" --seeds 3 --trials 1 --out out >table
    grep -q "3 seeds are too few for any verdict: no p of 1 pairs can be below 0.1 after Holm; 4 seeds or more" table
}

@test "several configs and a target: a performance profile and its area" {
    sed 's/batch: 20/batch: 60/' tiny.yaml >other.yaml
    words=(--picture none --optimizers "sgd(lr=0.02),sgd(lr=0.1),sgd(lr=1e-9)" --budget "40 gradients"
        --points 40 --seeds 1 --target "val.loss<=2.25,val.loss<=2.2" --out out)
    "$program" race tiny.yaml other.yaml "${words[@]}" --json >lines
    python3 - <<'END'
import json
last = json.loads(open("lines").read().splitlines()[-1])
cost = {}
for w in last["workloads"]:
    for o in w["optimizers"]:
        cost.setdefault(o["optimizer"], []).append(o["gradients_to_target"])
assert cost["sgd(lr=1e-9)"] == [None, None] and None not in cost["sgd(lr=0.1)"], cost
for p in last["profile"]:
    area = 0
    for w in range(2):
        own, best = cost[p["optimizer"]][w], min(c[w] for c in cost.values() if c[w])
        area += max(0, 4 - own / best) / 6 if own else 0
    assert abs(area - p["area"]) < 1e-12, (p, area)
END
    "$program" race tiny.yaml other.yaml "${words[@]}" | grep -q "area to 4"
}

@test "a budget of seconds counts training alone, and a schedule that needs an end is refused" {
    race --optimizers sgd,adam --budget "0.05 seconds" --seeds 1 --trials 1 --out out
    tail -n +2 out/results.tsv | awk -F'\t' '{ last[$2] = $11 } END { for (o in last) if (last[o] < 0.05) exit 1 }'
    run race schedule.name=cosine --optimizers sgd,adam --budget "1 seconds" --seeds 1 --trials 1 --out other
    [ "$status" -eq 3 ]
}

@test "solvers race too: each evaluation counts, and none is above the budget, where rules end their last step; they have no rate" {
    race --optimizers "sgd,sophia,mars(exact=true),lbfgs,newton-cg" --budget "30 gradients" --seeds 1 --trials 2 --out out --json train.batch=500 >lines
    tail -n +2 out/results.tsv | awk -F'\t' '{ last[$2] = $10; steps[$2] = $9 }
        END { if (steps["sophia"] != 27) exit 1; for (o in last) { if (last[o] > 30 + (o ~ /mars/) || last[o] < 25) exit 1; if (o == "sgd" ? steps[o] != 30 : steps[o] >= 30) exit 1 } }'
    python3 - <<'END'
import json
w = json.loads(open("lines").read().splitlines()[-1])["workloads"][0]["optimizers"]
by = {o["optimizer"]: o for o in w}
assert by["lbfgs"]["lr"] is None and by["lbfgs"]["trials"] == [] and by["lbfgs"]["state_bytes"] > 0, by
assert by["newton_cg"]["median"] < by["sgd"]["median"], by
END
}

# refused CODE TEXT WORD... : nothing is started
refused() {
    run race "${@:3}" --out no
    [ "$status" -eq "$1" ] || { echo "exit $status: $output"; return 1; }
    [[ "$output" == *"$2"* ]] || { echo "$output"; return 1; }
    [ ! -e no ]
}

@test "nonsense is refused before anything is started, with what to write instead" {
    refused 2 'no solver "adamm"; did you mean' --optimizers sgd,adamm --budget "5 steps"
    refused 2 'two optimizers or more' --optimizers sgd --budget "5 steps"
    refused 2 'sgd twice' --optimizers sgd,sgd --budget "5 steps"
    refused 2 'lacks its closing bracket' --optimizers "sgd,adam(lr=1" --budget "5 steps"
    refused 2 'wants --optimizers' --budget "5 steps"
    refused 2 'wants --budget' --optimizers sgd,adam
    refused 2 'without a unit' --optimizers sgd,adam --budget 500
    refused 2 'unit "parsecs"' --optimizers sgd,adam --budget "5 parsecs"
    refused 2 'above 0' --optimizers sgd,adam --budget "0 steps"
    refused 2 'whole' --optimizers sgd,adam --budget "2.5 steps"
    refused 2 'did you mean val.accuracy' --optimizers sgd,adam --budget "5 steps" --target "val.acuracy>=0.9"
    refused 2 'wanted val.loss<=' --optimizers sgd,adam --budget "5 steps" --target "val.loss>=0.9"
    refused 2 'more targets than configs' --optimizers sgd,adam --budget "5 steps" --target "val.loss<=1,val.loss<=2"
    refused 2 'cannot be compared' --optimizers sgd,adam --budget "5 steps" --metric lr
    refused 2 'LOW:HIGH' --optimizers sgd,adam --budget "5 steps" --rates 1:0.1
    refused 2 'no rows validate' --optimizers sgd,adam --budget "5 steps" data.holdout=0
    refused 3 'unknown key "lrr"' --optimizers "sgd,adam(lrr=1)" --budget "5 steps"
    run "$program" race --resume nowhere
    [ "$status" -eq 2 ]
    [[ "$output" == *"holds no race"* ]]
    run "$program" race --resume nowhere --seeds 4
    [ "$status" -eq 2 ]
    [[ "$output" == *"leave out --seeds"* ]]
}

@test "a folder of another race is refused; a damaged one is named" {
    race --optimizers sgd,adam --budget "2 steps" --seeds 1 --trials 1 --out out
    run race --optimizers sgd,adam --budget "3 steps" --seeds 1 --trials 1 --out out
    [ "$status" -eq 2 ]
    [[ "$output" == *"another config, rate, metric or budget"* ]]
    echo "not a line" >>out/results.tsv
    run race --optimizers sgd,adam --budget "2 steps" --seeds 1 --trials 1 --out out
    [ "$status" -eq 4 ]
    [[ "$output" == *"results.tsv: line 6 is damaged"* ]]
}

@test "curves are drawn on the terminal, and as a picture where gnuplot is" {
    words=(--optimizers sgd,adam --budget "4 steps" --seeds 2 --trials 1 --out out)
    run "$program" race tiny.yaml "${words[@]}"
    [ "$status" -eq 0 ]
    [[ "$output" == *"a sgd, b adam"* ]]
    if command -v gnuplot >/dev/null; then
        [ "$(head -c 4 out/tiny.png | tail -c 3)" = PNG ]
    else
        [[ "$output" == *"gnuplot is not installed"* ]]
    fi
    mkdir bin
    ln -s "$(command -v sh)" bin/sh
    run env PATH="$PWD/bin" "$program" race tiny.yaml "${words[@]}"
    [ "$status" -eq 0 ]
    [[ "$output" == *"no picture: gnuplot is not installed"* ]]
}
