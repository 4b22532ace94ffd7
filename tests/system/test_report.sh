#!/usr/bin/env bash
# The page of `plan --report` in a headless Chromium: it logs nothing, draws every chart, asks for
# nothing outside its file, and prints. The last line is a summary in Check's form.
set -u
export LC_ALL=C
wattyard=$1/wattyard
work=$(mktemp -d "${TMPDIR:-/tmp}/wattyard-report-XXXXXX")
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

check() {
    local name=$1
    shift
    checks=$((checks + 1))
    "$@" && return
    failures=$((failures + 1))
    echo "failed: $name"
}

# A profile of its own each time; every host resolves to nothing, so that a request could only fail.
browse() {
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-background-networking \
        --disable-component-update --disable-sync --no-first-run --disable-default-apps \
        --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$work/profile" \
        --enable-logging=stderr --v=0 "$@"
}

# The page, and behind it a script of the test that counts what was drawn and what was loaded.
probe() {
    cat "$1"
    cat <<'END'
<script>
{
  const canvases = [...document.querySelectorAll("canvas")];
  const isDrawn = c => {
    const pixels = c.width * c.height && c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    return pixels && new Set(new Uint32Array(pixels.buffer)).size > 2;
  };
  document.documentElement.dataset.canvases = canvases.length;
  document.documentElement.dataset.drawn = canvases.filter(isDrawn).length;
  document.documentElement.dataset.loaded = performance.getEntriesByType("resource").length;
}
</script>
END
}

marker() { sed -n "s/.*<html[^>]* data-$1=\"\([^\"]*\)\".*/\1/p" "$work/dom" | head -n 1; }
is() { [ "$1" = "$2" ] || { echo "it is '$1', not '$2'"; false; }; }
# Words that the page must show, outside its script.
shows() { sed 's/<script>.*//' "$work/dom" | grep -qF -- "$1" || grep -v '^const data = ' "$work/dom" | grep -qF -- "$1"; }
is_silent() { ! grep -E 'CONSOLE|Uncaught|Refused' "$work/log"; }

# Scenario, how many charts, and words on its page.
check_page() {
    local scenario=$1 charts=$2 words
    shift 2
    "$wattyard" plan "$scenario" --report "$work/plan.html" >"$work/out" 2>&1
    probe "$work/plan.html" >"$work/probe.html"
    browse --dump-dom "file://$work/probe.html" >"$work/dom" 2>"$work/log"
    check "$scenario: nothing on the console" is_silent
    check "$scenario: no error" is "$(marker error)" ""
    check "$scenario: charts made" is "$(marker charts)" "$charts"
    check "$scenario: canvases" is "$(marker canvases)" "$charts"
    check "$scenario: charts drawn" is "$(marker drawn)" "$charts"
    check "$scenario: nothing loaded" is "$(marker loaded)" 0
    for words in "$@"; do
        check "$scenario: shows '$words'" shows "$words"
    done
}

# 1 of cost, 3 of systems (all, 2 sites), 2 of power, 4 of work, 1 of prices.
check_page workloads/scenarios/two-sites.xml 11 'What holds the plan back' '<td class="id">oregon</td>' \
    '<td class="id">reserve-trn3</td>' '[1] github.com' 'class="estimate"' 'two-sites.xml:'
check_page workloads/scenarios/campus-20mw.xml "$(grep -oE '<(workload|site) id' workloads/scenarios/campus-20mw.xml | awk '
    /site/ {s++} /workload/ {w++} END {print 1 + s + (s > 1) + s + w + 1}')" 'What holds the plan back'

# 3 side by side, 1 of what is common, 3 of each of 3 futures.
check_page tests/golden/plan-futures/futures.xml 13 'expected cost, present value' 'If half comes' \
    'To acquire before it is known' 'power of dublin 12 months later' '<td class="id">expected</td>'

# What a page says of a scenario that has no plan; and marks in names stay text.
sed -e 's/kind="inference"/kind="inference" required="yes"/' -e 's/mw="[0-9]*"/mw="0.001"/' \
    -e 's/name="two-sites"/name="a\&lt;b\&gt;\&lt;\/script\&gt;"/' -e 's|href="../../|href="'"$PWD"'/|' \
    workloads/scenarios/two-sites.xml >"$work/none.xml"
check_page "$work/none.xml" 0 'There is no plan' 'a&lt;b&gt;&lt;/script&gt;' "The scenario's inputs"

# On paper it has pages.
"$wattyard" plan workloads/scenarios/two-sites.xml --report "$work/plan.html" >"$work/out" 2>&1
browse --no-pdf-header-footer --print-to-pdf="$work/plan.pdf" "file://$work/plan.html" >"$work/out" 2>&1
check "it prints" grep -qa '^%PDF' "$work/plan.pdf"

# A report that can't be written is told, and leaves nothing.
"$wattyard" plan workloads/scenarios/two-sites.xml --report "$work/nowhere/plan.html" >"$work/out" 2>"$work/err"
check "a folder that is not there: exit status" [ $? -ne 0 ]
check "a folder that is not there: told" grep -qF "$work/nowhere/plan.html" "$work/err"

echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
