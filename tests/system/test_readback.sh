#!/usr/bin/env bash
# The models that `wattyard plan` writes, read back by other solvers: glpsol and clp must find the
# optimum of the plan, or none where there is none, in both formats. The last line is a summary in
# Check's form.
set -u
export LC_ALL=C
wattyard=$1/wattyard
work=$(mktemp -d "${TMPDIR:-/tmp}/wattyard-readback-XXXXXX")
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

# Optimum of a glpsol solution file, or "none".
glpsol_optimum() {
    awk '/^Status:/ {is_optimal = ($2 == "OPTIMAL")}
         /^Objective:/ {sub(/.*= */, ""); print is_optimal ? $1 : "none"}' "$1"
}

clp_optimum() {
    awk '/^Optimal objective/ {print $3; found = 1; exit} END {if (!found) print "none"}' "$1"
}

# Peers: their name, and how each reads a file in a format. What they print goes to $work/out.
solve_with() {
    local peer=$1 format=$2 file=$3
    case $peer-$format in
    glpsol-mps) glpsol --freemps "$file" -o "$work/solution" >"$work/out" 2>&1 && glpsol_optimum "$work/solution" ;;
    glpsol-lp) glpsol --lp "$file" -o "$work/solution" >"$work/out" 2>&1 && glpsol_optimum "$work/solution" ;;
    clp-*) clp "$file" -primalsimplex >"$work/out" 2>&1 && clp_optimum "$work/out" ;;
    esac || echo "failed"
}

compare() {
    local name=$1 ours=$2 theirs=$3
    checks=$((checks + 1))
    awk -v a="$ours" -v b="$theirs" 'BEGIN {
        if (a == "none" || b == "none" || b == "failed") exit a != b
        d = a - b; s = (a < 0 ? -a : a)
        exit (d < 0 ? -d : d) > 1e-6 * s
    }' && return
    failures=$((failures + 1))
    echo "$name: wattyard has $ours, the peer $theirs"
    tail -n 5 "$work/out"
}

check_scenario() {
    local scenario=$1 ours format peer
    "$wattyard" plan "$scenario" --json --write-mps "$work/model.mps" --write-lp "$work/model.lp" \
        >"$work/plan.json" 2>"$work/err"
    ours=$(python3 -c 'import json, sys
plan = json.load(open(sys.argv[1]))
print(repr(plan["objective_usd"]) if plan["status"] == "optimal" else "none")' "$work/plan.json") || ours=unreadable
    for format in mps lp; do
        for peer in glpsol clp; do
            compare "$scenario, $peer, $format" "$ours" "$(solve_with $peer $format "$work/model.$format")"
        done
    done
}

for scenario in tests/cases/plan/random-*.xml workloads/scenarios/two-sites.xml; do
    check_scenario "$scenario"
done
echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ "$failures" -eq 0 ]
