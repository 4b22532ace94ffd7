#!/usr/bin/env bash
# Runs the unit tests, the fuzz corpora, the golden cases and the system tests of a build folder.
# A program that fails has its whole output shown. The last lines are Check's own summaries, added
# up in Check's form.
set -u
build=$1
shift
export CK_DEFAULT_TIMEOUT=${CK_DEFAULT_TIMEOUT:-240} WATTYARD_BUILD=$build
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
log=$(mktemp -d "${TMPDIR:-/tmp}/wattyard-tests-XXXXXX")
trap 'rm -rf "$log"' EXIT
run_one() {
    local name=${1#"$build"/tests/} out
    out=$log/${name//\//_}
    if [ -n "${VALGRIND:-}" ]; then
        CK_FORK=no valgrind -q --error-exitcode=9 --leak-check=full --suppressions=tests/tools/valgrind.supp "$1" >"$out" 2>&1
    else
        "$1" >"$out" 2>&1
    fi
    local status=$?
    local summary
    summary=$(grep -E '^[0-9]+%: Checks: ' "$out" | tail -n 1)
    if [ $status -ne 0 ] || [ -z "$summary" ]; then
        echo "FAILED $name (exit $status)"
        cat "$out"
        touch "$log/failed"
    else
        printf '%-32s %s\n' "$name" "$summary"
    fi
    echo "$summary" >>"$log/summaries"
}
export -f run_one
export build log
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -I{} bash -c 'run_one {}'

if [ -z "${VALGRIND:-}" ]; then
    for suite in tests/tools/replay_corpora.sh tests/tools/run_golden.sh $(ls tests/system/test_*.sh 2>/dev/null); do
        [ -e "$suite" ] || continue
        if "$suite" "$build" >"$log/suite" 2>&1; then
            printf '%-32s %s\n' "$(basename "$suite" .sh)" "$(tail -n 1 "$log/suite")"
            tail -n 1 "$log/suite" >>"$log/summaries"
        else
            echo "FAILED $suite"
            cat "$log/suite"
            touch "$log/failed"
        fi
    done
fi
awk '/Checks:/ {gsub(/[,:%]/, ""); c += $3; f += $5; e += $7}
     END {printf "%d%%: Checks: %d, Failures: %d, Errors: %d\n", c ? 100 * (c - f - e) / c : 0, c, f, e}' "$log/summaries"
[ ! -e "$log/failed" ]
