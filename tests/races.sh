#!/bin/sh
# Does the thread sanitizer see a race? Copies of the pool and of the loader, each with one lock or one ordering taken out,
# are linked with their tests: each run must be red by a reported race. An unchanged copy must be green, so that it is
# the change that is seen (the loader unchanged is test_data_order itself). Runs in the build for the thread sanitizer alone.
set -eu
case ${DS_SANITIZE:-} in
*thread*) ;;
*)
    echo "skipped: not a build for the thread sanitizer"
    exit 77
    ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
libraries=
for name in $DS_LIBRARIES; do
    case $name in
    *::*) ;;
    /*) libraries="$libraries $name" ;;
    *) libraries="$libraries -l$name" ;;
    esac
done
failed=0

# try GREEN|RED WHAT SOURCE TEST SED-SCRIPT: the copy of src/SOURCE, edited, linked with tests/TEST.c
try() {
    wanted=$1 what=$2 source=$3 name=$4 script=$5
    copy=$scratch/copy.c
    sed "$script" "$DS_SOURCE/src/$source" >"$copy"
    if [ "$wanted" = red ] && cmp -s "$copy" "$DS_SOURCE/src/$source"; then
        echo "$what: the edit no longer fits src/$source; mend tests/races.sh"
        failed=1
        return
    fi
    # shellcheck disable=SC2086
    "$DS_CC" -std=gnu11 -O1 -g -w -fsanitize=thread -I"$DS_SOURCE/src" -I"$DS_SOURCE/include" "$copy" \
        "$DS_BUILD/CMakeFiles/$name.dir/tests/$name.c.o" "$DS_BUILD/libdescent.a" -lcmocka -lpthread $libraries -lm \
        -o "$scratch/run"
    # Whether two threads meet in the open place is chance: a red one may need several runs.
    for run in 1 2 3 4 5 6; do
        status=0
        (cd "$DS_SOURCE" && TSAN_OPTIONS=halt_on_error=1 timeout 100 "$scratch/run") >"$scratch/said" 2>&1 || status=$?
        if grep -q 'ThreadSanitizer: data race' "$scratch/said"; then seen=red; else seen=green; fi
        [ "$seen" = "$wanted" ] && break
    done
    [ "$status" -eq 0 ] || [ "$seen" = red ] || seen="exit $status without a race"
    if [ "$seen" = "$wanted" ]; then
        echo "$what: $seen"
    else
        echo "$what: $seen, wanted $wanted"
        tail -n 20 "$scratch/said"
        failed=1
    fi
}

try green "the pool as it is" base/pool.c test_pool ''
try red "tasks claimed without acquiring" base/pool.c test_pool \
    's/memory_order_acquire/memory_order_relaxed/; s/atomic_load(&p->next)/atomic_load_explicit(\&p->next, memory_order_relaxed)/'
try red "tasks finished without releasing" base/pool.c test_pool \
    's/&p->done, 1, memory_order_release/\&p->done, 1, memory_order_relaxed/'
try red "seeking without the lock" data/loader.c test_data_order \
    '/^void ds_loader_seek/,/^}/{/pthread_mutex_/d; s/if (!l->threaded) return;/if (l->threaded)/}'
try red "batches delivered before they are filled" data/loader.c test_data_order \
    's/int64_t epoch = l->epoch, index = l->index;/&l->ready++; pthread_cond_signal(\&l->filled);/; /^        l->ready++;$/d'
exit $failed
