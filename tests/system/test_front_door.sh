#!/usr/bin/env bash
# The program as people call it: lost output, help and man pages, completion. The argument is the
# build folder; the last line is a summary in Check's form.
set -u
build=$(cd "$1" && pwd)
wattyard=$build/wattyard
work=$(mktemp -d "${TMPDIR:-/tmp}/wattyard-door-XXXXXX")
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

# is NAME EXPECTED ACTUAL
is() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return
    failures=$((failures + 1))
    printf 'FAILED %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
}

# --- Output that is lost is told, and is no success
"$wattyard" help >/dev/full 2>"$work/err"
is "a full disk: status" 2 $?
is "a full disk: message" "wattyard: the output can't be written: No space left on device" "$(cat "$work/err")"
"$wattyard" help >&- 2>"$work/err"
is "a closed output: status" 2 $?
is "a closed output: message" "wattyard: the output can't be written: Bad file descriptor" "$(cat "$work/err")"
# The writer starts when the reader is gone: its `read` ends with the reader's end of the fifo.
mkfifo "$work/gone"
{
    read -r _ <"$work/gone"
    "$wattyard" help 2>"$work/err"
    echo $? >"$work/status"
} | { exec 0<&-; echo go >"$work/gone"; }
is "a closed pipe: status" 2 "$(cat "$work/status")"
is "a closed pipe: message" "wattyard: the output can't be written: Broken pipe" "$(cat "$work/err")"
"$wattyard" --version <&- >"$work/out" 2>&-
is "closed input and errors: status" 0 $?
is "nothing to say into a closed output" 2 "$("$wattyard" nonsense >&- 2>/dev/null; echo $?)"

# --- Each command has help, options and a man page without faults
for name in $("$wattyard" help --names); do
    "$wattyard" "$name" --help >"$work/help" 2>&1
    is "$name --help: status" 0 $?
    "$wattyard" help "$name" | cmp -s - "$work/help"
    is "help $name is $name --help" 0 $?
    for option in $("$wattyard" help --options "$name"); do
        grep -qE -- "(^|[ ,])$option( |$)" "$work/help"
        is "$name --help tells of $option" 0 $?
    done
    is "no line of $name --help is wider than a terminal" "" "$(sed '/^Examples$/,$d' "$work/help" | grep -E '^.{80}')"
done
for topic in $("$wattyard" help --topics); do
    is "page $topic has its name first" "$topic - " "$("$wattyard" help "$topic" | sed -n 1p | grep -oE "^$topic - ")"
    is "page $topic has a man page" "$topic" "$([ -s "$build/man/wattyard-$topic.5" ] && echo "$topic")"
done

# --- A page becomes a man page
cat >"$work/page.txt" <<'PAGE'
odd - what - a page may hold

FIRST PART
    Text with a \ and a - sign
    .and a point first.

        verbatim   "as it is"

        .still verbatim
    Text again.

    name      a row of a table
SECOND
    'quoted.
PAGE
cat >"$work/expected" <<'MAN'
.TH WATTYARD\-ODD 5 2026-01-31 "Wattyard 1.2" "Wattyard"
.SH NAME
wattyard\-odd \- what \- a page may hold
.SH FIRST PART
Text with a \e and a \- sign
\&.and a point first.
.PP
.nf
    verbatim   "as it is"

    .still verbatim
.fi
Text again.
.PP
.nf
name      a row of a table
.fi
.SH SECOND
\&'quoted.
MAN
to_man() { awk -v name=wattyard-odd -v version=1.2 -v released=2026-01-31 -f base/page_to_man.awk "$1"; }
is "a page as a man page" "$(cat "$work/expected")" "$(to_man "$work/page.txt")"
echo "no summary" >"$work/page.txt"
is "a page without a summary is refused" "$work/page.txt:1: the first line must be \"name - one-line summary\"" \
    "$(to_man "$work/page.txt" 2>&1)"

# --- Completion
complete_words() {
    (
        PATH=$build:$PATH
        source base/completion.bash
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _wattyard
        echo "${COMPREPLY[@]}"
    )
}
is "commands complete" help "$(complete_words wattyard hel)"
is "options complete" "--names" "$(complete_words wattyard help --nam)"
is "pages complete" values "$(complete_words wattyard help valu)"
is "files complete" Makefile "$(complete_words wattyard validate Makef)"

passed=$((100 * (checks - failures) / checks))
echo "$passed%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
