#!/usr/bin/env bash
# Lives the lives of so many dossiers through the API, on SQLite and on a PostgreSQL cluster of its own, and prints what each takes on
# disk, table by table: the figures of docs/SCALING.md. Needs the built program, python3, faketime and PostgreSQL's server programs.
#   benches/footprint.sh [DOSSIERS]      2000
# MOTCUA_BUILT names the program when it is not target/release/motcua.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dossiers="${1-2000}"
motcua="${MOTCUA_BUILT:-${CARGO_TARGET_DIR:-$PWD/target}/release/motcua}"
for setting in "${!MOTCUA_@}"; do unset "$setting"; done
live="$PWD/benches/footprint/live.py"
. benches/cluster.sh
trap "exit 143" TERM
start_cluster
export PGHOST="$work/data" PGUSER=motcua PGDATABASE=postgres
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
cd "$work"

serve() {
    : >"$work/out"
    "$motcua" serve >"$work/out" 2>"$work/err" &
    server=$!
    until grep -q '^API: ' "$work/out"; do kill -0 "$server"; read -rt 0.02 <> <(:) || true; done
    api="$(sed -n 's/^API: //p' "$work/out" | head -n 1)"
}
stop() { kill -INT "$server"; wait "$server" || true; server=""; }
whole_life() { # LABEL: everything but the reading of sizes
    export MOTCUA_LISTEN=127.0.0.1:0
    echo "password of admin" | "$motcua" user create admin --role admin --password-stdin >"$work/made"
    serve
    if [[ $1 == PostgreSQL ]]; then from="$(sql -c 'SELECT pg_current_wal_lsn()')"; fi
    python3 "$live" "$api" "$dossiers"
    # The audit log is sealed once a minute; SQLite's file is as large before it.
    if [[ $1 == PostgreSQL ]]; then until [[ $(sql -c 'SELECT count(*) FROM audit_queue') == 0 ]]; do sleep 1; done; fi
    stop
    if [[ $1 == PostgreSQL ]]; then log="$(sql -c "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '$from')::bigint")"; fi
    faketime -f '+60d' "$motcua" sweep >&2
    "$motcua" verify | tail -n 1 >&2
}
sizes() {
    sql -F ' | ' -c "SELECT '| ' || relname, (SELECT reltuples FROM pg_class c WHERE c.oid = t.oid)::bigint AS rows,
        pg_table_size(oid) / $dossiers, pg_indexes_size(oid) / $dossiers || ' |' FROM pg_class t
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= $dossiers / 100 ORDER BY pg_total_relation_size(oid) DESC"
    sql -c "SELECT '| all | | ' || (sum(pg_table_size(oid)) / $dossiers)::bigint || ' | ' || (sum(pg_indexes_size(oid)) / $dossiers)::bigint || ' |'
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= $dossiers / 100"
}

export MOTCUA_DATABASE_URL="postgres://motcua@${PGHOST//\//%2F}/postgres"
"$motcua" migrate >"$work/migrated"
whole_life PostgreSQL
sql -c 'VACUUM ANALYZE'
echo "PostgreSQL as it was left, bytes for each of $dossiers dossiers"
echo "| table | rows | rows' bytes | indexes' bytes |"
echo "|---|---:|---:|---:|"
sizes
sql -c 'VACUUM FULL' -c 'ANALYZE'
echo "PostgreSQL packed (VACUUM FULL)"
sizes
echo "log of writes (WAL), bytes for each dossier: $((log / dossiers))"

export MOTCUA_DATABASE_URL="sqlite://$work/office.db"
"$motcua" migrate >"$work/migrated"
whole_life SQLite
echo "SQLite, bytes for each dossier: $(($(stat -c %s "$work/office.db") / dossiers))"
