#!/bin/sh
# tools/test counts what ran: cases of cmocka and bats programs, whole programs otherwise, skips with their reasons.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
say() { printf '#!/bin/sh\n%s\n' "$2" >"$scratch/$1" && chmod +x "$scratch/$1"; }
say plain 'echo fine'
say broken 'exit 3'
say crashed 'kill -SEGV $$'
say absent 'echo "skipped: no such tool"; exit 77'
say cmocka 'echo "[  PASSED  ] 3 test(s)."; echo "[  SKIPPED ] 1 test(s), listed below:"; echo "skipped: no AVX-512 here"'
say cmocka_red 'echo "[  PASSED  ] 2 test(s)."; echo "[  FAILED  ] 1 test(s), listed below:"; exit 1'
say bats 'echo 1..3; echo "ok 1 one"; echo "ok 2 two # skip no mirror"; echo "ok 3 three"'
{
    echo 'set(DS_NONE 0)'
    for name in plain broken crashed absent cmocka cmocka_red bats missing; do
        echo "add_test($name $scratch/$name)"
        echo "set_tests_properties($name PROPERTIES SKIP_RETURN_CODE 77)"
    done
} >"$scratch/CTestTestfile.cmake"
echo 'DS_SANITIZE:STRING=' >"$scratch/CMakeCache.txt"

status=0
tools/test "$scratch" >"$scratch/out" 2>&1 || status=$?
wrong() { cat "$scratch/out"; echo "tally: $1"; exit 1; }
[ "$status" -ne 0 ] || wrong "failures must give a non-zero exit code"
# plain 1, cmocka 3, cmocka_red 2, bats 2; broken, crashed, cmocka_red, missing; absent, cmocka, bats
[ "$(tail -n 1 "$scratch/out")" = "tests: 8 passed, 4 failed, 3 skipped" ] || wrong "wrong sum"
for reason in "no such tool" "no AVX-512 here" "no mirror"; do
    grep -q "^    .*$reason" "$scratch/out" || wrong "the reason \"$reason\" is not printed"
done

# All good: exit code 0.
for name in broken crashed cmocka_red missing; do sed -i "/($name /d" "$scratch/CTestTestfile.cmake"; done
tools/test "$scratch" >"$scratch/out" 2>&1 || wrong "no failure, but a non-zero exit code"
[ "$(tail -n 1 "$scratch/out")" = "tests: 6 passed, 0 failed, 3 skipped" ] || wrong "wrong sum without failures"
echo "sums, reasons and exit codes are right"
