#!/usr/bin/env bats
# Rules that need more than the gradient, in training: equal runs where formulas say so, the same bits on any number of
# threads, what is refused. DESCENT names the program (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    awk 'BEGIN { for (i = 0; i < 380; i++) { s = (i * 7919) % 101 / 101
        printf "%.4f,%.4f,%s\n", s + i % 3, 2 * s - i % 3, substr("abc", i % 3 + 1, 1) } }' >rows.csv
    cat >tiny.yaml <<'END'
data: {format: csv, path: rows.csv, holdout: 60}
model:
  loss: cross-entropy
  layers:
    - {dense: 8, norm: batch, act: tanh}
    - {dropout: 0.2}
    - {dense: classes}
optimizer: {name: sgd}
train: {epochs: 3, batch: 64, seed: 1}
END
}

teardown() { rm -rf "$work"; }

train() { # OUT SETTING...
    out="$1"
    shift
    "$program" train tiny.yaml --out "$out" "$@" >"$out.txt" 2>&1 || { cat "$out.txt"; return 1; }
}

differ() { # FILE FILE
    if cmp -s "$1" "$2"; then
        echo "$1 and $2 are the same"
        return 1
    fi
}

refused() { # WORDS SETTING...
    words="$1"
    shift
    run "$program" train tiny.yaml "$@"
    [ "$status" -eq 3 ] && [[ "$output" == *"$words"* ]] || { echo "exit $status, no \"$words\" in: $output"; return 1; }
    [ ! -e runs ]
}

@test "sam without ascent is the rule, running statistics and all; with it, it is not" {
    train base optimizer.name=adamw
    train still optimizer.name=adamw 'optimizer.sam={rho: 0}'
    train sam optimizer.name=adamw 'optimizer.sam={rho: 0.1}'
    train asam optimizer.name=adamw 'optimizer.sam={rho: 0.1, adaptive: true}'
    cmp base/last.safetensors still/last.safetensors
    differ base/last.safetensors sam/last.safetensors
    differ sam/last.safetensors asam/last.safetensors
}

@test "mars: without noise exact differences are those of the gradients kept" {
    train kept optimizer.name=mars optimizer.gamma=0.9 train.batch=all train.order=sequential 'model.layers.1={dropout: 0}'
    train exact optimizer.name=mars optimizer.gamma=0.9 optimizer.exact=true train.batch=all train.order=sequential 'model.layers.1={dropout: 0}'
    train noisy optimizer.name=mars optimizer.gamma=0.9 optimizer.exact=true
    train plain optimizer.name=mars optimizer.gamma=0.9
    cmp kept/last.safetensors exact/last.safetensors
    differ noisy/last.safetensors plain/last.safetensors
}

@test "one thread and three give the same bits" {
    i=0
    while read -r setting; do
        i=$((i + 1))
        OMP_NUM_THREADS=1 train "one$i" $setting
        OMP_NUM_THREADS=3 train "three$i" $setting
        cmp "one$i/last.safetensors" "three$i/last.safetensors"
    done <<'END'
optimizer.name=polyak
optimizer.name=mars optimizer.exact=true
optimizer.name=sophia optimizer.period=2
optimizer.name=sophia optimizer.estimator=gnb
optimizer.name=momentum optimizer.sam.rho=0.1
END
}

@test "the seed draws directions and labels" {
    for estimator in hutchinson gnb; do
        train a-$estimator optimizer.name=sophia optimizer.estimator=$estimator optimizer.gamma=1 train.seed=1
        train b-$estimator optimizer.name=sophia optimizer.estimator=$estimator optimizer.gamma=1 train.seed=2
        differ a-$estimator/last.safetensors b-$estimator/last.safetensors
    done
}

@test "what a run cannot give is refused" {
    refused "the optimizer needs Hessian products, taken on one batch" optimizer.name=sophia train.accumulate=2
    refused "the optimizer needs a second gradient" 'optimizer.sam={rho: 0.1}' train.accumulate=2
    refused "compares it with the loss; remove clip" optimizer.name=polyak 'optimizer.clip={norm: 1}'
    refused "compares it with a second gradient" optimizer.name=mars optimizer.exact=true 'optimizer.clip={norm: 1}'
    refused "the optimizer needs the loss; remove sam" optimizer.name=polyak 'optimizer.sam={rho: 0.1}'
    refused "no likelihood of classes" optimizer.name=sophia optimizer.estimator=gnb model.loss=svm
    refused "remove data.class_weights" optimizer.name=sophia optimizer.estimator=gnb data.class_weights=balanced
    refused '"beta2" of rule "mars": base lion has no second moment' optimizer.name=mars optimizer.base=lion optimizer.beta2=0.9
}

@test "what goes together trains: the loss with accumulation, clipping with sam and sophia" {
    train a optimizer.name=polyak train.accumulate=2
    train b optimizer.name=sophia 'optimizer.clip={norm: 0.1}'
    train c 'optimizer.sam={rho: 0.1}' 'optimizer.clip={norm: 0.1}'
    "$program" lr tiny.yaml optimizer.name=sophia --steps 20 >lr.txt
}

@test "play gives rules what functions have, and refuses the rest" {
    run "$program" play quadratic --optimizer sophia --budget 50 --json
    [ "$status" -eq 0 ]
    [[ "${lines[-1]}" == *'"products": 5,'* ]]
    run "$program" play rosenbrock --optimizer mars exact=true --budget 11 --json
    [[ "${lines[-1]}" == *'"values": 11,'* ]]
    run "$program" play rosenbrock --optimizer sophia estimator=gnb
    [ "$status" -eq 2 ]
    [[ "$output" == *"labels drawn from the model, which a function does not have"* ]]
}
