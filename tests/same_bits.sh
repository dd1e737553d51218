#!/bin/sh
# The same run by every way of running it: metrics (times aside) and weights equal byte for byte, for an MLP, a convolutional net with batch
# norm, dropout and augmentation, and a small residual net. Ways: thread counts, backends, instruction sets, a
# second compiler (tests/arm64.sh whole: another machine). Usage: same_bits.sh DESCENT
set -u
descent=$1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
fail() { echo "same bits: $*"; exit 1; }

common='optimizer: {name: adamw, lr: 3e-3}
schedule: {name: cosine, warmup: "2 steps"}
train: {steps: 3, batch: 16, seed: 4}'
data='data: {format: digits, holdout: 40, standardize: false, scale: [0, 1]}'

cat >"$out/mlp.yaml" <<END
$data
model: {loss: cross-entropy, penalty: {l2: 1e-4}, layers: [{flatten: true}, {dense: 70, act: gelu}, {dropout: 0.3}, {dense: 33, act: tanh}, {dense: classes}]}
$common
END
cat >"$out/cnn.yaml" <<END
data: {format: digits, holdout: 40, scale: [-1, 1], augment: [{flip: horizontal}, {crop: 28, pad: 2}]}
model:
  layers:
    - {conv: 9, kernel: 3, pad: same, norm: batch, act: relu}
    - {pool: max, size: 2}
    - {conv: 18, kernel: 3, pad: same, norm: batch, act: silu}
    - {pool: average, size: 2}
    - {dropout: 0.4}
    - {flatten: true}
    - {dense: classes}
$common
END
cat >"$out/resnet.yaml" <<END
$data
model:
  layers:
    - {conv: 8, kernel: 3, pad: same, stride: 2, norm: batch, act: relu}
    - residual: [{conv: 8, kernel: 3, pad: same, norm: batch, act: relu}, {conv: 8, kernel: 3, pad: same, norm: batch}]
      act: relu
    - residual: [{conv: 16, kernel: 3, pad: same, stride: 2, norm: batch, act: relu}, {conv: 16, kernel: 3, pad: same, norm: batch}]
      shortcut: conv
      act: relu
    - {pool: global-average}
    - {dense: classes}
$common
END

# way NAME VARIABLE=VALUE...: run every net that way and compare with the first way.
way() {
    name=$1
    shift
    for net in mlp cnn resnet; do
        env "$@" "$descent" train "$out/$net.yaml" --out "$out/$name-$net" >"$out/said" 2>&1 || { cat "$out/said"; fail "$net, $name: the run failed"; }
        sed 's/\t[^\t]*$//' "$out/$name-$net/metrics.tsv" >"$out/$name-$net/metrics"
        cmp "$out/first-$net/metrics" "$out/$name-$net/metrics" || fail "$net, $name: other metrics"
        cmp "$out/first-$net/last.safetensors" "$out/$name-$net/last.safetensors" || fail "$net, $name: other weights"
    done
    echo "$name: equal"
}

way first OMP_NUM_THREADS=1
for threads in 2 5; do way "threads-$threads" OMP_NUM_THREADS=$threads; done
for backend in ref check; do way "$backend" DS_BACKEND=$backend; done
for isa in v4 v3 neon plain scalar; do
    if DS_ISA=$isa "$descent" env >"$out/said" 2>&1; then way "isa-$isa" DS_ISA=$isa
    else echo "isa-$isa: skipped, this build or processor does not have it"; fi
done

# The other compiler: its build stays in a folder of its own, so only what has changed is built again.
case ${DS_CC:-}/${DS_SANITIZE:-} in
*clang*/*) echo "second compiler: left out, this build is clang's (gcc's build compares with clang's)" ;;
*/?*) echo "second compiler: left out of a build for sanitizers" ;;
*)
    if command -v clang >/dev/null && command -v cmake >/dev/null; then
        second=$DS_BUILD/second-compiler
        generator="Unix Makefiles"
        command -v ninja >/dev/null && generator=Ninja
        { cmake -S "$DS_SOURCE" -B "$second" -G "$generator" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release -DDS_BUILD_TESTS=OFF -DDS_BUILD_EXAMPLES=OFF &&
            nice cmake --build "$second" --parallel "$(nproc)" --target descent; } >"$out/said" 2>&1 || { tail -n 30 "$out/said"; fail "the build with clang failed"; }
        first=$descent
        descent=$second/descent
        way clang OMP_NUM_THREADS=2
        way clang-ref DS_BACKEND=ref
        # begun by one compiler's program and killed, gone on with by the other's
        for net in mlp cnn; do
            env LD_PRELOAD="$(realpath "$DS_BUILD")/libfail_nth.so" FAIL_NTH=rename:2:kill FAIL_NTH_PATH="$out/both-$net/checkpoints" \
                "$first" train "$out/$net.yaml" train.checkpoint.every="1 steps" --out "$out/both-$net" >"$out/said" 2>&1
            ls "$out/both-$net/checkpoints" | grep -q step || fail "$net: nothing to go on from"
            env DS_ISA=plain "$descent" train --resume "$out/both-$net" >"$out/said" 2>&1 || { cat "$out/said"; fail "$net: resuming with clang failed"; }
            sed 's/\t[^\t]*$//' "$out/both-$net/metrics.tsv" >"$out/both-$net/metrics"
            cmp "$out/first-$net/metrics" "$out/both-$net/metrics" || fail "$net: other metrics after resuming with clang"
            cmp "$out/first-$net/last.safetensors" "$out/both-$net/last.safetensors" || fail "$net: other weights after resuming with clang"
        done
        echo "begun with gcc, killed, resumed with clang: equal"
    else
        echo "second compiler: skipped, clang is not installed (tools/deps test installs it)"
    fi
    ;;
esac
