#!/usr/bin/env bash
# Measures the most memory that imports and exports take on SQLite and on a PostgreSQL cluster of its own, and prints a table.
# Needs PostgreSQL's server programs, curl and python3, and some 4 GB of disk for a million dossiers.
#   benches/memory.sh [ROWS [PROGRAM]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rows="${1-1000000}"
motcua="$(realpath "${2-target/release/motcua}")"
for setting in "${!MOTCUA_@}"; do unset "$setting"; done

. benches/cluster.sh

# Dossiers of a year that is over, spread over its days and fifty agencies: received, worked on, most of them ended.
python3 - "$rows" "$work/lines" <<'END'
import sys, json
from datetime import datetime, timedelta
rows, path = int(sys.argv[1]), sys.argv[2]
with open(path, "w") as out:
    for n in range(rows):
        at = datetime(2025, 1, 6, 8) + timedelta(days=n * 300 // rows, minutes=n % 480)
        stamp = lambda days: (at + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+07:00")
        events = [{"to": "processing", "at": stamp(0)}]
        if n % 10:
            events.append({"to": "finished", "at": stamp(2 + n % 12), "outcome": "granted"})
        out.write(json.dumps({"procedure": "1.001739", "agency": f"H16.{n % 50 + 1:02}", "channel": "direct", "received_at": stamp(0),
            "applicant": {"kind": "citizen", "name": f"Người thử {n}", "identity_no": f"{n:012}"}, "events": events}, ensure_ascii=False) + "\n")
END

# Runs the program and prints database, what was done, seconds and the most memory in MB.
measured() {
    local what="$1"
    shift
    python3 - "$database" "$what" "$@" <<'END'
import resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[3:], stdout=subprocess.DEVNULL)
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if done.returncode: sys.exit(f"{sys.argv[2]} failed: {done.returncode}")
print(f"| {sys.argv[1]} | {sys.argv[2]} | {time.monotonic() - began:.0f} | {most / 1024:.0f} |")
END
}

ask() { curl -fsS --noproxy '*' -H "Authorization: Bearer $token" "$@"; }

# Serves on a free port; a new process for each measurement, whose most is then its own.
serve() {
    coproc serving { exec "$motcua" serve --listen 127.0.0.1:0; }
    server=$serving_PID
    read -r _ base <&"${serving[0]}"
    token="$(curl -fsS --noproxy '*' -H 'Content-Type: application/json' -d '{"username": "do", "password": "một cửa để đo"}' \
        "$base/v1/sessions" | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"
}

# Prints what a request, given by its path and curl's options, costs the service that answers it.
served() {
    local what="$1" path="$2" began="$SECONDS"
    shift 2
    serve
    ask -o "$work/answer" "$@" "$base$path"
    told "$what" "$began"
}

# Reads the feed, page by page.
feed() {
    local began="$SECONDS"
    serve
    NO_PROXY='*' python3 - "$base" "$token" <<'END'
import json, sys, urllib.request
base, token = sys.argv[1:]
since = ""
pages = 0
while pages < 1000:
    request = urllib.request.Request(f"{base}/v1/changes?limit=200{since}", headers={"Authorization": f"Bearer {token}"})
    page = json.load(urllib.request.urlopen(request))
    pages += 1
    if not page["more"] and not page["items"]: break
    since = "&since=" + page["next"]
END
    told "GET /v1/changes, a thousand pages" "$began"
}

told() {
    printf '| %s | %s | %s | %s |\n' "$database" "$1" $((SECONDS - $2)) \
        "$(awk '/VmHWM/ {printf "%.0f", $2 / 1024}' "/proc/$server/status")"
    kill "$server"
    wait "$server" || true
    server=""
}

office() {
    serve
    local post=(ask -o "$work/answer" -H 'Content-Type: application/json') n
    "${post[@]}" -d '{"code": "H16", "name": "Tỉnh", "level": "province"}' "$base/v1/agencies"
    for n in {01..50}; do
        "${post[@]}" -d "{\"code\": \"H16.$n\", \"name\": \"Sở $n\", \"level\": \"department\", \"parent\": \"H16\"}" "$base/v1/agencies"
    done
    "${post[@]}" -d '{"code": "BTXH", "name": "Bảo trợ xã hội"}' "$base/v1/fields"
    "${post[@]}" -d '{"code": "1.001739", "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full",
        "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}}' "$base/v1/procedures"
    kill "$server"
    wait "$server" || true
    server=""
}

measure() {
    database="$1"
    export MOTCUA_DATABASE_URL="$2" MOTCUA_FILES="$work/files"
    printf 'một cửa để đo\n' | "$motcua" user create do --role admin --password-stdin >/dev/null
    office
    measured "motcua import, $rows lines" "$motcua" import "$work/lines"
    served "POST /v1/imports, $rows lines" /v1/imports -T "$work/lines" -X POST -H 'Content-Type: application/x-ndjson'
    measured "motcua export" "$motcua" export "$work/export-$database"
    served "register.xlsx, up to 100,000 rows" "/v1/reports/register.xlsx?from=2025-01-06&to=2025-02-02"
    feed
    measured "motcua verify" "$motcua" verify
    rm -f "$work/export-$database" "$work/answer"
}

cd "$work"
printf '| Database | What | Seconds | Most RSS, MB |\n|---|---|---|---|\n'
measure SQLite "sqlite://$work/memory.db"
start_cluster -c fsync=off
measure PostgreSQL "$cluster/postgres"
