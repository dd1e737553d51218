# The keys for what is typed: with its position in place of N, and without keys of lists before there is one.
_descent_fitting_keys() {
    if [[ $1 =~ ^[a-z_.]*\.([0-9]+)\. ]]; then
        _descent_keys | sed "s/\.N\./.${BASH_REMATCH[1]}./"
    else
        _descent_keys | sed 's/\.N\..*/.0./' | sort -u
    fi
}
_descent() {
    local line word cmd before reply cut i
    # bash takes = and : for ends of words; the word as typed is what counts.
    line=${COMP_LINE:0:COMP_POINT}
    word=${line##*[[:space:]]}
    cut=${word%"${word##*[=:]}"}
    read -r -a before <<<"${line%"$word"}"
    cmd=${before[1]}
    i=$((${#before[@]} - 1))
    COMPREPLY=()
    if ((i == 0)); then
        reply=$(compgen -W "$(_descent_commands) --help --version" -- "$word")
    elif [[ $cmd == help ]]; then
        reply=$(compgen -W "$(_descent_commands)" -- "$word")
    elif ((i > 1)) && [[ ${before[i]} == --* && ${before[i]} != *=* ]] && ! _descent_bare "$cmd" "${before[i]}"; then
        reply=$(compgen -W "$(_descent_flag_values "$cmd" "${before[i]}")" -- "$word")
        [[ -n $reply ]] || reply=$(compgen -f -- "$word")
    elif [[ $word == --*=* ]]; then
        reply=$(compgen -P "${word%%=*}=" -W "$(_descent_flag_values "$cmd" "${word%%=*}")" -- "${word#*=}")
        [[ -n $reply ]] || reply=$(compgen -P "${word%%=*}=" -f -- "${word#*=}")
    elif [[ $word == -* ]]; then
        reply=$(compgen -W "$(_descent_flags "$cmd")" -- "$word")
    elif [[ $word == *=* ]]; then
        reply=$(compgen -P "${word%%=*}=" -W "$(_descent_key_values "$(sed 's/\.[0-9][0-9]*\./.N./' <<<"${word%%=*}")")" \
            -- "${word#*=}")
        [[ -n $reply ]] || reply=$(compgen -P "${word%%=*}=" -f -- "${word#*=}")
    else
        reply=$(compgen -W "$(_descent_words "$cmd")" -- "$word")
        case " $(_descent_takes "$cmd")" in
        *" key= "*) ((i > 1)) && reply+=$'\n'$(compgen -W "$(_descent_fitting_keys "$word" | sed 's/[^.]$/&=/')" -- "$word") ;;
        *" key "*) reply+=$'\n'$(compgen -W "$(_descent_keys)" -- "$word") ;;
        esac
        case " $(_descent_takes "$cmd")" in
        *" run "*) reply+=$'\n'$(cd runs 2>/dev/null && compgen -d -- "$word")$'\n'$(compgen -f -- "$word") ;;
        *" file "*) reply+=$'\n'$(compgen -f -X '!*.yaml' -- "$word")$'\n'$(compgen -S / -d -- "$word") ;;
        esac
    fi
    while IFS= read -r i; do
        [[ -n $i ]] || continue
        [[ $COMP_WORDBREAKS == *=* ]] && i=${i#"$cut"}
        COMPREPLY+=("$i")
    done <<<"$reply"
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=./] ]]; then compopt -o nospace 2>/dev/null; fi
    return 0
}
complete -F _descent descent
