#!/usr/bin/env bash
# Runs fuzz targets, each for so many seconds: run_fuzzers.sh SECONDS TARGET... It starts from the
# corpus under tests/fuzz and keeps what it finds under build/fuzz, where the next run goes on. An
# input that fails is kept there too, and named: make it a test, and put it into the corpus.
set -u
seconds=$1
shift
failed=0
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
for target in "$@"; do
    found=build/fuzz/$target.corpus
    faults=build/fuzz/$target.faults
    log=build/fuzz/$target.log
    mkdir -p "$found" "$faults"
    "build/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -use_value_profile=0 -print_final_stats=1 -artifact_prefix="$faults/" \
        "$found" "tests/fuzz/corpus/$target" >"$log" 2>&1 </dev/null
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status -ne 0 ]; then
        failed=1
        echo "FAILED $target (exit $status); inputs in $faults, log in $log"
        tail -n 40 "$log"
    else
        printf '%-20s %s runs, %s inputs in its corpus\n' "$target" "${runs:-?}" "$(find "$found" -type f | wc -l)"
    fi
done
exit $failed
