#!/usr/bin/env bash
# Measures dossiers in one table against one piece for each year (migrations/options), on a PostgreSQL cluster of its own, and prints the
# table of docs/SCALING.md. Needs the built program, and PostgreSQL's server programs with pgbench; at ten million some 25 GB of
# disk and a quarter of an hour.
#   benches/partitions.sh [DOSSIERS [SECONDS]]      10000000 3
# MOTCUA_BUILT names the program when it is not target/release/motcua.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dossiers="${1-10000000}"
seconds="${2-3}"
years=10
motcua="${MOTCUA_BUILT:-${CARGO_TARGET_DIR:-$PWD/target}/release/motcua}"
options="$PWD/migrations/options"
. benches/cluster.sh
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

declare -A told
rows=()
tell() {
    told["$layout/$1"]="$2"
    echo "$layout: $1: $2" >&2
    if [[ " ${rows[*]@Q} " != *" ${1@Q} "* ]]; then rows+=("$1"); fi
}

start_cluster -c shared_buffers=4GB -c max_wal_size=4GB -c maintenance_work_mem=512MB -c effective_cache_size=12GB \
    -c wal_level=minimal -c max_wal_senders=0
export PGHOST="$work/data" PGUSER=motcua PGDATABASE=postgres
MOTCUA_DATABASE_URL="$cluster/postgres" "$motcua" migrate >/dev/null

# The n-th dossier: 200 agencies, ten years, 97 of 100 ended. What is in an index is as wide as real ones are; papers and sealed numbers are
# left out, so that a row has about 390 bytes where a real one has 580.
insert() { # FIRST LAST
    cat <<SQL
INSERT INTO dossiers (code, procedure_code, procedure_version, field, level, agency, received_by, unit, channel, status, void, filed_at,
    received_at, original_due_at, due_at, late_from, span_from, ended_at, ended_class, outcome, returned_at, last_move_at,
    supplement_requests, supplement_late, accepted_late, lateness_noted, applicant_kind, applicant_name, papers, search_text, created_at,
    version, settled_at, identity_hash, phone_hash)
SELECT bench.code(n), '9.' || lpad((n % 40)::text, 6, '0'), 1, 'F' || n % 20, 'province', bench.agency(n), bench.agency(n), 'working_day',
    CASE WHEN n % 2 = 0 THEN 'direct' ELSE 'online' END, CASE WHEN open THEN 2 ELSE 10 END, FALSE, d, d, d + 15 * day, d + 15 * day,
    CASE WHEN open THEN d + 16 * day END, d, CASE WHEN NOT open THEN d + 9 * day END, CASE WHEN NOT open THEN 'early' END,
    CASE WHEN NOT open THEN 'granted' END, CASE WHEN NOT open THEN d + 10 * day END, d + 10 * day, 0, FALSE, FALSE, n % 330 <> 0, 'citizen',
    'Nguyễn Văn ' || n % 1000, '{}', 'nguyen van', d, 5, d + 10 * day, bench.hash(n), bench.hash(-n)
FROM generate_series($1::bigint, $2::bigint) n, bench.day(n) d, LATERAL (SELECT n % 33 = 0 AS open, INTERVAL '1 day' AS day) known
SQL
}
sql <<SQL
INSERT INTO agencies (code, name, level, created_at, version)
    SELECT 'H90.' || lpad(n::text, 3, '0'), 'Đơn vị ' || n, 'department', now(), 1 FROM generate_series(0, 199) n;
CREATE SCHEMA bench;
-- What comes after the ten years' dossiers belongs to their last day.
CREATE FUNCTION bench.day(n BIGINT) RETURNS TIMESTAMP IMMUTABLE LANGUAGE sql RETURN TIMESTAMP '2017-01-01 08:00:00'
    + least(n * 3650 / $dossiers, 3649) * INTERVAL '1 day' + (n * 7 % 28800) * INTERVAL '1 second';
CREATE FUNCTION bench.agency(n BIGINT) RETURNS TEXT IMMUTABLE LANGUAGE sql RETURN 'H90.' || lpad((n % 200)::text, 3, '0');
CREATE FUNCTION bench.code(n BIGINT) RETURNS TEXT IMMUTABLE LANGUAGE sql
    RETURN bench.agency(n) || '-' || to_char(bench.day(n), 'YYMMDD') || '-' || lpad(n::text, 9, '0');
CREATE FUNCTION bench.hash(n BIGINT) RETURNS TEXT IMMUTABLE LANGUAGE sql RETURN left(encode(sha256(n::text::bytea), 'hex'), 43);
CREATE SEQUENCE bench.next START $dossiers CACHE 100;
CREATE SEQUENCE bench.bulk START $((dossiers * 2)) INCREMENT 50000;
SQL
{ echo "SELECT nextval('bench.next') AS n \\gset"; echo "$(insert :n :n);"; } >"$work/insert.sql"
n_of() { printf '\\set n random(%s, %s)\n' "$1" "$2"; }
any="$(n_of 0 $((dossiers - 1)))"
{ echo "$any"; echo "SELECT * FROM dossiers WHERE code = (SELECT bench.code(:n));"; } >"$work/read.sql"
{ echo "$any"; echo "SELECT * FROM dossiers WHERE identity_hash = (SELECT bench.hash(:n));"; } >"$work/person.sql"
{ n_of 0 199; echo "SELECT * FROM dossiers WHERE agency = (SELECT bench.agency(:n)) ORDER BY filed_at DESC, code DESC LIMIT 101;"; } >"$work/list.sql"
{
    n_of $((dossiers * 9 / 10)) $((dossiers - 1))
    cat <<'SQL'
BEGIN;
SELECT version FROM dossiers WHERE code = (SELECT bench.code(:n)) FOR UPDATE;
UPDATE dossiers SET last_move_at = last_move_at + INTERVAL '1 s', settled_at = settled_at + INTERVAL '1 s', version = version + 1
    WHERE code = (SELECT bench.code(:n));
COMMIT;
SQL
} >"$work/move.sql"
cat >"$work/sweep.sql" <<'SQL'
SELECT code FROM dossiers WHERE ended_at IS NULL AND late_from <= TIMESTAMP '2030-01-01' AND NOT void AND NOT lateness_noted
    ORDER BY late_from, code LIMIT 1000;
SQL

rate() { # WHAT SCRIPT CLIENTS MODE: median of three
    tell "$1" "$(for _ in 1 2 3; do
        pgbench -n -M "$4" -c "$3" -j 2 -T "$seconds" -f "$work/$2.sql" 2>>"$work/errors" | awk '/^tps/ { printf "%d\n", $3 }'
    done | sort -n | sed -n 2p)/s"
}
timed() { # WHAT SQL: median of three, the first left out
    tell "$1" "$(for _ in 1 2 3 4; do echo "$2;"; done | sql -c '\timing on' -f - | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 3 | sort -n |
        sed -n 2p | xargs printf '%.1f') ms"
}
once() { # WHAT SQL
    tell "$1" "$(sql -c '\timing on' -c "$2" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1 | xargs printf '%.1f') ms"
}
planning() { # WHAT SQL: in a session that knows the tables already
    tell "$1" "$(for _ in 1 2 3 4; do echo "EXPLAIN (SUMMARY) $2;"; done | sql -f - | sed -n 's/.*Planning Time: \(.*\)/\1/p' | tail -n 3 | sort -n | sed -n 2p)"
}
size() { tell "$1" "$(sql -c "SELECT round(($2) / 1e6) || ' MB'")"; }

measure() {
    local of_dossiers="SELECT oid FROM pg_class WHERE relkind = 'r' AND (oid = 'dossiers'::regclass OR oid IN (SELECT inhrelid FROM pg_inherits))"
    sql -c 'VACUUM ANALYZE dossiers' -c CHECKPOINT
    size 'rows' "SELECT sum(pg_table_size(oid)) FROM ($of_dossiers) t"
    size 'indexes' "SELECT sum(pg_indexes_size(oid)) FROM ($of_dossiers) t"
    size 'indexes that a receipt of today writes to' "SELECT sum(pg_indexes_size(oid)) FROM ($of_dossiers) t
        WHERE oid IN (SELECT tableoid FROM dossiers WHERE filed_at >= '2026-12-01' LIMIT 1)"
    planning 'planning a read by code' "SELECT * FROM dossiers WHERE code = 'H90.000-260101-000000000'"
    rate 'read by code, prepared; 4 clients' read 4 prepared
    rate 'read by code, planned each time; 4 clients' read 4 simple
    rate 'all of one person, prepared; 4 clients' person 4 prepared
    rate 'first 101 of an agency, newest first; 4 clients' list 4 prepared
    rate 'sweep: the first 1,000 of those newly overdue; 1 client' sweep 1 prepared
    rate 'move: FOR UPDATE and UPDATE by code; 4 clients' move 4 prepared
    rate 'insert, each its own transaction; 4 clients' insert 4 prepared
    timed 'insert of 50,000 in one transaction' "$(insert "nextval('bench.bulk')" "currval('bench.bulk') + 49999")"
    timed 'count of those filed in 2024' "SELECT count(*) FROM dossiers WHERE filed_at >= '2024-01-01' AND filed_at < '2025-01-01'"
    timed 'the same by the year in the code' "SELECT count(*) FROM dossiers WHERE left(split_part(code, '-', -2), 2) = '24'"
}

layout=whole
from=$SECONDS
sql -c "SELECT pg_get_indexdef(indexrelid) || ';' FROM pg_index WHERE indrelid = 'dossiers'::regclass AND NOT indisprimary" >"$work/indexes.sql"
sql -c "SELECT format('DROP INDEX %s;', indexrelid::regclass) FROM pg_index WHERE indrelid = 'dossiers'::regclass AND NOT indisprimary" \
    >"$work/drop.sql"
sql -f "$work/drop.sql"
# Every agency is there: looking each up again would take longer than the rows.
sql -c "ALTER TABLE dossiers DISABLE TRIGGER ALL"
sql -c "$(insert 0 $((dossiers / 2 - 1)))" &
sql -c "$(insert $((dossiers / 2)) $((dossiers - 1)))"
wait $!
sql -c "ALTER TABLE dossiers ENABLE TRIGGER ALL"
sql -f "$work/indexes.sql"
echo "filled with $dossiers in $((SECONDS - from)) s" >&2
measure
once 'a tenth of the oldest year deleted (taken back; before VACUUM)' \
    "BEGIN; DELETE FROM dossiers WHERE code IN (SELECT bench.code(n) FROM generate_series(0, $dossiers / 100 - 1) n); ROLLBACK"

layout=pieces
from=$SECONDS
# The option makes the indexes, too; made by themselves they do not need the disk while the old table still has its own.
sql -f "$work/drop.sql"
sql -v spare=0 -v ahead=0 -f "$options/partition-by-year.sql" >/dev/null
sql -f "$work/indexes.sql"
tell 'partition-by-year.sql, indexes included' "$((SECONDS - from)) s"
echo "partitioned in $((SECONDS - from)) s" >&2
size 'table of codes with its key' "SELECT pg_total_relation_size('pieces.dossier_codes')"
measure
once 'the oldest year detached' "ALTER TABLE dossiers DETACH PARTITION pieces.dossiers_2017"
once 'and dropped' "DROP TABLE pieces.dossiers_2017"

echo "| $dossiers dossiers of $years years | one table | a piece a year |"
echo "|---|---:|---:|"
for what in "${rows[@]}"; do echo "| $what | ${told[whole/$what]-–} | ${told[pieces/$what]-–} |"; done
echo "$SECONDS s in all" >&2
