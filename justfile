# The commands that are typed often. None is needed: each line is what you would type yourself.

# Lists what there is.
default:
    @just --list

# Serves on 127.0.0.1:8080, compiled quickly; arguments go to the program.
dev *ARGUMENTS:
    cargo run -- {{ ARGUMENTS }}

# All tests; arguments go to the test binary, as in `just test queries::`.
test *ARGUMENTS:
    cargo test --locked -- {{ ARGUMENTS }}

# The same on PostgreSQL: the server of TEST_DATABASE_URL, or one of its own from Debian's binaries.
test-pg *ARGUMENTS:
    .ci/with-postgres cargo test --locked -- {{ ARGUMENTS }}

# Formatting, lints, documentation: what a change must pass besides its tests.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Puts every file into the form that `lint` wants.
fmt:
    cargo fmt --all

# Licences, bans and sources of what is built in (needs cargo-deny).
deny:
    cargo deny --locked check licenses bans sources

# Builds GraphiQL into web/dist; the next `cargo build` carries it.
web:
    cd web && npm ci --ignore-scripts && npm run build

# Both pages in a browser, against a running server.
web-test URL="http://127.0.0.1:8080":
    node web/test/pages.mjs {{ URL }}

# What a request costs beside the floors of this machine, under overload, and with ten times the data.
bench *ARGUMENTS:
    cargo bench --bench load -- {{ ARGUMENTS }}

# The same questions to PostGraphile, Mercurius and GraphQL Yoga over a database of PostgreSQL, which is overwritten.
bench-peers POSTGRES:
    cargo build --release --locked
    cargo bench --bench load -- --keep target/bench --make-only
    cd benches/peers && npm ci --ignore-scripts --no-fund --no-audit && node bench.mjs --data ../../target/bench/bench-1.db --postgres {{ POSTGRES }}

# Writes schema.graphql anew; look at the difference before it is committed.
schema:
    cargo run --locked --quiet -- schema > schema.graphql.new
    mv schema.graphql.new schema.graphql
    git diff --stat -- schema.graphql

# Accepts what the query tests answer now; look at the difference before it is committed.
snapshots:
    INSTA_UPDATE=always cargo test --locked --test it
    git diff --stat -- tests

# Looks for faults in the catalogue's files.
catalogue:
    cargo run --locked --quiet -- load catalogue --check

# The image, as it is shipped.
image TAG="silkroutes":
    docker build -t {{ TAG }} .

# All that must hold before a change lands.
ci:
    .ci/run
