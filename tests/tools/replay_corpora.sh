#!/usr/bin/env bash
# Runs every fuzz target on the files of its corpus, without a fuzzer. The last line is a summary
# in Check's form: one check a file.
set -u
build=$1
checks=0
failures=0
for target in "$build"/fuzz/replay_*; do
    [ -x "$target" ] || continue
    name=$(basename "$target")
    for file in tests/fuzz/corpus/fuzz_"${name#replay_}"/*; do
        [ -f "$file" ] || continue
        checks=$((checks + 1))
        if ! "$target" "$file"; then
            echo "FAILED $name $file"
            failures=$((failures + 1))
        fi
    done
done
passed=100
[ $checks -eq 0 ] || passed=$((100 * (checks - failures) / checks))
echo "$passed%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
