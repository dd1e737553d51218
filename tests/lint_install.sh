#!/bin/sh
# What `cmake --install` leaves is usable: a program compiled against it by pkg-config, and one by find_package.
set -eu
cd "$(dirname "$0")/.."
build=${DS_BUILD:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch/usr" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }

# descent.pc names the prefix of the configuration; pkg-config replaces it by where it found the file.
mkdir "$scratch/app"
cat >"$scratch/app/main.c" <<'C'
#include <descent/graph.h>
int main(void)
{
    ds_ctx *ctx;
    if (ds_ctx_create(&ctx, 1) != DS_OK) return 1;
    ds_ctx_free(ctx);
    return 0;
}
C
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/usr" -name descent.pc)")
export PKG_CONFIG_PATH
lib=$(dirname "$PKG_CONFIG_PATH")
# shellcheck disable=SC2046
gcc -o "$scratch/dynamic" "$scratch/app/main.c" $(pkg-config --define-prefix --cflags --libs descent)
LD_LIBRARY_PATH=$lib "$scratch/dynamic"
readelf -d "$lib/libdescent.so" | grep -q 'SONAME.*libdescent.so.0\]' || { echo "wrong SONAME"; exit 1; }

cat >"$scratch/app/CMakeLists.txt" <<'C'
cmake_minimum_required(VERSION 3.25)
project(app C)
find_package(descent 0.1 REQUIRED)
add_executable(dynamic main.c)
target_link_libraries(dynamic descent::descent)
add_executable(archive main.c)
target_link_libraries(archive descent::static)
C
cmake -S "$scratch/app" -B "$scratch/app/build" -DCMAKE_PREFIX_PATH="$scratch/usr" >"$scratch/log" 2>&1 &&
    cmake --build "$scratch/app/build" >>"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
"$scratch/app/build/dynamic"
"$scratch/app/build/archive"
for file in man/man1/descent.1 man/man1/descent-train.1 man/man5/descent-config.5 bash-completion/completions/descent \
    zsh/site-functions/_descent fish/vendor_completions.d/descent.fish descent/config.schema.json; do
    [ -s "$scratch/usr/share/$file" ] || { echo "share/$file is not installed"; exit 1; }
done
[ -x "$scratch/usr/bin/descent" ] || { echo "the program is not installed"; exit 1; }
echo "pkg-config, find_package and SONAME are right"
