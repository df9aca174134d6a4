#compdef lakeward
# Completion of lakeward in zsh. In ~/.zshrc, after compinit: eval "$(lakeward completion zsh)"
_lakeward() {
    local -a next
    next=("${(@f)$("$words[1]" --complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$next[1]" ]]; then
        _describe lakeward next
    else
        _files
    fi
}
compdef _lakeward lakeward
