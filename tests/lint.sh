#!/bin/sh
# The lint tools themselves: what they must refuse is planted in a scratch folder and must be refused.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() { echo "lint: $*"; exit 1; }

# Arrows between layers.
tools/layers >/dev/null || { tools/layers; fail "the project's own layers"; }
mkdir -p "$scratch/src/base" "$scratch/src/graph" "$scratch/src/op" "$scratch/src/cmd" "$scratch/src/oddity" "$scratch/examples"
refused() {
    tools/layers "$scratch" >"$scratch/found" && fail "accepted: $1"
    grep -q "$2" "$scratch/found" || { cat "$scratch/found"; fail "wrong words about: $1"; }
    rm -f "$scratch"/src/*/*.c "$scratch"/examples/*.c
}
echo '#include "graph/graph.h"' >"$scratch/src/base/a.c"
refused "base includes graph" "base (level 0).*graph/graph.h"
echo '#include "space/space.h"' >"$scratch/src/op/a.c"
refused "op includes space, of the same level" "op (level 4).*space/space.h"
echo '#include "base/ctx.h"' >"$scratch/src/cmd/a.c"
refused "a command looks inside the library" "only descent"
echo '#include "base/ctx.h"' >"$scratch/examples/a.c"
refused "an example looks inside the library" "only descent"
echo '#include "../graph/graph.h"' >"$scratch/src/op/a.c"
refused "a path out of the folder" "names no layer"
echo 'int x;' >"$scratch/src/oddity/a.c"
refused "an unknown folder" "no layer"
echo '#include "graph/graph.h"' >"$scratch/src/op/a.c"
echo '#include "descent/base.h"' >"$scratch/src/cmd/a.c"
tools/layers "$scratch" || fail "good arrows were refused"

# Symbols of objects and of the shared library.
tools/symbols "${DS_BUILD:-build}" >"$scratch/found" || { cat "$scratch/found"; fail "the project's own symbols"; }
mkdir -p "$scratch/build/src"
cat >"$scratch/a.c" <<'C'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
double ds_x(double x) { if (x > 3) exit(1); printf("%g", x); return pow(x, 2.5) + sqrt(x); }
double stray(double x) { return x; }
C
gcc -O2 -c "$scratch/a.c" -o "$scratch/build/src/a.o"
ar rc "$scratch/build/libdescent.a" "$scratch/build/src/a.o"
gcc -shared -fPIC "$scratch/a.c" -o "$scratch/build/libdescent.so"
tools/symbols "$scratch/build" >"$scratch/found" && fail "accepted: pow, printf, exit, a stray export"
for word in "libm pow" "uses printf" "uses exit" "exports stray"; do
    grep -q "$word" "$scratch/found" || { cat "$scratch/found"; fail "not seen: $word"; }
done
grep -q sqrt "$scratch/found" && fail "sqrt is exactly rounded and must pass"

# Configuring refuses what changes results.
for flag in -ffast-math -Ofast -funsafe-math-optimizations -fno-signed-zeros -mfpmath=387; do
    cmake -S . -B "$scratch/configure" -DCMAKE_C_FLAGS=$flag >"$scratch/log" 2>&1 && fail "configured with $flag"
    tr -s ' \n' ' ' <"$scratch/log" | grep -q "changes results" || { cat "$scratch/log"; fail "no reason given for refusing $flag"; }
    rm -rf "$scratch/configure"
done
echo "layers, symbols and configure refuse what they must"
