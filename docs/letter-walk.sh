#!/usr/bin/env bash
# A letter's whole way, with the demonstration running (cargo run --release -- demo) and its address in API: a dossier went overdue,
# the sweep drafted its letter; it is completed, fetched as edXML by the stand-in iOffice of the tests (a process of its own),
# comes back signed with number 12/PXL-SLĐTBXH, re-appoints the dossier, and the PDF shows it all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
API="${API:-http://127.0.0.1:8080}"

member() { sed -E "s/.*\"$1\":\"?([^\",}]+).*/\1/"; }
call() { curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }

TOKEN=$(curl -sS --fail-with-body "$API/v1/sessions" -H 'Content-Type: application/json' \
    -d '{"username":"demo","password":"mot-cua-minh-hoa"}' | member access_token)

echo '== The letter that the sweep drafted for an overdue dossier'
LETTER=''
for DOSSIER in $(call "$API/v1/dossiers?timing=overdue&limit=200" | grep -o '"code":"[^"]*"' | cut -d'"' -f4); do
    LETTER=$(call "$API/v1/dossiers/$DOSSIER" | sed -nE 's/.*"letter":\{"id":"([^"]+)","kind":"late","status":"draft".*/\1/p')
    [[ -z $LETTER ]] || break
done
[[ -n $LETTER ]] || { echo 'no overdue dossier has a draft left: start the demonstration anew' >&2; exit 1; }
call "$API/v1/apology-letters/$LETTER"; echo
call "$API/v1/dossiers/$DOSSIER"; echo

echo '== Completed and laid before the signer; the new date is a Tuesday morning'
NEW_DATE=$(date -d "$(date -d 'next Tuesday' +%F) + 14 days" +%F)
call -X PATCH "$API/v1/apology-letters/$LETTER" -H 'If-Match: *' \
    -d "{\"reason\":\"Chờ ý kiến của cơ quan phối hợp\",\"new_return_at\":\"${NEW_DATE}T09:00:00+07:00\"}"; echo
call -X POST "$API/v1/apology-letters/$LETTER/submit"; echo

echo '== The iOffice gets a client of its own, fetches the packet and issues the letter as 12/PXL-SLĐTBXH'
CLIENT=$(call "$API/v1/clients" -d '{"name":"iOffice","scopes":["documents:exchange"],"agency":"000.00.18.H16"}')
ID=$(member id <<<"$CLIENT")
SECRET=$(member secret <<<"$CLIENT")
order() { printf '[{"letter":"%s","number":12,"case":"walk","what":"%s"}]\n' "$LETTER" "$1"; }
SURPRISES=$({
    printf '{"base":"%s","id":"%s","secret":"%s","today":"%s"}\n' "$API" "$ID" "$SECRET" "$(TZ=Asia/Ho_Chi_Minh date +%F)"
    order fetch:new
    order issue
} | cargo test -q --test ioffice -- stand-in)
echo "$SURPRISES"
[[ $SURPRISES == $'[]\n[]' ]]

echo '== What went and came, and the dossier with its new date'
call "$API/v1/apology-letters/$LETTER/exchange"; echo
call "$API/v1/dossiers/$DOSSIER"; echo
call "$API/v1/dossiers/$DOSSIER" | grep -q "\"reappointed_at\":\"${NEW_DATE}T09:00:00+07:00\""

echo '== The letter to be handed over'
PDF="$(mktemp -d)/letter.pdf"
call "$API/v1/apology-letters/$LETTER/letter.pdf" -o "$PDF"
echo "$PDF"
if command -v pdftotext >/dev/null; then pdftotext -layout "$PDF" -; fi
