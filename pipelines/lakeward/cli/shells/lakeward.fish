# Completion of lakeward in fish. In ~/.config/fish/config.fish: lakeward completion fish | source
function __lakeward_next
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --local next ($words[1] --complete fish $words[2..] (commandline --current-token --cut-at-cursor) 2>/dev/null)
    if set --query next[1]
        printf '%s\n' $next
    else
        __fish_complete_path (commandline --current-token)
    end
end
complete --command lakeward --no-files --arguments '(__lakeward_next)'
