# tiny.bash - for bats files (`load support/tiny`): a working folder of its own with tiny.yaml, three steps of softmax
# regression on generated digits. $program is the program under test, DESCENT (default build/descent).

setup() {
    program="$(realpath "${DESCENT:-build/descent}")"
    work="$(mktemp -d)"
    cd "$work"
    cat >tiny.yaml <<'END'
data: {format: digits, holdout: 50, scale: [0, 1]}
model:
  loss: cross-entropy
  layers:
    - {flatten: true}
    - {dense: classes}
optimizer: {name: sgd, lr: 0.1}
train: {steps: 3, batch: 20, seed: 1}
END
}

teardown() { rm -rf "$work"; }
