# A help page (plain text) as a man page of section 5, in man(7) macros.
#   awk -v name=wattyard-job -v version=0.1.0 -v released=2026-11-21 -f base/page_to_man.awk job.txt
# A page: the first line is "name - one-line summary"; a line of capitals at column 0 begins a
# section; text is indented by 4 blanks and filled; lines indented by 8 or more, and rows of a table
# (with a gap of 3 or more blanks) stay as they are.

function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/)
        text = "\\&" text
    return text
}

function end_verbatim() {
    if (is_verbatim)
        print ".fi"
    is_verbatim = 0
    blanks = 0
}

function title(text) {
    text = toupper(text)
    gsub(/-/, "\\-", text)
    return text
}

NR == 1 {
    dash = index($0, " - ")
    if (dash == 0) {
        print FILENAME ":1: the first line must be \"name - one-line summary\"" > "/dev/stderr"
        failed = 1
        exit 1
    }
    print ".TH " title(name) " 5 " released " \"Wattyard " version "\" \"Wattyard\""
    print ".SH NAME"
    print escaped(name) " \\- " escaped(substr($0, dash + 3))
    next
}

/^[[:space:]]*$/ {
    blanks++
    next
}

/^[A-Z]/ && $0 !~ /[a-z]/ {
    end_verbatim()
    print ".SH " escaped($0)
    is_fresh = 1
    next
}

# Everything else comes with 4 blanks, which the page's reader sees and the man page need not.
{
    wants_verbatim = $0 ~ /^        / || $0 ~ /[^ ]   +[^ ]/
    sub(/^    /, "")
    if (is_verbatim && wants_verbatim) {
        for (; blanks > 0; blanks--)
            print ""
    } else {
        had_blanks = blanks > 0
        end_verbatim()
        if (had_blanks && !is_fresh)
            print ".PP"
        if (wants_verbatim) {
            print ".nf"
            is_verbatim = 1
        } else
            sub(/^ +/, "")
    }
    blanks = 0
    is_fresh = 0
    print escaped($0)
}

END {
    if (!failed)
        end_verbatim()
}
