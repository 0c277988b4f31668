#!/usr/bin/env bash
# Guesses for a minute at the public look-up, at the log-in and at clients' secrets of a service of its own, and tells what came of it.
set -euo pipefail
exec </dev/null

usage() {
    cat <<'END'
usage: docs/guess-run.sh [SECONDS] [MOTCUA]
Serves a new SQLite database with one dossier, one user and one client, and guesses at each of the three doors for SECONDS (60), eight
at a time. Fails when a guess opens anything, or when more guesses are looked at than the limits allow: 60 look-ups and one more each
second; five passwords or secrets and one more each half minute. All others must be refused unlooked-at (429).
Before, while nothing waits yet, it compares how long wrong codes and wrong secrets take at the look-up.
Needs curl 7.66 or later and the built program (target/debug/motcua when left out).
END
}
[[ ${1:-} != --help ]] || { usage && exit; }
seconds="${1:-60}"
motcua="$(realpath "${2:-$(dirname "${BASH_SOURCE[0]}")/../target/debug/motcua}")"
for setting in "${!MOTCUA_@}"; do unset "$setting"; done

work="$(mktemp -d)" server=""
clean_up() {
    local status=$?
    trap - EXIT
    [[ -z $server ]] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"

port=$((20000 + RANDOM % 12000)) base=""
"$motcua" serve --listen "127.0.0.1:$port" >log 2>&1 &
server=$!
base="http://127.0.0.1:$port"
curl -fs --noproxy '*' --retry 60 --retry-delay 1 --retry-connrefused -o /dev/null "$base/readyz"

password="con ngựa ăn khoai lang"
printf '%s\n' "$password" | "$motcua" user create quan --role admin --password-stdin >/dev/null
call() { curl -fsS --noproxy '*' -X "$1" -H "Authorization: Bearer ${token:-}" -H 'Content-Type: application/json' -d "$3" "$base$2"; }
member() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
token="$(call POST /v1/sessions "{\"username\":\"quan\",\"password\":\"$password\"}" | member access_token)"
call POST /v1/agencies '{"code":"H16","name":"UBND tỉnh","level":"province"}' >/dev/null
call POST /v1/fields '{"code":"BTXH","name":"Bảo trợ xã hội"}' >/dev/null
call POST /v1/procedures '{"code":"1.001739","name":"Trợ cấp","field":"BTXH","level":"province","online_level":"full",
    "rule":{"amount":3,"unit":"working_day","on_supplement":"restart"}}' >/dev/null
code="$(call POST /v1/dossiers '{"procedure":"1.001739","agency":"H16","channel":"direct",
    "applicant":{"kind":"citizen","name":"Đặng Thị Thử"}}' | member code)"
client="$(call POST /v1/clients '{"name":"iOffice","scopes":["documents:exchange"],"agency":"H16"}' | member id)"

# A secret as it might be: ten signs of the alphabet of the slips.
guess() {
    local alphabet=ABCDEFGHJKLMNPQRSTUVWXYZ23456789 made=""
    for _ in {1..10}; do made+="${alphabet:RANDOM % 32:1}"; done
    printf '%s' "$made"
}

# Status and seconds of one request after the other: NAME, and what curl asks for.
try() { curl -s --noproxy '*' -o /dev/null -w '%{http_code} %{time_total}\n' "${@:2}" >>"$1"; }

look_up() { try "$1" "$base/v1/public/dossiers/$2?secret=$(guess)"; }
sign_in() { try "$1" -H 'Content-Type: application/json' -d "{\"username\":\"quan\",\"password\":\"$(guess)\"}" "$base/v1/sessions"; }
client() { try "$1" -d "grant_type=client_credentials&client_id=$client&client_secret=$(guess)$(guess)" "$base/oauth/token"; }

# Of the answers in a file: how many there are by status, and their median and longest time in milliseconds.
figures() {
    sort -k2,2n "$1" | awk -v name="$2" '
        { status[$1]++; time[NR] = $2 * 1000 }
        END {
            printf "%-34s %6d tries ", name, NR
            for (one in status) printf " %s: %d", one, status[one]
            printf "  median %.1f ms, longest %.1f ms\n", time[int((NR + 1) / 2)], time[NR]
        }'
}

# Guesses until the time is over: DOOR FILE ARGUMENTS.
until_over() {
    local end=$((SECONDS + seconds))
    while ((SECONDS < end)); do "$1" "$2" "${@:3}"; done
}

echo "time of an answer, before anything waits:"
for place in {1..19}; do
    look_up right "$code"
    look_up wrong "${code%-*}-$((1000 + place))"
done
figures right "a code that there is, wrong secret"
figures wrong "a code that there is not"

echo "$seconds s of guessing, eight at a time at each door:"
guessers=()
for worker in {1..8}; do
    # Every other guess is at another code, as someone would who tries one secret for many.
    for door in sign_in client; do
        until_over "$door" "$door.$worker" &
        guessers+=($!)
    done
    ((worker % 2)) && aim="${code%-*}-$worker$worker$worker$worker" || aim="$code"
    until_over look_up "look_up.$worker" "$aim" &
    guessers+=($!)
done
wait "${guessers[@]}"
kill -0 "$server"

failed=""
for limit in "look_up $((60 + seconds))" "sign_in $((6 + seconds / 30))" "client $((6 + seconds / 30))"; do
    read -r door most <<<"$limit"
    cat "$door".[0-9]* >"$door"
    figures "$door" "$door"
    awk -v most="$most" '$1 == 429 { waited++; next } $1 !~ /^40[14]$/ { other++ } { looked++ }
        END { exit !(waited > 0 && other == 0 && looked <= most) }' "$door" || failed+=" $door"
done
[[ -z $failed ]] || { printf 'guess-run: not held off:%s\n' "$failed" >&2 && exit 1; }
echo "nothing was found; every door was closed"
