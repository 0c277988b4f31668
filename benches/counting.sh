#!/usr/bin/env bash
# Measures counting on SQLite and on a PostgreSQL cluster of its own, and prints the table of docs/BENCHMARKS.md.
# Needs PostgreSQL's server programs, and some 40 GB of disk for ten million dossiers.
#   benches/counting.sh [SQLITE SIZES [POSTGRESQL SIZES]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# An empty text leaves a database out.
sqlite_sizes="${1-100000 1000000 5000000}"
postgres_sizes="${2-100000 1000000 5000000 10000000}"

bin="$(find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' | sort -V | tail -n 1)"
work="$(mktemp -d)"
chmod 755 "$work"
as_postgres() { if [[ $EUID -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }
clean_up() {
    if [[ -f "$work/data/postmaster.pid" ]]; then as_postgres "$bin/pg_ctl" stop -D "$work/data" -m immediate -s || true; fi
    rm -rf "$work"
}
trap clean_up EXIT

cargo bench --bench counting --no-run

if [[ -n $sqlite_sizes ]]; then
    # shellcheck disable=SC2086 # the sizes are words
    cargo bench -q --bench counting -- "sqlite://$work/bench.db" $sqlite_sizes
    rm -f "$work"/bench.db*
fi
if [[ -n $postgres_sizes ]]; then
    mkdir "$work/data"
    if [[ $EUID -eq 0 ]]; then chown postgres "$work/data"; fi
    (cd "$work" && as_postgres "$bin/initdb" -D "$work/data" -U motcua -A trust -E UTF8 --locale=C.UTF-8 >/dev/null)
    as_postgres "$bin/pg_ctl" start -w -s -D "$work/data" -l "$work/data/log" \
        -o "-c listen_addresses='' -k $work/data -c shared_buffers=4GB -c max_wal_size=16GB -c effective_cache_size=12GB"
    socket="$(printf '%s' "$work/data" | sed 's|/|%2F|g')"
    # shellcheck disable=SC2086
    cargo bench -q --bench counting -- "postgres://motcua@$socket/postgres" $postgres_sizes
fi
