# Sum up ctest's LastTest.log: cases passed, failed, skipped, and why each skipped one was.
/^Unable to find executable/ { missing = 1 } # stands before the test it belongs to, which ctest then calls passed
/^[0-9]+\/[0-9]+ Testing: / { name = $3; open = 0; pass = skip = 0; fail = missing; missing = 0; why = "" }
/^Output:$/ { getline; open = 1; next }
/^<end of output>$/ { open = 0 }
# cmocka: "[  PASSED  ] 3 test(s)."   bats: "ok 1 name", "not ok 2 name", "ok 3 name # skip reason"
open && /^\[  PASSED  \] [0-9]+ test/ { pass += number($0) }
open && /^\[  FAILED  \] [0-9]+ test/ { fail += number($0) }
open && /^\[  SKIPPED \] [0-9]+ test/ { skip += number($0) }
open && /^ok [0-9]+ .*# skip/ { skip++; reason = $0; sub(/^ok [0-9]+ /, "", reason); why = why "\n    " reason; next }
open && /^ok [0-9]+ / { pass++ }
open && /^not ok [0-9]+ / { fail++ }
open && /^(SKIP|skipped)[: ]/ { why = why "\n    " $0 }
/^Test Passed\.$/ { close_test("passed") }
/^Test Skipped\.$/ || /^Test not run/ { close_test("skipped") }
/^Test Failed\.$/ || /^Test .*(Exception|Timeout)/ { close_test("failed") }
function number(line) { sub(/^\[ *[A-Z]+ *\] /, "", line); return line + 0 }
function close_test(verdict) {
    if (verdict == "passed" && pass + skip + fail == 0) pass = 1
    if (verdict == "skipped" && skip == 0) skip = 1
    if (verdict == "failed" && fail == 0) fail = 1
    if (skip) printf "skipped in %s: %d%s\n", name, skip, why == "" ? "\n    (no reason printed)" : why
    if (fail) printf "failed in %s: %d\n", name, fail
    passed += pass; failed += fail; skipped += skip
}
END { printf "tests: %d passed, %d failed, %d skipped\n", passed, failed, skipped }
