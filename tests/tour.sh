#!/bin/sh
# The tour: 57 rows listed; every row that is built holds, and fails when its mechanism is broken. Usage: tour.sh DESCENT
set -u
descent=$1
fail() { echo "tour: $*"; exit 1; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

[ "$("$descent" tour | wc -l)" -eq 57 ] || fail "the list has not 57 rows"
built=$(sed -n 's/^EXPERIMENT(\(.*\))$/\1/p' "$DS_SOURCE/experiments/registry.def")
rows=$(echo "$built" | wc -l)

"$descent" tour all --quick --json >"$out/holds" 2>"$out/talk" || { cat "$out/holds" "$out/talk"; fail "a row fails"; }
"$descent" tour all --quick --broken --json >"$out/broken" 2>"$out/talk"
code=$?
[ $code -eq 1 ] || fail "broken variants leave exit code $code, wanted 1"

field='{"row": "[A-H][0-9]*", "verdict": "[a-z]*", "value": [-0-9.e+]*[a-z]*, "bar": [-0-9.e+]*[a-z]*, "seconds": [0-9.]*, "seeds": [0-9]*, "data": .*}'
[ "$(grep -c "^$field\$" "$out/holds")" -eq 57 ] || fail "a line is not in the documented form: $(grep -v "^$field\$" "$out/holds" | head -n 1)"
for row in $built; do
    grep -q "\"row\": \"$row\", \"verdict\": \"holds\"" "$out/holds" || fail "$row does not hold: $(grep "\"$row\"" "$out/holds")"
    grep -q "\"row\": \"$row\", \"verdict\": \"fails\"" "$out/broken" || fail "$row does not fail when broken: $(grep "\"$row\"" "$out/broken")"
done
[ "$(grep -c '"verdict": "holds"' "$out/holds")" -eq "$rows" ] || fail "wanted $rows rows that hold"
[ "$(grep -c '"verdict": "fails"' "$out/broken")" -eq "$rows" ] || fail "wanted $rows broken rows that fail"
[ "$(grep -c '"verdict": "missing"' "$out/holds")" -eq $((57 - rows)) ] || fail "wanted $((57 - rows)) missing rows"

data=$DS_SOURCE/../shared/data
if [ -d "$data/mnist" ]; then
    for row in A6 A7; do
        "$descent" tour $row --data "$data" --json | grep -q '"verdict": "holds".*"data": "mnist"' || fail "$row on MNIST does not hold"
    done
else
    echo "the part on real data is left out: $data/mnist is missing"
fi
echo "$rows rows hold, $rows fail when broken"
