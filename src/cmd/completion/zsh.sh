_descent() {
    local cmd=$words[2] word=$PREFIX before=$words[CURRENT-1] key
    local -a list
    if ((CURRENT == 2)); then
        list=(${=$(_descent_commands)} --help --version)
        compadd -a list
    elif [[ $cmd == help ]]; then
        list=(${=$(_descent_commands)})
        compadd -a list
    elif [[ $before == --* && $before != *=* ]] && ! _descent_bare $cmd $before; then
        list=(${=$(_descent_flag_values $cmd $before)})
        if (($#list)); then compadd -a list; else _files; fi
    elif [[ $word == --*=* ]]; then
        list=(${=$(_descent_flag_values $cmd ${word%%=*})})
        compset -P '*='
        if (($#list)); then compadd -a list; else _files; fi
    elif [[ $word == -* ]]; then
        list=(${=$(_descent_flags $cmd)})
        compadd -a list
    elif [[ $word == *=* ]]; then
        key=$(sed 's/\.[0-9][0-9]*\./.N./' <<<${word%%=*})
        list=(${=$(_descent_key_values $key)})
        compset -P '*='
        if (($#list)); then compadd -a list; else _files; fi
    else
        list=(${=$(_descent_words $cmd)})
        compadd -a list
        if [[ " $(_descent_takes $cmd)" == *' key= '* && $CURRENT -gt 3 ]]; then
            if [[ $word =~ '^[a-z_.]*\.([0-9]+)\.' ]]; then
                list=(${(f)"$(_descent_keys | sed "s/\.N\./.$match[1]./")"})
            else
                list=(${(f)"$(_descent_keys | sed 's/\.N\..*/.0./' | sort -u)"})
            fi
            list=(${(M)list:#*.}  ${${(M)list:#*[^.]}/%/=})
            compadd -S '' -a list
        elif [[ " $(_descent_takes $cmd)" == *' key '* ]]; then
            list=(${(f)"$(_descent_keys)"})
            compadd -a list
        fi
        if [[ " $(_descent_takes $cmd)" == *' run '* ]]; then
            list=(runs/*(N:t))
            compadd -a list
            _files
        elif [[ " $(_descent_takes $cmd)" == *' file '* ]]; then
            _files -g '*.yaml'
        fi
    fi
}
if [[ $funcstack[1] == _descent ]]; then _descent "$@"; else compdef _descent descent; fi
