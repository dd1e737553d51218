# Sum up a run of ctest: awk -f tally.awk CTEST-OUTPUT LastTest.log
# The first file has each program's verdict, the second its whole output, from which single cases are counted.
FNR == NR {
    if (match($0, /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /)) verdict[$4] = $0 ~ /\*\*\*Skipped/ ? "skipped" : $0 ~ / Passed +[0-9.]+ sec/ ? "passed" : "failed"
    next
}
/^[0-9]+\/[0-9]+ Testing: / { name = $3; open = pass = fail = skip = 0; why = "" }
/^Output:$/ { getline; open = 1; next }
/<end of output>$/ { close_test(); open = 0 }
# cmocka: "[  PASSED  ] 3 test(s)."   bats: "ok 1 name", "not ok 2 name", "ok 3 name # skip reason"
open && /^\[  PASSED  \] [0-9]+ test/ { pass += number($0) }
open && /^\[  FAILED  \] [0-9]+ test/ { fail += number($0) }
open && /^\[  SKIPPED \] [0-9]+ test/ { skip += number($0) }
open && /^ok [0-9]+ .*# skip/ { skip++; reason = $0; sub(/^ok [0-9]+ /, "", reason); why = why "\n    " reason; next }
open && /^ok [0-9]+ / { pass++ }
open && /^not ok [0-9]+ / { fail++ }
open && /^skipped: / { why = why "\n    " $0 }
function number(line) { sub(/^\[ *[A-Z]+ *\] /, "", line); return line + 0 }
function close_test() {
    if (verdict[name] == "passed" && pass + skip == 0) pass = 1
    if (verdict[name] == "skipped") { pass = 0; if (skip == 0) skip = 1 }
    if (verdict[name] == "failed" && fail == 0) fail = 1
    if (skip) printf "skipped in %s: %d%s\n", name, skip, why == "" ? "\n    (no reason printed)" : why
    if (fail) printf "failed in %s: %d\n", name, fail
    passed += pass; failed += fail; skipped += skip
}
END { printf "tests: %d passed, %d failed, %d skipped\n", passed, failed, skipped }
