#!/usr/bin/env bash
# Runs the benchmarks of a build folder, one after another, and prints what they print.
set -u
export WATTYARD_BUILD=$1
shift
failed=0
for bench in "$@"; do
    echo "== $(basename "$bench")"
    "$bench" || {
        echo "FAILED $bench (exit $?)"
        failed=1
    }
done
exit $failed
