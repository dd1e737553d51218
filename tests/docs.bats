#!/usr/bin/env bats
# What is made from the tables: man pages that render, completion that completes. DESCENT names the program; tools that
# are not installed are passed over.

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    "$program" explain --write made
}

teardown() { rm -rf "$work"; }

@test "every command has a man page; all of them render without a warning" {
    [ -s made/man/descent.1 ]
    [ -s made/man/descent-config.5 ]
    for name in $("$program" --help | sed -n '/^commands/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'); do
        [ -s "made/man/descent-$name.1" ]
        grep -q "descent\\\\-$name" made/man/descent.1
    done
    for page in made/man/*; do
        if command -v mandoc >/dev/null; then mandoc -T lint -W warning "$page"; fi
        if command -v man >/dev/null; then [ -z "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "./$page" 2>&1 >/dev/null)" ]; fi
    done
}

@test "the page of train says its flags, their values and how to learn more" {
    command -v man >/dev/null || skip "no man here"
    page="$(MANWIDTH=100 man ./made/man/descent-train.1 | cat)"
    [[ "$page" == *"train a config into a run directory"* ]]
    [[ "$page" == *"--out DIR"* ]]
    [[ "$page" == *"descent-config(5)"* ]]
    page="$(MANWIDTH=100 man ./made/man/descent-config.5 | cat)"
    [[ "$page" == *"train.batch"* ]]
    [[ "$page" == *"optimizer.beta2"* ]]
    [[ "$page" == *"model.layers.N.kernel"* ]]
}

# bash: what is offered for a line, apart by spaces
offers() {
    COMP_LINE="$1" COMP_POINT=${#1} COMPREPLY=()
    _descent
    echo "${COMPREPLY[*]}"
}

@test "bash completes commands, flags, keys, their values, positions and files" {
    source made/completion/descent.bash
    touch net.yaml
    mkdir -p runs/net-0001
    [ "$(offers 'descent trai')" = train ]
    [ "$(offers 'descent help expl')" = explain ]
    [ "$(offers 'descent train n')" = net.yaml ]
    [ "$(offers 'descent train net.yaml optimizer.na')" = optimizer.name= ]
    [ "$(offers 'descent train net.yaml optimizer.name=adam')" = "adam adamw adamax" ]
    [[ "$(offers 'descent train net.yaml optimizer.name=')" == *"sgd momentum"* ]]
    [ "$(offers 'descent train net.yaml model.layers.2.kern')" = model.layers.2.kernel= ]
    [[ "$(offers 'descent train net.yaml model.layers.2.act=')" == "relu "* ]]
    [ "$(offers 'descent train net.yaml data.path=ru')" = runs ]
    [ "$(offers 'descent train net.yaml --ou')" = --out ]
    [ "$(offers 'descent eval net')" = "net-0001 net.yaml" ] || [[ "$(offers 'descent eval net')" == *net-0001* ]]
    [ "$(offers 'descent eval --weights ')" = "best last average" ]
    [ "$(offers 'descent eval --weights=b')" = best ]
    [[ "$(offers 'descent explain optimizer.beta')" == "optimizer.beta1 optimizer.beta2 "* ]]
    [ "$(offers 'descent explain hub')" = huber ]
    [[ "$(offers 'descent init ')" == *"cnn mlp stream svm table"* ]]
    [ "$(offers 'descent runs rei')" = reindex ]
    [[ "$(offers 'descent data s')" == "show stats shuffle"* ]]
    [ "$(offers 'descent tour al')" = all ]
    COMP_WORDBREAKS=${COMP_WORDBREAKS//=/} # a shell that does not break words at =
    [ "$(offers 'descent train net.yaml optimizer.name=adam')" = "optimizer.name=adam optimizer.name=adamw optimizer.name=adamax" ]
}

@test "zsh reads its script" {
    command -v zsh >/dev/null || skip "no zsh here"
    zsh -n made/completion/_descent
    zsh -fc 'autoload -Uz compinit; compinit -D; source made/completion/_descent; (( $+_comps[descent] ))
             [[ "$(_descent_key_values optimizer.name)" == *adam* && "$(_descent_flags train)" == *--out* ]]'
}

@test "fish completes keys and values" {
    command -v fish >/dev/null || skip "no fish here"
    export HOME="$work"
    fish -n made/completion/descent.fish
    offer() { fish -c "source made/completion/descent.fish; complete -C '$1'" | cut -f1 | tr '\n' ' '; }
    [ "$(offer 'descent train net.yaml optimizer.na')" = "optimizer.name= " ]
    [ "$(offer 'descent train net.yaml optimizer.name=adam')" = "optimizer.name=adam optimizer.name=adamax optimizer.name=adamw " ]
    [ "$(offer 'descent train net.yaml model.layers.1.kern')" = "model.layers.1.kernel= " ]
    [[ "$(offer 'descent eval --weights ')" == *best* ]]
}

@test "the repository holds what the tables say now (otherwise: make docs, and commit)" {
    for folder in man completion docs/reference; do
        diff -rq "made/$folder" "$BATS_TEST_DIRNAME/../$folder" || {
            echo "$folder is not what the program's tables say: run \`make docs\` and commit what changed"
            return 1
        }
    done
}

@test "completion prints the same scripts; an unknown shell: exit 2" {
    "$program" completion bash | cmp - made/completion/descent.bash
    "$program" completion zsh | cmp - made/completion/_descent
    "$program" completion fish | cmp - made/completion/descent.fish
    run "$program" completion ksh
    [ "$status" -eq 2 ]
    [[ "$output" == *"bash, zsh or fish"* ]]
}

@test "what cannot be written: exit 1 with the reason" {
    run "$program" explain --write nowhere/made
    [ "$status" -eq 1 ]
    [[ "$output" == *"nowhere/made: No such file"* ]]
}
