# Completion of descent for fish. Made by `make docs` from the tables of the program; do not edit.
# Keys of a config, each with its values once it is typed; N stands for a position.
function __descent_keys
    printf '%s\n' data.format data.path data.train data.test data.val data.holdout data.holdout_seed data.holdout_trains data.scale data.standardize data.whiten data.components data.whiten_eps data.class_weights data.augment model.loss model.penalty model.layers optimizer.name optimizer.dialect optimizer.clip optimizer.lookahead optimizer.sam optimizer.rest optimizer.groups optimizer.search optimizer.gtol schedule.name schedule.warmup schedule.floor train.epochs train.steps train.seconds train.batch train.accumulate train.seed train.dtype train.order train.stop train.keep train.retrain train.average train.checkpoint train.on_nonfinite model.penalty.l1 model.penalty.l2 model.penalty.all optimizer.clip.norm optimizer.clip.value optimizer.clip.adaptive optimizer.clip.eps optimizer.lookahead.k optimizer.lookahead.alpha optimizer.sam.rho optimizer.sam.adaptive optimizer.rest.name optimizer.groups.N.match optimizer.groups.N.role optimizer.groups.N.frozen optimizer.groups.N.name optimizer.groups.N.rest optimizer.groups.N.rest.name train.keep.best train.keep.last train.retrain.strategy train.retrain.epochs train.checkpoint.every train.checkpoint.keep model.layers.N.name model.layers.N.act model.layers.N.norm model.layers.N.init model.layers.N.bias model.layers.N.repeat data.difficulty data.seed data.stream data.size data.channels data.label data.header data.skip data.target data.missing data.features data.window data.augment.N.flip data.augment.N.crop data.augment.N.pad data.augment.N.fill data.augment.N.noise data.augment.N.cutout data.augment.N.mixup model.layers.N.dense model.layers.N.conv model.layers.N.kernel model.layers.N.stride model.layers.N.pad model.layers.N.dilation model.layers.N.groups model.layers.N.pool model.layers.N.size model.layers.N.flatten model.layers.N.dropout model.layers.N.residual model.layers.N.shortcut model.layers.N.act.slope model.layers.N.act.alpha model.layers.N.norm.eps model.layers.N.norm.momentum model.layers.N.init.value model.layers.N.init.lo model.layers.N.init.hi model.layers.N.init.mean model.layers.N.init.std model.layers.N.init.distribution model.layers.N.init.gain model.layers.N.init.mode model.layers.N.init.a model.layers.N.init.k model.layers.N.init.base model.loss.smoothing model.loss.delta optimizer.lr optimizer.momentum optimizer.dampening optimizer.nesterov optimizer.weight_decay optimizer.cautious optimizer.lr_decay optimizer.initial_accumulator_value optimizer.eps optimizer.rho optimizer.centered optimizer.beta1 optimizer.beta2 optimizer.amsgrad optimizer.weight_decay_coupling optimizer.eta_minus optimizer.eta_plus optimizer.step_min optimizer.step_max optimizer.momentum_decay optimizer.decoupled_weight_decay optimizer.beta3 optimizer.alpha optimizer.alpha_warmup optimizer.slow_warmup optimizer.r optimizer.eta optimizer.d0 optimizer.d_coef optimizer.fstar optimizer.c optimizer.gamma optimizer.base optimizer.exact optimizer.estimator optimizer.period optimizer.polynomials optimizer.steps optimizer.scale optimizer.block optimizer.graft optimizer.graft_beta2 optimizer.graft_eps optimizer.shampoo_beta optimizer.max_side optimizer.power optimizer.eps1 optimizer.eps2 schedule.tau schedule.end schedule.every schedule.gamma schedule.cycle schedule.growth schedule.share schedule.start schedule.power schedule.parts schedule.parts.N.name schedule.parts.N.span schedule.parts.N.factor schedule.watch schedule.factor schedule.patience schedule.min_delta schedule.relative schedule.cooldown schedule.mode train.average.start train.average.every train.average.norms train.average.decay train.average.correct train.average.share train.stop.watch train.stop.patience train.stop.min_delta train.stop.mode train.stop.target train.stop.value train.stop.after optimizer.beta optimizer.m optimizer.damping optimizer.subspace optimizer.radius optimizer.inner optimizer.factor optimizer.step optimizer.size optimizer.xtol optimizer.sigma optimizer.lambda optimizer.search.a optimizer.search.c1 optimizer.search.trials optimizer.search.c2 optimizer.search.delta optimizer.search.sigma optimizer.search.gamma
end
function __descent_key_values
    switch $argv[1]
        case data.format
            printf '%s\n' digits rings idx cifar10 images csv jsonl libsvm npy shards 
        case data.holdout_trains
            printf '%s\n' true false 
        case data.standardize
            printf '%s\n' true false 
        case data.whiten
            printf '%s\n' none pca zca 
        case model.loss
            printf '%s\n' cross-entropy svm squared-svm binary-cross-entropy squared-error half-squared-error huber 
        case optimizer.name
            printf '%s\n' sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor descent cg bfgs lbfgs newton saddle_free saddle_free_krylov newton_cg hessian_free levenberg_marquardt coordinate random_search local_search nelder_mead cmaes 
        case optimizer.dialect
            printf '%s\n' torch book 
        case optimizer.search
            printf '%s\n' fixed armijo wolfe hager_zhang 
        case schedule.name
            printf '%s\n' constant linear step exponential cosine restarts one_cycle polynomial inverse trapezoid sequence product plateau 
        case train.batch
            printf '%s\n' all 
        case train.dtype
            printf '%s\n' f32 f64 
        case train.order
            printf '%s\n' shuffle window sequential replacement 
        case train.average
            printf '%s\n' polyak ema tail swa 
        case train.on_nonfinite
            printf '%s\n' stop skip rewind 
        case model.penalty.all
            printf '%s\n' true false 
        case optimizer.sam.adaptive
            printf '%s\n' true false 
        case optimizer.rest.name
            printf '%s\n' sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor 
        case optimizer.groups.N.role
            printf '%s\n' weight bias norm matrix vector 
        case optimizer.groups.N.frozen
            printf '%s\n' true false 
        case optimizer.groups.N.name
            printf '%s\n' sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor 
        case optimizer.groups.N.rest.name
            printf '%s\n' sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor 
        case train.keep.best
            printf '%s\n' epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds 
        case train.retrain.strategy
            printf '%s\n' none anew continue 
        case model.layers.N.act
            printf '%s\n' relu leaky-relu elu gelu gelu-tanh silu tanh sigmoid softplus 
        case model.layers.N.norm
            printf '%s\n' batch layer 
        case model.layers.N.init
            printf '%s\n' zeros constant uniform normal fan-in glorot he orthogonal sparse data-driven 
        case model.layers.N.bias
            printf '%s\n' true false marginals 
        case data.stream
            printf '%s\n' true false 
        case data.channels
            printf '%s\n' auto gray color 
        case data.header
            printf '%s\n' auto true false 
        case data.target
            printf '%s\n' auto class real 
        case data.augment.N.flip
            printf '%s\n' horizontal vertical both 
        case data.augment.N.fill
            printf '%s\n' zero edge reflect 
        case model.layers.N.dense
            printf '%s\n' classes 
        case model.layers.N.pad
            printf '%s\n' same 
        case model.layers.N.pool
            printf '%s\n' max average global-average 
        case model.layers.N.flatten
            printf '%s\n' true 
        case model.layers.N.shortcut
            printf '%s\n' identity conv pad 
        case model.layers.N.init.distribution
            printf '%s\n' uniform normal 
        case model.layers.N.init.mode
            printf '%s\n' fan-in fan-out 
        case optimizer.nesterov
            printf '%s\n' true false 
        case optimizer.cautious
            printf '%s\n' true false 
        case optimizer.centered
            printf '%s\n' true false 
        case optimizer.amsgrad
            printf '%s\n' true false 
        case optimizer.weight_decay_coupling
            printf '%s\n' lr schedule fixed corrected 
        case optimizer.decoupled_weight_decay
            printf '%s\n' true false 
        case optimizer.base
            printf '%s\n' adamw lion 
        case optimizer.exact
            printf '%s\n' true false 
        case optimizer.estimator
            printf '%s\n' hutchinson gnb 
        case optimizer.polynomials
            printf '%s\n' quintic express 
        case optimizer.scale
            printf '%s\n' original match_rms_adamw 
        case optimizer.graft
            printf '%s\n' adam sgd none 
        case schedule.parts.N.name
            printf '%s\n' constant linear step exponential cosine restarts one_cycle polynomial inverse trapezoid sequence product plateau 
        case schedule.watch
            printf '%s\n' epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds 
        case schedule.relative
            printf '%s\n' true false 
        case schedule.mode
            printf '%s\n' auto min max 
        case train.average.norms
            printf '%s\n' average recalibrate keep 
        case train.average.correct
            printf '%s\n' true false 
        case train.stop.watch
            printf '%s\n' epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds 
        case train.stop.mode
            printf '%s\n' auto min max 
        case train.stop.target
            printf '%s\n' epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds 
        case optimizer.beta
            printf '%s\n' fr pr pr+ hs dy hz 
    end
end
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
complete -c descent -f
complete -c descent -n __fish_use_subcommand -l help -d 'show help and exit'
complete -c descent -n __fish_use_subcommand -l version -d 'show the version and exit'
complete -c descent -n __fish_use_subcommand -a help -d 'show help of a command'
complete -c descent -n '__descent_command help' -a 'init train eval data check lr race grad trace play selftest tour runs explain completion env help'
complete -c descent -n __fish_use_subcommand -a init -d 'write a commented config to begin with: mlp, cnn, svm, table, stream'
complete -c descent -n '__descent_command init' -l out -r -F -d 'file to write instead of standard output; never replaced'
complete -c descent -n '__descent_command init' -l help -d 'show help and exit'
complete -c descent -n '__descent_command init' -a 'cnn mlp stream svm table '
complete -c descent -n __fish_use_subcommand -a train -d 'train a config into a run directory'
complete -c descent -n '__descent_command train' -l out -r -F -d 'run directory (default runs/<name>-NNNN)'
complete -c descent -n '__descent_command train' -l resume -r -F -d 'go on with a run where its newest checkpoint stands, to the same bits'
complete -c descent -n '__descent_command train' -l from -r -F -d 'begin with the weights of this file, and nothing else of it'
complete -c descent -n '__descent_command train' -l json -d 'one JSON object per epoch and a last one, on standard output'
complete -c descent -n '__descent_command train' -l help -d 'show help and exit'
complete -c descent -n '__descent_command train' -a ''
complete -c descent -n '__descent_command train' -a '(__descent_settings)'
complete -c descent -n '__descent_command train' -F
complete -c descent -n __fish_use_subcommand -a eval -d 'loss and accuracy of a run on its test rows'
complete -c descent -n '__descent_command eval' -l weights -x -a 'best last average ' -d 'which weights; best falls back to last where none were kept'
complete -c descent -n '__descent_command eval' -l metric -r -F -d 'one metric more: top-k(k=3), mse, confusion (descent explain metric)'
complete -c descent -n '__descent_command eval' -l json -d 'one JSON object on standard output'
complete -c descent -n '__descent_command eval' -l help -d 'show help and exit'
complete -c descent -n '__descent_command eval' -a ''
complete -c descent -n '__descent_command eval' -a '(path basename runs/* 2>/dev/null)'
complete -c descent -n '__descent_command eval' -F
complete -c descent -n __fish_use_subcommand -a data -d 'show rows, sum up, convert or shuffle a set of any format and size'
complete -c descent -n '__descent_command data' -l rows -r -F -d 'show: how many rows'
complete -c descent -n '__descent_command data' -l from -r -F -d 'show: the first of them'
complete -c descent -n '__descent_command data' -l split -x -a 'train val test ' -d 'show: rows of which split'
complete -c descent -n '__descent_command data' -l to -x -a 'npy csv idx shards ' -d 'convert: format of the new files'
complete -c descent -n '__descent_command data' -l out -r -F -d 'convert, shuffle: folder for the new files'
complete -c descent -n '__descent_command data' -l memory -r -F -d 'shuffle, convert to shards: memory for rows; no bit of the result depends on it'
complete -c descent -n '__descent_command data' -l seed -r -F -d 'shuffle: of the order'
complete -c descent -n '__descent_command data' -l json -d 'JSON on standard output'
complete -c descent -n '__descent_command data' -l help -d 'show help and exit'
complete -c descent -n '__descent_command data' -a 'show stats convert shuffle '
complete -c descent -n '__descent_command data' -a '(__descent_settings)'
complete -c descent -n '__descent_command data' -F
complete -c descent -n __fish_use_subcommand -a check -d 'validate a config: shapes, parameters, memory, first loss, gradient check, time'
complete -c descent -n '__descent_command check' -l json -d 'one JSON object on standard output'
complete -c descent -n '__descent_command check' -l help -d 'show help and exit'
complete -c descent -n '__descent_command check' -a ''
complete -c descent -n '__descent_command check' -a '(__descent_settings)'
complete -c descent -n '__descent_command check' -F
complete -c descent -n __fish_use_subcommand -a lr -d 'choose the rate to start from by a short test'
complete -c descent -n '__descent_command lr' -l from -r -F -d 'first rate of the sweep'
complete -c descent -n '__descent_command lr' -l to -r -F -d 'last rate of the sweep'
complete -c descent -n '__descent_command lr' -l steps -r -F -d 'steps of the sweep, and of each trial at one rate'
complete -c descent -n '__descent_command lr' -l json -d 'one JSON object on standard output'
complete -c descent -n '__descent_command lr' -l help -d 'show help and exit'
complete -c descent -n '__descent_command lr' -a ''
complete -c descent -n '__descent_command lr' -a '(__descent_settings)'
complete -c descent -n '__descent_command lr' -F
complete -c descent -n __fish_use_subcommand -a race -d 'optimizers against each other, over equal budgets'
complete -c descent -n '__descent_command race' -l optimizers -r -F -d 'rules and solvers apart by commas; options in brackets: momentum(momentum=0.95)'
complete -c descent -n '__descent_command race' -l budget -r -F -d 'of each run: "500 steps", "2000 gradients" (evaluations on a step\'s batches) or "60 seconds" of training'
complete -c descent -n '__descent_command race' -l seeds -r -F -d 'runs of each optimizer that count'
complete -c descent -n '__descent_command race' -l trials -r -F -d 'rates that are tried for each rule; 1: that of the config'
complete -c descent -n '__descent_command race' -l rates -r -F -d 'lowest and highest of them'
complete -c descent -n '__descent_command race' -l target -r -F -d 'count the steps to it: "val.accuracy>=0.97"; one, or one for each config, apart by commas'
complete -c descent -n '__descent_command race' -l metric -r -F -d 'what is compared: val.loss, val.accuracy, val.error, train.loss (default: the target\'s, else val.loss)'
complete -c descent -n '__descent_command race' -l points -r -F -d 'of each curve'
complete -c descent -n '__descent_command race' -l picture -x -a 'png svg none ' -d 'curves, by gnuplot'
complete -c descent -n '__descent_command race' -l out -r -F -d 'folder (default races/<name>-HHHHHHHH)'
complete -c descent -n '__descent_command race' -l resume -r -F -d 'go on with the race in this folder'
complete -c descent -n '__descent_command race' -l json -d 'one JSON object a run and a last one with all, on standard output'
complete -c descent -n '__descent_command race' -l help -d 'show help and exit'
complete -c descent -n '__descent_command race' -a ''
complete -c descent -n '__descent_command race' -a '(__descent_settings)'
complete -c descent -n '__descent_command race' -F
complete -c descent -n __fish_use_subcommand -a grad -d 'gradient and curvature products on given rows, written as tensors'
complete -c descent -n '__descent_command grad' -l weights -r -F -d 'safetensors file; default the initial weights'
complete -c descent -n '__descent_command grad' -l rows -r -F -d 'A:B, rows A to B-1 of the training set; default all'
complete -c descent -n '__descent_command grad' -l out -r -F -d 'file to write'
complete -c descent -n '__descent_command grad' -l along -r -F -d 'safetensors file of a direction: adds hv.NAME and gnv.NAME'
complete -c descent -n '__descent_command grad' -l dtype -x -a 'f32 f64 ' -d 'element type; default the config\'s'
complete -c descent -n '__descent_command grad' -l penalty -d 'with the penalties of the config'
complete -c descent -n '__descent_command grad' -l json -d 'loss, rows and norm as JSON on standard output'
complete -c descent -n '__descent_command grad' -l help -d 'show help and exit'
complete -c descent -n '__descent_command grad' -a ''
complete -c descent -n '__descent_command grad' -a '(__descent_settings)'
complete -c descent -n '__descent_command grad' -F
complete -c descent -n __fish_use_subcommand -a trace -d 'replay an optimizer rule on given gradients'
complete -c descent -n '__descent_command trace' -l rule -x -a 'sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor ' -d 'rule to replay'
complete -c descent -n '__descent_command trace' -l dialect -x -a 'torch book ' -d 'whose formulas'
complete -c descent -n '__descent_command trace' -l grads -r -F -d '.npy file of the gradients [steps, ...]'
complete -c descent -n '__descent_command trace' -l theta0 -r -F -d '.npy file of the parameters [...] to start from'
complete -c descent -n '__descent_command trace' -l out -r -F -d '.npz file to write'
complete -c descent -n '__descent_command trace' -l help -d 'show help and exit'
complete -c descent -n '__descent_command trace' -a ''
complete -c descent -n __fish_use_subcommand -a play -d 'solvers and rules on an analytic function'
complete -c descent -n '__descent_command play' -l optimizer -r -F -d 'a solver (explain solver) or a rule (explain rule), or several: momentum(lr=1e-3),lbfgs'
complete -c descent -n '__descent_command play' -l search -r -F -d 'line search of the solver: wolfe, armijo, fixed(a=1e-3)'
complete -c descent -n '__descent_command play' -l start -r -F -d 'numbers apart by commas; default: the function\'s own start'
complete -c descent -n '__descent_command play' -l budget -r -F -d 'evaluations at most, a hard limit'
complete -c descent -n '__descent_command play' -l seed -r -F -d 'of solvers that draw'
complete -c descent -n '__descent_command play' -l picture -r -F -d 'FILE.png or FILE.svg: the paths over contours of a function of two numbers, by gnuplot'
complete -c descent -n '__descent_command play' -l json -d 'one JSON object a line; the last one sums up'
complete -c descent -n '__descent_command play' -l help -d 'show help and exit'
complete -c descent -n '__descent_command play' -a 'rosenbrock beale wood powell himmelblau rastrigin quadratic freudenstein_roth powell_badly_scaled brown_badly_scaled jennrich_sampson bard box brown_dennis broyden_tridiagonal chebyquad linear_rank1_zeros linear_rank1 linear_full_rank broyden_banded discrete_integral discrete_boundary brown_almost_linear trigonometric variably_dimensioned penalty2 penalty1 extended_powell extended_rosenbrock watson osborne2 biggs osborne1 kowalik_osborne gulf meyer gaussian '
complete -c descent -n __fish_use_subcommand -a selftest -d 'laws that every rule and solver keeps, checked here'
complete -c descent -n '__descent_command selftest' -l optimizer -r -F -d 'a rule, a solver, or all'
complete -c descent -n '__descent_command selftest' -l json -d 'one JSON object a line on standard output'
complete -c descent -n '__descent_command selftest' -l help -d 'show help and exit'
complete -c descent -n '__descent_command selftest' -a 'all '
complete -c descent -n __fish_use_subcommand -a tour -d 'run the book\'s claims, one row each, and say whether they hold'
complete -c descent -n '__descent_command tour' -l quick -d 'within 20 seconds a row'
complete -c descent -n '__descent_command tour' -l full -d 'more seeds and larger sizes'
complete -c descent -n '__descent_command tour' -l seed -r -F -d 'base of every random draw'
complete -c descent -n '__descent_command tour' -l data -r -F -d 'folder with the real sets (mnist/, cifar10/); otherwise generated images'
complete -c descent -n '__descent_command tour' -l broken -d 'run each row\'s broken variant, which must fail'
complete -c descent -n '__descent_command tour' -l json -d 'one JSON object a line on standard output'
complete -c descent -n '__descent_command tour' -l help -d 'show help and exit'
complete -c descent -n '__descent_command tour' -a 'A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 C1 C2 C3 C4 C5 D1 D2 D3 E1 E2 E3 E4 F1 F2 F3 F4 G1 G2 G3 G4 G5 G6 G7 H1 H2 H3 H4 H5 H6 H7 all '
complete -c descent -n __fish_use_subcommand -a runs -d 'list, show, compare, tag and remove runs'
complete -c descent -n '__descent_command runs' -l dir -r -F -d 'the folder of runs'
complete -c descent -n '__descent_command runs' -l sort -r -F -d 'for list: a key, or -KEY from the largest down; default by name'
complete -c descent -n '__descent_command runs' -l columns -r -F -d 'for list: keys, apart by commas'
complete -c descent -n '__descent_command runs' -l remove -d 'for tag: take the tags away'
complete -c descent -n '__descent_command runs' -l json -d 'one JSON object a line on standard output'
complete -c descent -n '__descent_command runs' -l help -d 'show help and exit'
complete -c descent -n '__descent_command runs' -a 'list show diff tag rm reindex '
complete -c descent -n '__descent_command runs' -a '(path basename runs/* 2>/dev/null)'
complete -c descent -n '__descent_command runs' -F
complete -c descent -n __fish_use_subcommand -a explain -d 'say what an option, rule, layer, loss, source or key means'
complete -c descent -n '__descent_command explain' -l schema -d 'the JSON Schema of a config on standard output, for editors'
complete -c descent -n '__descent_command explain' -l write -r -F -d 'write man pages, completion, schema and reference below this directory'
complete -c descent -n '__descent_command explain' -l help -d 'show help and exit'
complete -c descent -n '__descent_command explain' -a 'data model optimizer schedule train source digits rings idx cifar10 images csv jsonl libsvm npy shards sampler shuffle window sequential replacement transform flip crop pad noise cutout mixup layer dense conv pool flatten dropout act norm residual activation relu leaky-relu elu gelu gelu-tanh silu tanh sigmoid softplus norm batch layer initializer zeros constant uniform normal fan-in glorot he orthogonal sparse data-driven loss cross-entropy svm squared-svm binary-cross-entropy squared-error half-squared-error huber metric accuracy error top-k mse confusion rule sgd momentum nesterov adagrad rmsprop rmsprop-nesterov adam adamw adadelta rprop adamax nadam radam adabelief yogi lion signsgd signum ademamix adopt schedule-free-sgd schedule-free-adamw lars lamb prodigy d-adaptation polyak mars sophia muon shampoo soap adafactor schedule constant linear step exponential cosine restarts one_cycle polynomial inverse trapezoid sequence product plateau average polyak ema tail swa stop early target after column epoch step train.loss train.error val.loss val.accuracy val.error average.val.loss average.val.accuracy average.val.error grad.norm clip.share update.ratio lr evaluations seconds solver descent cg bfgs lbfgs newton saddle_free saddle_free_krylov newton_cg hessian_free levenberg_marquardt coordinate random_search local_search nelder_mead cmaes search fixed armijo wolfe hager_zhang function rosenbrock beale wood powell himmelblau rastrigin quadratic freudenstein_roth powell_badly_scaled brown_badly_scaled jennrich_sampson bard box brown_dennis broyden_tridiagonal chebyquad linear_rank1_zeros linear_rank1 linear_full_rank broyden_banded discrete_integral discrete_boundary brown_almost_linear trigonometric variably_dimensioned penalty2 penalty1 extended_powell extended_rosenbrock watson osborne2 biggs osborne1 kowalik_osborne gulf meyer gaussian '
complete -c descent -n '__descent_command explain' -a '(__descent_keys)'
complete -c descent -n __fish_use_subcommand -a completion -d 'print the completion script of a shell: bash, zsh or fish'
complete -c descent -n '__descent_command completion' -l help -d 'show help and exit'
complete -c descent -n '__descent_command completion' -a 'bash zsh fish '
complete -c descent -n __fish_use_subcommand -a env -d 'show version, processor path, threads and libraries, for bug reports'
complete -c descent -n '__descent_command env' -l json -d 'one JSON object on standard output'
complete -c descent -n '__descent_command env' -l help -d 'show help and exit'
complete -c descent -n '__descent_command env' -a ''
