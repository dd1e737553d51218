#!/bin/sh
# The same bits on aarch64, under qemu-user.
#   arm64.sh [DESCENT]      the library's core, cross-compiled: the table of result hashes must come out the same
#   arm64.sh whole          the whole program: a few training steps here and there must give equal weights and metrics
set -eu
cd "$(dirname "$0")/.."
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing (tools/deps test installs it)"; exit 77; }
done

# In parallel runs of the suite the build below must not starve the rest.
quiet() { nice "$@" >build-arm64.log 2>&1 || { tail -n 40 build-arm64.log; exit 1; }; }
trap 'rm -f build-arm64.log' EXIT

if [ "${1:-}" != whole ]; then
    quiet tools/build arm64 hash_table
    for isa in neon plain scalar; do
        DS_ISA=$isa qemu-aarch64 build-arm64/hash_table tests/hashes/table.txt || { echo "with DS_ISA=$isa"; exit 1; }
    done
    exit
fi

native=${DS_BUILD:-build}/descent
[ -x "$native" ] || { echo "skipped: $native is not built"; exit 77; }
if ! tools/arm64-sysroot build-arm64-whole/sysroot; then
    echo "skipped: the arm64 libraries cannot be had from the package mirror"
    exit 77
fi
quiet cmake -S . -B build-arm64-whole -DCMAKE_TOOLCHAIN_FILE=cmake/aarch64.cmake -DDS_BUILD_TESTS=OFF \
    -DDS_BUILD_EXAMPLES=OFF -DDS_ARM64_ROOT="$PWD/build-arm64-whole/sysroot/root"
quiet cmake --build build-arm64-whole --parallel "$(nproc)" --target descent

root=$PWD/build-arm64-whole/sysroot/root
libraries=$root/usr/lib/aarch64-linux-gnu:$root/lib/aarch64-linux-gnu
sh tests/runs/compare.sh "$native" \
    "qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=$libraries $PWD/build-arm64-whole/descent"
