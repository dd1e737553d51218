# A thin front for CMake: every target names what it does. The build itself is in CMakeLists.txt.
.NOTPARALLEL:
.PHONY: all run docs test lint fuzz mutants bench format asan tsan clang test-arm64 test-long clean

all: build/descent

# Packages first (nothing to do when they are there), then configure once per preset, then build what has changed.
.PHONY: build/descent
build/descent:
	@tools/deps
	@tools/build release

run: build/descent
	@tools/demo

# Man pages, completion, schema and reference, from the tables of the program; tests/docs.bats compares.
docs: build/descent
	@rm -rf man completion docs/reference
	@build/descent explain --write .

test:
	@tools/deps test
	@tools/build release
	@tools/test build

test-long:
	@tools/deps test
	@tools/build release
	@DS_TEST_LONG=1 tools/test build

lint:
	@tools/deps test
	@tools/build release
	@tools/lint build

format:
	@clang-format -i $$(git ls-files '*.c' '*.h' '*.inc')

# Each reader's fuzz target for FUZZ_SECONDS (60); what falls is left in build-fuzz/fallen.
fuzz:
	@tools/deps test
	@tools/fuzz

# One mistake at a time in the rules and schedules: each must be found by the test that is named for it.
mutants:
	@tools/deps test
	@tools/mutants

bench:
	@tools/deps bench
	@tools/build release all bench_programs
	@python3 bench/run.py

asan tsan clang:
	@tools/deps test
	@tools/build $@
	@tools/test build-$@

test-arm64:
	@tools/deps test
	@tools/build release descent
	@sh tests/arm64.sh whole || [ $$? -eq 77 ]

clean:
	rm -rf build build-*
