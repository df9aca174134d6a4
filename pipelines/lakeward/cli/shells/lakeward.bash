# Completion of lakeward in bash 4.4 or later. In ~/.bashrc: eval "$(lakeward completion bash)"
_lakeward() {
    local IFS=$'\n'
    COMPREPLY=($("$1" --complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _lakeward lakeward
