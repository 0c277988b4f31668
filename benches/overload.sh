#!/usr/bin/env bash
# Asks the service for five times what it can do, on SQLite and on a PostgreSQL cluster of its own, and prints what it served.
# It should serve 80 % of its peak or more, with a p99 of at most ten times the unloaded one.
# Needs PostgreSQL's server programs, curl and python3.
#   benches/overload.sh [PROGRAM [SQLite|PostgreSQL]...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

motcua="$(realpath "${1-target/release/motcua}")"
databases=("${@:2}")
[[ ${#databases[@]} -gt 0 ]] || databases=(SQLite PostgreSQL)
for setting in "${!MOTCUA_@}"; do unset "$setting"; done
# The generator sends bytes made beforehand: a development build, whose dependencies are optimised, is quick enough.
generator="$(cargo bench --profile dev --bench overload --no-run --message-format=json 2>/dev/null |
    python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("target", {}).get("name") == "overload" and made.get("executable"): print(made["executable"])')"

. benches/cluster.sh
cd "$work"

post() { curl -fsS --noproxy '*' -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d "$2" "$base$1"; }
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
sign_in() { token=none post /v1/sessions "{\"username\": \"$1\", \"password\": \"một cửa để đo\"}" | member access_token; }

measure() {
    local n codes dossier
    export MOTCUA_DATABASE_URL="$2" MOTCUA_FILES="$work/files"
    for n in {1..20}; do printf 'một cửa để đo\n' | "$motcua" user create "do$n" --role admin --password-stdin >/dev/null; done
    coproc serving { exec "$motcua" serve --listen 127.0.0.1:0; }
    server=$serving_PID
    read -r _ base <&"${serving[0]}"
    for n in {1..20}; do sign_in "do$n"; done >"$work/tokens"
    token="$(head -n 1 "$work/tokens")"
    post /v1/agencies '{"code": "H16", "name": "Tỉnh", "level": "province"}' >/dev/null
    post /v1/fields '{"code": "BTXH", "name": "Bảo trợ xã hội"}' >/dev/null
    post /v1/procedures '{"code": "1.001739", "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full",
        "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}}' >/dev/null
    dossier='{"procedure": "1.001739", "agency": "H16", "channel": "direct", "applicant": {"kind": "citizen", "name": "Người thử"}}'
    for n in {1..300}; do codes="$(post /v1/dossiers "$dossier" | member code)"; done
    printf '\n%s\n\n' "$1"
    "$generator" "${base#http://}" "$work/tokens" get GET "/v1/dossiers/$codes" - list GET "/v1/dossiers?limit=100" - \
        create POST /v1/dossiers "$dossier"
    curl -fsS --noproxy '*' "$base/metrics" | grep -E '^motcua_requests_(waiting|shed_total)|^motcua_wait_seconds' || true
    kill "$server"
    wait "$server" || true
    server=""
}

for database in "${databases[@]}"; do
    if [[ $database == SQLite ]]; then
        measure SQLite "sqlite://$work/overload.db"
    else
        start_cluster
        measure PostgreSQL "$cluster/postgres"
    fi
done
