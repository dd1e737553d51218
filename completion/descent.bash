# Completion of descent for bash. Made by `make docs` from the tables of the program; do not edit.
# shellcheck shell=bash disable=SC2001,SC2207
_descent_commands() { echo "init train eval data check lr race grad trace play selftest tour runs explain completion env help"; }
_descent_flags() {
    case $1 in
    init) echo "--out --help" ;;
    train) echo "--out --resume --from --json --help" ;;
    eval) echo "--weights --metric --json --help" ;;
    data) echo "--rows --from --split --to --out --memory --seed --json --help" ;;
    check) echo "--json --help" ;;
    lr) echo "--from --to --steps --json --help" ;;
    race) echo "--optimizers --budget --seeds --trials --rates --target --metric --points --picture --out --resume --json --help" ;;
    grad) echo "--weights --rows --out --along --dtype --penalty --json --help" ;;
    trace) echo "--rule --dialect --grads --theta0 --out --help" ;;
    play) echo "--optimizer --search --start --budget --seed --picture --json --help" ;;
    selftest) echo "--optimizer --json --help" ;;
    tour) echo "--quick --full --seed --data --broken --json --help" ;;
    runs) echo "--dir --sort --columns --remove --json --help" ;;
    explain) echo "--schema --write --help" ;;
    completion) echo "--help" ;;
    env) echo "--json --help" ;;
    esac
}
_descent_words() {
    case $1 in
    init) echo "cnn mlp stream svm table " ;;
    train) echo "" ;;
    eval) echo "" ;;
    data) echo "show stats convert shuffle " ;;
    check) echo "" ;;
    lr) echo "" ;;
    race) echo "" ;;
    grad) echo "" ;;
    trace) echo "" ;;
    play) echo "rosenbrock beale wood powell himmelblau rastrigin quadratic freudenstein_roth powell_badly_scaled brown_badly_scaled jennrich_sampson bard box brown_dennis broyden_tridiagonal chebyquad linear_rank1_zeros linear_rank1 linear_full_rank broyden_banded discrete_integral discrete_boundary brown_almost_linear trigonometric variably_dimensioned penalty2 penalty1 extended_powell extended_rosenbrock watson osborne2 biggs osborne1 kowalik_osborne gulf meyer gaussian " ;;
    selftest) echo "all " ;;
    tour) echo "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 C1 C2 C3 C4 C5 D1 D2 D3 E1 E2 E3 E4 F1 F2 F3 F4 G1 G2 G3 G4 G5 G6 G7 H1 H2 H3 H4 H5 H6 H7 all " ;;
    runs) echo "list show diff tag rm reindex " ;;
    explain) echo "data model optimizer schedule train source digits rings idx cifar10 images csv jsonl libsvm npy shards sampler shuffle window sequential replacement transform flip crop pad noise cutout mixup layer dense conv pool flatten dropout act norm residual activation relu leaky-relu elu gelu gelu-tanh silu tanh sigmoid softplus norm batch layer initializer zeros constant uniform normal fan-in glorot he orthogonal sparse data-driven loss cross-entropy svm squared-svm binary-cross-entropy squared-error half-squared-error huber metric accuracy error top-k mse confusion rule sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor schedule constant linear step exponential cosine restarts one_cycle polynomial inverse trapezoid sequence product plateau average polyak ema tail swa stop early target after column epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds solver descent cg bfgs lbfgs newton saddle_free saddle_free_krylov newton_cg hessian_free levenberg_marquardt coordinate random_search local_search nelder_mead cmaes search fixed armijo wolfe hager_zhang function rosenbrock beale wood powell himmelblau rastrigin quadratic freudenstein_roth powell_badly_scaled brown_badly_scaled jennrich_sampson bard box brown_dennis broyden_tridiagonal chebyquad linear_rank1_zeros linear_rank1 linear_full_rank broyden_banded discrete_integral discrete_boundary brown_almost_linear trigonometric variably_dimensioned penalty2 penalty1 extended_powell extended_rosenbrock watson osborne2 biggs osborne1 kowalik_osborne gulf meyer gaussian " ;;
    completion) echo "bash zsh fish " ;;
    env) echo "" ;;
    esac
}
_descent_takes() {
    case $1 in
    init) echo "" ;;
    train) echo "file key= " ;;
    eval) echo "file run " ;;
    data) echo "file key= " ;;
    check) echo "file key= " ;;
    lr) echo "file key= " ;;
    race) echo "file key= " ;;
    grad) echo "file key= " ;;
    trace) echo "" ;;
    play) echo "" ;;
    selftest) echo "" ;;
    tour) echo "" ;;
    runs) echo "file run " ;;
    explain) echo "key " ;;
    completion) echo "" ;;
    env) echo "" ;;
    esac
}
# Values of a flag, after its command.
_descent_flag_values() {
    case "$1 $2" in
    "eval --weights") echo "best last average " ;;
    "data --split") echo "train val test " ;;
    "data --to") echo "npy csv idx shards " ;;
    "race --picture") echo "png svg none " ;;
    "grad --dtype") echo "f32 f64 " ;;
    "trace --rule") echo "sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor " ;;
    "trace --dialect") echo "torch book " ;;
    esac
}
# Flags that take no value.
_descent_bare() {
    case "$1 $2" in
    "train --json" | "eval --json" | "data --json" | "check --json" | "lr --json" | "race --json" | "grad --penalty" | "grad --json" | "play --json" | "selftest --json" | "tour --quick" | "tour --full" | "tour --broken" | "tour --json" | "runs --remove" | "runs --json" | "explain --schema" | "env --json" | *" --help") return 0 ;;
    esac
    return 1
}
# Keys of a config; N stands for a position.
_descent_keys() {
    echo "data.format
data.path
data.train
data.test
data.val
data.holdout
data.holdout_seed
data.holdout_trains
data.scale
data.standardize
data.whiten
data.components
data.whiten_eps
data.class_weights
data.augment
model.loss
model.penalty
model.layers
optimizer.name
optimizer.dialect
optimizer.clip
optimizer.lookahead
optimizer.sam
optimizer.rest
optimizer.groups
optimizer.search
optimizer.gtol
schedule.name
schedule.warmup
schedule.floor
train.epochs
train.steps
train.seconds
train.batch
train.accumulate
train.seed
train.dtype
train.order
train.stop
train.keep
train.retrain
train.average
train.checkpoint
train.on_nonfinite
model.penalty.l1
model.penalty.l2
model.penalty.all
optimizer.clip.norm
optimizer.clip.value
optimizer.clip.adaptive
optimizer.clip.eps
optimizer.lookahead.k
optimizer.lookahead.alpha
optimizer.sam.rho
optimizer.sam.adaptive
optimizer.rest.name
optimizer.groups.N.match
optimizer.groups.N.role
optimizer.groups.N.frozen
optimizer.groups.N.name
optimizer.groups.N.rest
optimizer.groups.N.rest.name
train.keep.best
train.keep.last
train.retrain.strategy
train.retrain.epochs
train.checkpoint.every
train.checkpoint.keep
model.layers.N.name
model.layers.N.act
model.layers.N.norm
model.layers.N.init
model.layers.N.bias
model.layers.N.repeat
data.difficulty
data.seed
data.stream
data.size
data.channels
data.label
data.header
data.skip
data.target
data.missing
data.features
data.window
data.augment.N.flip
data.augment.N.crop
data.augment.N.pad
data.augment.N.fill
data.augment.N.noise
data.augment.N.cutout
data.augment.N.mixup
model.layers.N.dense
model.layers.N.conv
model.layers.N.kernel
model.layers.N.stride
model.layers.N.pad
model.layers.N.dilation
model.layers.N.groups
model.layers.N.pool
model.layers.N.size
model.layers.N.flatten
model.layers.N.dropout
model.layers.N.residual
model.layers.N.shortcut
model.layers.N.act.slope
model.layers.N.act.alpha
model.layers.N.norm.eps
model.layers.N.norm.momentum
model.layers.N.init.value
model.layers.N.init.lo
model.layers.N.init.hi
model.layers.N.init.mean
model.layers.N.init.std
model.layers.N.init.distribution
model.layers.N.init.gain
model.layers.N.init.mode
model.layers.N.init.a
model.layers.N.init.k
model.layers.N.init.base
model.loss.smoothing
model.loss.delta
optimizer.lr
optimizer.momentum
optimizer.dampening
optimizer.nesterov
optimizer.weight_decay
optimizer.cautious
optimizer.lr_decay
optimizer.initial_accumulator_value
optimizer.eps
optimizer.rho
optimizer.centered
optimizer.beta1
optimizer.beta2
optimizer.amsgrad
optimizer.weight_decay_coupling
optimizer.eta_minus
optimizer.eta_plus
optimizer.step_min
optimizer.step_max
optimizer.momentum_decay
optimizer.decoupled_weight_decay
optimizer.beta3
optimizer.alpha
optimizer.alpha_warmup
optimizer.slow_warmup
optimizer.r
optimizer.eta
optimizer.d0
optimizer.d_coef
optimizer.fstar
optimizer.c
optimizer.gamma
optimizer.base
optimizer.exact
optimizer.estimator
optimizer.period
optimizer.polynomials
optimizer.steps
optimizer.scale
optimizer.block
optimizer.graft
optimizer.graft_beta2
optimizer.graft_eps
optimizer.shampoo_beta
optimizer.max_side
optimizer.power
optimizer.eps1
optimizer.eps2
schedule.tau
schedule.end
schedule.every
schedule.gamma
schedule.cycle
schedule.growth
schedule.share
schedule.start
schedule.power
schedule.parts
schedule.parts.N.name
schedule.parts.N.span
schedule.parts.N.factor
schedule.watch
schedule.factor
schedule.patience
schedule.min_delta
schedule.relative
schedule.cooldown
schedule.mode
train.average.start
train.average.every
train.average.norms
train.average.decay
train.average.correct
train.average.share
train.stop.watch
train.stop.patience
train.stop.min_delta
train.stop.mode
train.stop.target
train.stop.value
train.stop.after
optimizer.beta
optimizer.m
optimizer.damping
optimizer.subspace
optimizer.radius
optimizer.inner
optimizer.factor
optimizer.step
optimizer.size
optimizer.xtol
optimizer.sigma
optimizer.lambda
optimizer.search.a
optimizer.search.c1
optimizer.search.trials
optimizer.search.c2
optimizer.search.delta
optimizer.search.sigma
optimizer.search.gamma"
}
# Values of a key.
_descent_key_values() {
    case $1 in
    data.format) echo "digits rings idx cifar10 images csv jsonl libsvm npy shards " ;;
    data.holdout_trains) echo "true false " ;;
    data.standardize) echo "true false " ;;
    data.whiten) echo "none pca zca " ;;
    model.loss) echo "cross-entropy svm squared-svm binary-cross-entropy squared-error half-squared-error huber " ;;
    optimizer.name) echo "sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor descent cg bfgs lbfgs newton saddle_free saddle_free_krylov newton_cg hessian_free levenberg_marquardt coordinate random_search local_search nelder_mead cmaes " ;;
    optimizer.dialect) echo "torch book " ;;
    optimizer.search) echo "fixed armijo wolfe hager_zhang " ;;
    schedule.name) echo "constant linear step exponential cosine restarts one_cycle polynomial inverse trapezoid sequence product plateau " ;;
    train.batch) echo "all " ;;
    train.dtype) echo "f32 f64 " ;;
    train.order) echo "shuffle window sequential replacement " ;;
    train.average) echo "polyak ema tail swa " ;;
    train.on_nonfinite) echo "stop skip rewind " ;;
    model.penalty.all) echo "true false " ;;
    optimizer.sam.adaptive) echo "true false " ;;
    optimizer.rest.name) echo "sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor " ;;
    optimizer.groups.N.role) echo "weight bias norm matrix vector " ;;
    optimizer.groups.N.frozen) echo "true false " ;;
    optimizer.groups.N.name) echo "sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor " ;;
    optimizer.groups.N.rest.name) echo "sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor " ;;
    train.keep.best) echo "epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds " ;;
    train.retrain.strategy) echo "none anew continue " ;;
    model.layers.N.act) echo "relu leaky-relu elu gelu gelu-tanh silu tanh sigmoid softplus " ;;
    model.layers.N.norm) echo "batch layer " ;;
    model.layers.N.init) echo "zeros constant uniform normal fan-in glorot he orthogonal sparse data-driven " ;;
    model.layers.N.bias) echo "true false marginals " ;;
    data.stream) echo "true false " ;;
    data.channels) echo "auto gray color " ;;
    data.header) echo "auto true false " ;;
    data.target) echo "auto class real " ;;
    data.augment.N.flip) echo "horizontal vertical both " ;;
    data.augment.N.fill) echo "zero edge reflect " ;;
    model.layers.N.dense) echo "classes " ;;
    model.layers.N.pad) echo "same " ;;
    model.layers.N.pool) echo "max average global-average " ;;
    model.layers.N.flatten) echo "true " ;;
    model.layers.N.shortcut) echo "identity conv pad " ;;
    model.layers.N.init.distribution) echo "uniform normal " ;;
    model.layers.N.init.mode) echo "fan-in fan-out " ;;
    optimizer.nesterov) echo "true false " ;;
    optimizer.cautious) echo "true false " ;;
    optimizer.centered) echo "true false " ;;
    optimizer.amsgrad) echo "true false " ;;
    optimizer.weight_decay_coupling) echo "lr schedule fixed corrected " ;;
    optimizer.decoupled_weight_decay) echo "true false " ;;
    optimizer.base) echo "adamw lion " ;;
    optimizer.exact) echo "true false " ;;
    optimizer.estimator) echo "hutchinson gnb " ;;
    optimizer.polynomials) echo "quintic express " ;;
    optimizer.scale) echo "original match_rms_adamw " ;;
    optimizer.graft) echo "adam sgd none " ;;
    schedule.parts.N.name) echo "constant linear step exponential cosine restarts one_cycle polynomial inverse trapezoid sequence product plateau " ;;
    schedule.watch) echo "epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds " ;;
    schedule.relative) echo "true false " ;;
    schedule.mode) echo "auto min max " ;;
    train.average.norms) echo "average recalibrate keep " ;;
    train.average.correct) echo "true false " ;;
    train.stop.watch) echo "epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds " ;;
    train.stop.mode) echo "auto min max " ;;
    train.stop.target) echo "epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds " ;;
    optimizer.beta) echo "fr pr pr+ hs dy hz " ;;
    esac
}
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
