#!/usr/bin/env bash
# Measures the built service over HTTP, on SQLite and on a PostgreSQL cluster of its own, beside the limits of the machine, and
# prints the tables of docs/BENCHMARKS.md. Needs wrk, gawk, faketime, jq, and PostgreSQL's server programs (all of them Debian's).
#   benches/speed.sh [DOSSIERS [SECONDS [DATABASES]]]      100000 10 "postgres sqlite"
# With MOTCUA_BUILT set it measures what was built before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dossiers="${1-100000}"
seconds="${2-10}"
databases="${3-postgres sqlite}"
open=$((dossiers / 2))
here="$PWD/benches/speed"
motcua="${CARGO_TARGET_DIR:-$PWD/target}/release/motcua"
. benches/cluster.sh
export MIMALLOC_ALLOW_THP=0 # as the container image has it
now() { date +%s.%N; }
since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.2f", to - from }'; }

# Runs wrk and prints "rate median p99"; an answer that is not 2xx ends the measuring.
load() { # CONNECTIONS SECONDS SCRIPT PATH ARGUMENTS...
    local connections="$1" duration="$2" script="$3" threads=2
    shift 3
    if [[ $connections -eq 1 ]]; then threads=1; fi
    wrk -t "$threads" -c "$connections" -d "${duration}s" --timeout 20s --latency -s "$here/$script" "$api" -- "$@" >"$work/wrk" ||
        { cat "$work/wrk" >&2; exit 1; }
    if grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2; then cat "$work/wrk" >&2; exit 1; fi
    awk '/Requests\/sec/ { rate = $2 } $1 == "50%" { half = $2 } $1 == "99%" { most = $2 }
        END { printf "%d %s %s\n", rate, half, most }' "$work/wrk"
}

# Three runs, of which the one with the median rate is told.
measure() { # WHAT CONNECTIONS SCRIPT ARGUMENTS...
    local what="$1" connections="$2"
    shift 2
    for _ in 1 2 3; do load "$connections" "$seconds" "$@"; done | sort -n | sed -n 2p |
        while read -r rate half most; do echo "| $database | $what | $connections | $rate | $half | $most |"; done
}

start() {
    "$motcua" serve >"$work/serve.out" 2>"$work/serve.err" &
    server=$!
    until grep -q '^API: ' "$work/serve.out"; do kill -0 "$server"; read -rt 0.01 <> <(:) || true; done
    api="$(sed -n 's/^API: //p' "$work/serve.out" | head -n 1)"
}
stop() { kill -INT "$server"; wait "$server" || true; }

furnish() { # makes the catalogue and the people
    local admin n code
    echo "password of admin" | "$motcua" user create admin --role admin --password-stdin >"$work/made"
    admin="$(sign_in admin "password of admin")"
    post() { curl -sSf -o "$work/posted" "$api$1" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' -d "$2"; }
    post /v1/agencies '{"code":"H90","name":"Tỉnh đo","level":"province"}'
    post /v1/fields '{"code":"DO","name":"Đo"}'
    for n in $(seq 0 39); do
        post /v1/procedures "$(printf '{"code":"9.%06d","name":"Thủ tục số %d","field":"DO","level":"province","online_level":"full","rule":{"amount":%d,"unit":"working_day","on_supplement":"pause"}}' "$n" "$n" $((10 + n % 9)))"
    done
    : >"$work/tokens"
    for n in $(seq 10 59); do
        code="H90.$n"
        post /v1/agencies "{\"code\":\"$code\",\"name\":\"Đơn vị $n\",\"level\":\"department\",\"parent\":\"H90\"}"
        post /v1/users "{\"username\":\"can-bo-$n\",\"password\":\"mot cua so $n\",\"role\":\"officer\",\"agency\":\"$code\"}"
        echo "$code $(sign_in "can-bo-$n" "mot cua so $n")" >>"$work/tokens"
    done
    echo "$admin" >"$work/admin"
}
sign_in() {
    curl -sSf "$api/v1/sessions" -H 'Content-Type: application/json' -d "{\"username\":\"$1\",\"password\":\"$2\"}" | jq -r .access_token
}

cold_start() { # median of five, from the start of the process to the first 200 of /readyz
    local from
    for _ in 1 2 3 4 5; do
        from="$(now)"
        "$motcua" serve >"$work/serve.out" 2>"$work/serve.err" &
        server=$!
        until curl -sf -o "$work/ready" "http://$MOTCUA_LISTEN/readyz"; do kill -0 "$server"; done
        since "$from"
        echo
        stop
    done | sort -n | sed -n 3p
}

measure_all() {
    local admin first=0 slice at from
    export MOTCUA_LISTEN=127.0.0.1:18080
    "$motcua" migrate >"$work/migrated"
    start
    furnish
    stop
    admin="$(cat "$work/admin")"
    from="$(now)"
    "$motcua" import "$work/history.ndjson" >"$work/imported"
    import="$(awk -v n="$dossiers" -v s="$(since "$from")" 'BEGIN { printf "%d", n / s }')"
    [[ $(jq .accepted "$work/imported") == "$dossiers" ]] || { head -c 2000 "$work/imported" >&2; exit 1; }
    if [[ $database == PostgreSQL ]]; then psql -qX motcua -c 'vacuum analyze'; fi
    echo "| $database | cold start, s | | $(cold_start) | | |"
    start
    slice=$((open / 6))
    for connections in 1 16; do
        measure create "$connections" create.lua "$work/tokens"
        measure get "$connections" get.lua "$work/codes" "$admin"
        measure "list of 100" "$connections" ask.lua "$admin" "/v1/dossiers?agency=H90.1"{0..9}"&limit=100&sort=-received_at"
        for at in 1 2 3; do
            load "$connections" "$seconds" transition.lua "$work/tokens" "$work/codes" "$first" $((first + slice)) "$((connections > 1 ? 2 : 1))"
            first=$((first + slice))
        done | sort -n | sed -n 2p | while read -r rate half most; do
            echo "| $database | transition | $connections | $rate | $half | $most |"
        done
        first=$((first + 3 * slice * (connections == 1)))
        measure statistics "$connections" ask.lua "$admin" "/v1/statistics?from=2025-01-01&to=2025-12-31&agency=H90&group_by=field" \
            "/v1/statistics?from=2026-01-01&to=2026-12-31&agency=H90.10&group_by=procedure"
    done
    echo "| $database | memory after the run, MB | | $(awk '/VmRSS/ { print int($2 / 1000) }' "/proc/$server/status") | | |"
    stop
    echo "| $database | import, dossiers/s | | $import | | |"
    from="$(now)"
    swept="$(faketime -f +60d "$motcua" sweep)"
    echo "| $database | sweep, letters/s | | $(awk -v n="${swept%% *}" -v s="$(since "$from")" 'BEGIN { printf "%d", n / s }') | ${swept%%,*} | |"
    "$motcua" verify | tail -n 1 >&2
}

limits() {
    [[ -n ${MOTCUA_BUILT:-} ]] ||
        cargo build -q --release --manifest-path benches/empty-handler/Cargo.toml --target-dir target/empty-handler
    "$bin/createdb" limits
    psql -qX limits -c 'create table t (id bigserial primary key, body text)' \
        -c "insert into t (body) select repeat('x', 500) from generate_series(1, 100000)"
    echo "insert into t (body) values (repeat('x', 500));" >"$work/insert.sql"
    printf '\\set id random(1, 100000)\nselect * from t where id = :id;\n' >"$work/select.sql"
    local what connections
    for connections in 1 16; do
        for what in insert select; do
            pgbench -n -M prepared -c "$connections" -j "$((connections > 1 ? 2 : 1))" -T "$seconds" \
                -f "$work/$what.sql" limits 2>"$work/pgbench.err" | awk -v what="pgbench, single $what" -v c="$connections" \
                '/^latency average/ { l = $4 "ms (mean)" } /^tps/ { printf "| limit | %s | %d | %d | %s | |\n", what, c, $3, l }'
        done
    done
    "$PWD/target/empty-handler/release/empty-handler" 127.0.0.1:18081 &
    pids+=($!)
    until curl -sf -o "$work/ready" http://127.0.0.1:18081/; do :; done
    database=limit api=http://127.0.0.1:18081
    for connections in 1 16; do measure "actix, empty handler" "$connections" ask.lua none /; done
}

[[ -n ${MOTCUA_BUILT:-} ]] || cargo build -q --release
start_cluster -c shared_buffers=1GB -c max_wal_size=8GB
export PGHOST="$work/data" PGUSER=motcua
gawk -v rows="$dossiers" -v open="$((dossiers - open))" -v today="$(date +%s)" -v codes="$work/codes" -f "$here/load.awk" >"$work/history.ndjson"

echo "| database | what | connections | per second | median | p99 |"
echo "|---|---|---:|---:|---:|---:|"
limits
for one in $databases; do
    if [[ $one == postgres ]]; then
        "$bin/createdb" motcua
        database=PostgreSQL MOTCUA_DATABASE_URL="$cluster/motcua"
    else
        database=SQLite MOTCUA_DATABASE_URL="sqlite://$work/motcua.db"
    fi
    export MOTCUA_DATABASE_URL
    (cd "$work" && measure_all)
done
