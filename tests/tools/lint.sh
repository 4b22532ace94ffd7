#!/usr/bin/env bash
# What a machine can check of the project's style. Called by `make lint`, with the C files as
# arguments and MAY_INCLUDE ("room:a,b room:..."), CC, CFLAGS, CPPFLAGS, JOBS and BUILD in the
# environment; the programs and man pages are built. Each check prints what is wrong; silence is OK.
set -u
export LC_ALL=C
JOBS=${JOBS:-2}
BUILD=${BUILD:-build/release}
FUNCTION_LINES_MAX=60
FILE_LINES_MAX=700
FILES=("$@")
work=$(mktemp -d "${TMPDIR:-/tmp}/wattyard-lint-XXXXXX")
trap 'rm -rf "$work"' EXIT

rooms() {
    for entry in $MAY_INCLUDE; do echo "${entry%%:*}"; done
}

# The C files of the rooms and the front door; arguments: endings.
room_files() {
    local file ending
    for file in "${FILES[@]}"; do
        for ending in "$@"; do
            [[ $file == *"$ending" && $file != tests/* ]] && echo "$file"
        done
    done
}

check_format() {
    printf '%s\n' "${FILES[@]}" | xargs -n 40 -P "$JOBS" clang-format --dry-run -Werror
}

# Who may include which library: header, then the files, as shell patterns.
LIBRARIES='glpk.h planner/lp*
libxml/* base/xml*
jansson.h base/json.c
hwloc* agent/*
zmq.h agent/* scheduler/* tests/*
protobuf-c/* agent/* scheduler/*
sqlite3.h scheduler/store*
microhttpd.h scheduler/http*
*curses.h scheduler/top*
check.h tests/*'

library_allowed() {
    local header=$1 file=$2 pattern place is_library=
    local -a places
    while read -r pattern place; do
        read -ra places <<<"$place"
        [[ $header == $pattern ]] || continue
        is_library=1
        for place in "${places[@]}"; do
            [[ $file == $place ]] && return 0
        done
    done <<<"$LIBRARIES"
    [ -z "$is_library" ]
}

# Does the room of a file allow this include of ours?
include_allowed() {
    local file=$1 include=$2 room=${1%%/*} entry allowed
    case $file in
    tests/*) return 0 ;;
    wattyard.c) allowed="$(rooms | grep -vx agent | tr '\n' ,)" ;;
    *) allowed=$(tr ' ' '\n' <<<"$MAY_INCLUDE" | sed -n "s/^$room://p"),$room ;;
    esac
    for entry in ${allowed//,/ }; do
        [[ $include == "$entry"/* ]] && return 0
        # An entry with a folder allows the headers that begin so.
        [[ $entry == */* && $include == "$entry"* ]] && return 0
    done
    return 1
}

check_floors() {
    local file line include where
    while IFS=: read -r file line include; do
        where="$file:$line"
        case $include in
        \#include\ \"*)
            include=${include#*\"} include=${include%%\"*}
            [[ $include == */* ]] || echo "$where: \"$include\" does not say its room"
            include_allowed "$file" "$include" || echo "$where: ${file%%/*} may not include $include"
            [[ $include == *.c ]] && echo "$where: a .c file is not for including"
            [[ $include == *_private.h && ${include%%/*} != "${file%%/*}" ]] &&
                echo "$where: $include is private to ${include%%/*}"
            ;;
        \#include\ \<*)
            include=${include#*<} include=${include%%>*}
            library_allowed "$include" "$file" || echo "$where: <$include> is not for this file"
            ;;
        *) echo "$where: an include that this check can't read" ;;
        esac
    done < <(grep -nE '^[[:space:]]*#[[:space:]]*include' "${FILES[@]}" /dev/null)
}

check_headers() {
    printf '%s\n' "${FILES[@]}" | grep '\.h$' |
        xargs -P "$JOBS" -I{} sh -c 'echo "#include \"{}\"" | '"$CC $CPPFLAGS $CFLAGS"' -fsyntax-only -x c - 2>&1'
}

check_lengths() {
    awk -v function_max=$FUNCTION_LINES_MAX -v file_max=$FILE_LINES_MAX '
        FNR == 1 { inside = 0 }
        FNR == file_max + 1 { print FILENAME ": over " file_max " lines; perhaps two concerns" }
        /^[a-zA-Z_].*\)[[:space:]]*$/ || /^    [^ ].*\)$/ { head = $0 }
        /^\{/ { inside = 1; start = FNR; name = head }
        /^\}/ {
            if (inside && FNR - start > function_max)
                print FILENAME ":" start ": " FNR - start " lines: " substr(name, 1, 70)
            inside = 0
        }' "${FILES[@]}"
}

check_words() {
    grep -nE '\b(TODO|FIXME|XXX|HACK)\b|\b(not implemented|unimplemented|stubs?)\b' "${FILES[@]}"
    grep -nE '\b(strcpy|strcat|v?sprintf|gets|system|atoi|atol|atof|strtok|setlocale|alloca)\(' "${FILES[@]}"
}

# Objects in sections that can be written: relocated constants (.data.rel.ro) can't.
check_state() {
    local file object
    while read -r file; do
        object=$BUILD/$file.o
        [ -e "$object" ] || { echo "$object is not built"; continue; }
        objdump -t "$object" | awk -v file="$file" '
            / O / && $0 !~ /\.data\.rel\.ro/ && $0 ~ / O (\.t?data|\.t?bss|\*COM\*)/ {
                print file ": \"" $NF "\" can be written; state hangs from a struct made in main"
            }'
    done < <(room_files .c)
}

# With assertions, which tell the analyzer what can't be, and before the optimizer takes leaks away.
check_analyzer() {
    room_files .c | xargs -P "$JOBS" -I{} sh -c "$CC ${CPPFLAGS//-DNDEBUG/} $CFLAGS -O0 -fanalyzer \
        -fdiagnostics-path-format=none -c -o /dev/null {} 2>&1"
}

# internalAstError is about what cppcheck's own parser can't follow, not about the code.
check_cppcheck() {
    mkdir -p "$BUILD/cppcheck"
    room_files .c .h | sed 's/^/.\//' | xargs cppcheck -q -j "$JOBS" --cppcheck-build-dir="$BUILD/cppcheck" --std=c11 \
        --enable=warning,performance,portability --inline-suppr --suppress=internalAstError \
        -I. -D_GNU_SOURCE -DNDEBUG 2>&1
    # "cppcheck-suppress id ; why it is no fault here"
    grep -n 'cppcheck-suppress' "${FILES[@]}" | grep -v ';.*[a-z]' | sed 's/$/   (a suppression without its reason)/'
}

check_readmes() {
    local room
    for room in $(rooms); do
        [ ! -d "$room" ] || [ -s "$room/README.md" ] || echo "$room has no README.md"
    done
}

check_man() {
    mandoc -Tlint -W warning "$BUILD"/man/*.[0-9] 2>&1
}

check_scripts() {
    local script
    for script in $(git ls-files --cached --others --exclude-standard '*.sh' '*.bash' .ci/run); do
        bash -n "$script" 2>&1
        [[ $script == *.bash || -x $script ]] || echo "$script can't be run: chmod +x"
    done
}

CHECKS='format floors headers lengths words state analyzer cppcheck readmes man scripts'
for check in $CHECKS; do
    "check_$check" >"$work/$check" 2>&1 &
done
wait
failed=0
for check in $CHECKS; do
    if [ -s "$work/$check" ]; then
        printf '%-9s FAILED\n' "$check"
        head -n 60 "$work/$check"
        failed=1
    else
        printf '%-9s OK\n' "$check"
    fi
done
exit $failed
