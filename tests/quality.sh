#!/bin/sh
# The accuracies that the examples promise, trained to the end on the real sets (label long: a quarter of an hour and
# more). A set that is not there is named and left out. Usage: quality.sh DESCENT
set -u
descent=$1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
shared=$DS_SOURCE/../shared/data
bad=0 ran=0

# accuracy NAME OP BAR CONFIG [key=value...]: test accuracy after training (last weights), in percent, OP is ge or lt.
accuracy() {
    name=$1 op=$2 bar=$3 config=$4
    shift 4
    "$descent" train "$config" "$@" --out "$out/$name" >"$out/said" 2>&1 || { cat "$out/said"; echo "$name: training failed"; bad=1; return; }
    got=$("$descent" eval "$out/$name" --json | sed -n 's/.*"accuracy": \([0-9.e-]*\).*/\1/p')
    ran=$((ran + 1))
    if awk -v a="${got:-nan}" -v bar="$bar" -v op="$op" 'BEGIN { a *= 100; exit !(op == "ge" ? a >= bar : a < bar) }'; then
        echo "$name: test accuracy $got, wanted $op $bar %"
    else
        echo "$name: test accuracy ${got:-none}, wanted $op $bar %: missed"
        bad=1
    fi
}

examples=$DS_SOURCE/examples
accuracy digits ge 98 "$examples/digits.yaml"
cat >"$out/linear.yaml" <<'YAML'
data: {format: digits, holdout: 5000, scale: [0, 1]}
model: {loss: cross-entropy, layers: [{flatten: true}, {dense: classes, init: zeros}]}
optimizer: {name: adam, lr: 2e-3}
schedule: {name: cosine}
train: {epochs: 20, batch: 128, seed: 1}
YAML
accuracy digits-linear lt 93 "$out/linear.yaml"

if [ -d "$shared/mnist" ]; then
    accuracy mnist-mlp ge 98.2 "$examples/mnist-mlp.yaml" data.path="$shared/mnist"
    accuracy mnist-cnn ge 99.2 "$examples/mnist-cnn.yaml" data.path="$shared/mnist"
else
    echo "left out: MNIST is not in $shared/mnist"
fi

cifar=$DS_BUILD/cifar10
if [ ! -f "$cifar/test_batch.bin" ] && [ -x "$shared/prepare-cifar10" ]; then "$shared/prepare-cifar10" "$cifar" >&2; fi
if [ -f "$cifar/test_batch.bin" ]; then
    accuracy cifar10-svm ge 35 "$examples/cifar10-svm.yaml" data.path="$cifar"
    accuracy cifar10-cnn ge 75 "$examples/cifar10-cnn.yaml" data.path="$cifar" train.epochs=10
else
    echo "left out: CIFAR-10 is not in $cifar ($shared/prepare-cifar10 makes it)"
fi
echo "$ran trainings judged"
exit $bad
