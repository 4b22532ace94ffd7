#!/usr/bin/env bash
# Runs the cases of tests/golden: in each folder `cmd` is a bash script, run from the root of the
# sources with the build folder in PATH; what it prints (both streams) must be `expected` to the
# last byte. The last line is a summary in Check's form. UPDATE=1 writes `expected` anew: look at
# the difference before you commit it.
set -u
export LC_ALL=C
PATH=$(cd "$1" && pwd):$PATH
export PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/wattyard-golden-XXXXXX")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
checks=0
failures=0
for folder in tests/golden/*/; do
    name=$(basename "$folder")
    checks=$((checks + 1))
    timeout "${GOLDEN_SECONDS:-120}" bash "$folder/cmd" >"$work/actual" 2>&1 </dev/null
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/actual" "$folder/expected"
    elif ! diff -u "$folder/expected" "$work/actual" >"$work/diff"; then
        failures=$((failures + 1))
        echo "$name: not as expected"
        cat "$work/diff"
    fi
done
[ $checks -gt 0 ] || exit 1
echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
