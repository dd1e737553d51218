function __descent_settings
    set -l word (commandline -ct)
    set -l parts (string split -m 1 = -- $word)
    if set -q parts[2]
        set -l values (__descent_key_values (string replace -r '\.[0-9]+\.' .N. -- $parts[1]))
        test -n "$values"; and printf '%s\n' $parts[1]=$values
        return
    end
    set -l position (string match -r '\.([0-9]+)\.' -- $word)
    if set -q position[2]
        __descent_keys | string replace .N. .$position[2]. | string replace -r '$' =
    else
        __descent_keys | string replace -r '\.N\..*' .0. | sort -u | string replace -r '([^.])$' '$1='
    end
end
function __descent_command
    set -l words (commandline -opc)
    set -q words[2]; and contains -- $words[2] $argv
end
