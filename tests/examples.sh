#!/bin/sh
# The examples: the library programs run, say what they should and stay short; `descent check` passes on every config,
# on the real sets where they are, on stand-ins of the same layout otherwise. Usage: examples.sh DESCENT
set -u
descent=$1
fail() { echo "examples: $*"; exit 1; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
shared=$DS_SOURCE/../shared/data

for file in "$DS_SOURCE"/examples/*.c; do
    [ "$(wc -l <"$file")" -lt 70 ] || fail "$file: not under 70 lines"
done

xor=$DS_BUILD/examples/train_xor mnist=$DS_BUILD/examples/train_mnist
if [ -x "$xor" ] && [ -x "$mnist" ]; then
    "$xor" >"$out/xor" || fail "train_xor: exit code $?"
    printf '0 xor 0 = 0\n0 xor 1 = 1\n1 xor 0 = 1\n1 xor 1 = 0\n' >"$out/wanted"
    head -n 4 "$out/xor" | cmp - "$out/wanted" || { cat "$out/xor"; fail "train_xor has not learned its four rows"; }
    awk '$1 == "loss" && $2 < 0.05 { ok = 1 } END { exit !ok }' "$out/xor" || { cat "$out/xor"; fail "train_xor: its loss is not below 0.05"; }
    set --
    least=90 # two epochs of the generated digits
    [ ! -d "$shared/mnist" ] || { set -- "$shared/mnist"; least=96; }
    "$mnist" "$@" >"$out/mnist" || fail "train_mnist: exit code $?"
    [ "$(grep -c '^epoch' "$out/mnist")" -eq 2 ] || { cat "$out/mnist"; fail "train_mnist: wanted two epoch lines"; }
    awk -v least=$least '$1 == "test" && $2 == "accuracy" && $3 + 0 >= least && $5 == 10000 { ok = 1 } END { exit !ok }' "$out/mnist" ||
        { cat "$out/mnist"; fail "train_mnist: wanted $least % or better on 10000 rows"; }
    "$mnist" "$out/nowhere" >"$out/said" 2>&1 && fail "train_mnist does not refuse a folder that is not there"
    grep -q nowhere "$out/said" || { cat "$out/said"; fail "train_mnist does not name the missing folder"; }
    "$DS_BUILD/examples/my_rule" >"$out/rule" || fail "my_rule: exit code $?"
    [ "$(grep -c ' kept$' "$out/rule")" -eq 7 ] || { cat "$out/rule"; fail "my_rule: wanted seven laws kept"; }
    awk '$1 == "loss" && $2 < 0.05 { ok = 1 } END { exit !ok }' "$out/rule" || { cat "$out/rule"; fail "my_rule: its loss is not below 0.05"; }
    "$DS_BUILD/examples/minimize" >"$out/minimize" && grep -q 'f(1.000000, 1.000000)' "$out/minimize" ||
        { cat "$out/minimize"; fail "minimize does not find (1, 1)"; }
else
    echo "the programs are left out: examples are not built in $DS_BUILD"
fi

# Stand-ins: the pixels are drawn bytes, the same on every machine, the labels count 0 to 9.
LC_ALL=C awk 'BEGIN { for (x = 1; i < 512 * 784; i++) { x = x * 16807 % 2147483647; printf "%c", 1 + x % 255 } }' >"$out/pixels"
[ "$(wc -c <"$out/pixels")" -eq $((512 * 784)) ] || fail "awk writes no bytes"
label() { printf "\\0$(printf %o $(($1 % 10)))"; }
cifar() { # FILE ROWS: rows of a label and 3 x 32 x 32 pixels
    r=0
    while [ $r -lt "$2" ]; do label $r; tail -c +$((r * 3072 + 1)) "$out/pixels" | head -c 3072; r=$((r + 1)); done >"$1"
}
idx() { # PREFIX: 512 images of 28 x 28 and their labels
    { printf '\000\000\010\003\000\000\002\000\000\000\000\034\000\000\000\034'; cat "$out/pixels"; } >"$1-images-idx3-ubyte"
    { printf '\000\000\010\001\000\000\002\000'; r=0; while [ $r -lt 512 ]; do label $r; r=$((r + 1)); done; } >"$1-labels-idx1-ubyte"
}

mkdir "$out/cifar10" "$out/mnist-like"
cifar "$out/cifar10/data_batch_1.bin" 80
for k in 2 3 4 5; do cp "$out/cifar10/data_batch_1.bin" "$out/cifar10/data_batch_$k.bin"; done
cifar "$out/cifar10/test_batch.bin" 30
if [ -d "$shared/mnist" ]; then mnist_settings="data.path=$shared/mnist"
else
    echo "MNIST is not in $shared: a stand-in is checked instead"
    idx "$out/mnist-like/train"
    idx "$out/mnist-like/t10k"
    mnist_settings="data.path=$out/mnist-like data.holdout=40"
fi
if [ -f "$shared/tabular/iris.csv" ]; then table_settings="data.train=[$shared/tabular/iris.csv] data.skip=1 data.header=false"
else
    echo "the iris table is not in $shared: a stand-in is checked instead"
    awk 'BEGIN { print "a,b,kind"; for (i = 0; i < 60; i++) print i % 7 / 7 "," i % 11 / 11 "," (i % 2 ? "odd" : "even") }' >"$out/table.csv"
    table_settings="data.train=[$out/table.csv]"
fi

if [ -f "$shared/cifar10-jpeg.tar.zst" ]; then image_settings="data.path=$shared/cifar10-jpeg.tar.zst"
else
    echo "the archive of images is not in $shared: a stand-in is checked instead"
    mkdir -p "$out/images/bars" "$out/images/dashes"
    start=iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAAEUlEQVR42m
    k=0
    while [ $k -lt 80 ]; do
        echo "${start}OwYQDBD2AIZAEAHdQD/VFZASYAAAAASUVORK5CYII=" | base64 -d >"$out/images/bars/$k.png"
        echo "${start}P4wACCNmAIZAEALUwFZZ3SJIMAAAAASUVORK5CYII=" | base64 -d >"$out/images/dashes/$k.png"
        k=$((k + 1))
    done
    image_settings="data.path=$out/images train.batch=64"
fi

for config in "$DS_SOURCE"/examples/*.yaml; do
    name=$(basename "$config" .yaml)
    case $name in
    mnist-*) settings=$mnist_settings ;;
    cifar10-*) settings="data.path=$out/cifar10 data.holdout=40" ;;
    table-*) settings=$table_settings ;;
    image-*) settings=$image_settings ;;
    *) settings= ;;
    esac
    # shellcheck disable=SC2086
    "$descent" check "$config" $settings >"$out/said" 2>&1 || { cat "$out/said"; fail "check $name is not passed"; }
    grep -q '^gradient .* ok$' "$out/said" || { cat "$out/said"; fail "check $name: no word that the gradient is right"; }
    echo "$name: checked"
done
