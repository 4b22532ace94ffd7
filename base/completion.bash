# bash completion for wattyard and its daemons. Names of commands and options come from the program.

_wattyard() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} command=
    local -a candidates=()
    COMPREPLY=()
    # A daemon has options alone; `wattyard` has its command as the first word.
    if [[ ${program##*/} != wattyard ]]; then
        [[ $word == -* ]] &&
            mapfile -t candidates < <("$program" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)
    elif ((COMP_CWORD == 1)); then
        mapfile -t candidates < <("$program" help --names 2>/dev/null && printf '%s\n' --help --version)
    else
        command=${COMP_WORDS[1]}
        if [[ $word == -* ]]; then
            mapfile -t candidates < <("$program" help --options "$command" 2>/dev/null)
        elif [[ $command == help ]]; then
            mapfile -t candidates < <("$program" help --names --topics 2>/dev/null)
        fi
    fi
    if ((${#candidates[@]} > 0)); then
        mapfile -t COMPREPLY < <(compgen -W "${candidates[*]}" -- "$word")
    elif [[ $word != -* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -F _wattyard wattyard wattyard-scheduler wattyard-agent
