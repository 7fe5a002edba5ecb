# The five things people do. Without `just`, each line is a command of its own.

# compile everything, tests and benches too, and say what is wrong
check:
    cargo check --workspace --all-targets

# format, lints and the tests of the crates: a few minutes
fast:
    .ci/run --fast

# everything that a change must pass
all:
    .ci/run

# write the pages of docs/reference anew from the code
reference:
    PLIMSOLL_UPDATE_DOCS=1 cargo test --release --test it book::generated

# what a change costs at each event: digests first, then speed
speed:
    cargo test --release --test it determinism
    cargo bench --bench speed
