#!/usr/bin/env bash
# Measures counting on SQLite and on a PostgreSQL cluster of its own, and prints the table of docs/BENCHMARKS.md.
# Needs PostgreSQL's server programs, and some 40 GB of disk for ten million dossiers.
#   benches/counting.sh [SQLITE SIZES [POSTGRESQL SIZES]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# An empty text leaves a database out.
sqlite_sizes="${1-100000 1000000 5000000}"
postgres_sizes="${2-100000 1000000 5000000 10000000}"

. benches/cluster.sh

cargo bench --bench counting --no-run

if [[ -n $sqlite_sizes ]]; then
    # shellcheck disable=SC2086 # the sizes are words
    cargo bench -q --bench counting -- "sqlite://$work/bench.db" $sqlite_sizes
    rm -f "$work"/bench.db*
fi
if [[ -n $postgres_sizes ]]; then
    start_cluster -c shared_buffers=4GB -c max_wal_size=16GB -c effective_cache_size=12GB
    # shellcheck disable=SC2086
    cargo bench -q --bench counting -- "$cluster/postgres" $postgres_sizes
fi
