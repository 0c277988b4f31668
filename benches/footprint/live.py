"""Lives dossiers through the API: each is received, asked a paper for, finished and handed over; one in fifty is left open."""

import http.client
import json
import sys
import threading
from urllib.parse import urlsplit

API, DOSSIERS = sys.argv[1], int(sys.argv[2])
OFFICES = [f"H90.{n}" for n in range(10, 60)]
MOVES = [
    {"to": "processing"},
    {"to": "supplement_required", "reason": "Thiếu bản sao giấy khai sinh"},
    {"to": "processing"},
    {"to": "finished", "outcome": "granted"},
    {"to": "returned"},
]


class Caller:
    """One connection, signed in."""

    def __init__(self, name, password):
        self.line = http.client.HTTPConnection(urlsplit(API).netloc)
        self.headers = {"Content-Type": "application/json"}
        self.headers["Authorization"] = "Bearer " + self.ask("POST", "/v1/sessions", username=name, password=password)["access_token"]

    def ask(self, method, path, key=None, **body):
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        self.line.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.line.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text.startswith((b"{", b"[")) else text.decode()


def furnish(admin):
    admin.ask("POST", "/v1/agencies", code="H90", name="Tỉnh đo", level="province")
    admin.ask("POST", "/v1/fields", code="DO", name="Đo")
    rule = {"amount": 10, "unit": "working_day", "on_supplement": "pause"}
    for n in range(40):
        admin.ask("POST", "/v1/procedures", code=f"9.{n:06}", name=f"Thủ tục số {n}", field="DO", level="province", online_level="full", rule=rule)
    for office in OFFICES:
        admin.ask("POST", "/v1/agencies", code=office, name=f"Đơn vị {office}", level="department", parent="H90")
        admin.ask("POST", "/v1/users", username=office, password="mot cua so " + office, role="officer", agency=office)


def work(first, step):
    callers = {}
    for n in range(first, DOSSIERS, step):
        office = OFFICES[n % len(OFFICES)]
        if office not in callers:
            callers[office] = Caller(office, "mot cua so " + office)
        caller = callers[office]
        applicant = {"kind": "citizen", "name": f"Nguyễn Văn {n}", "identity_no": f"{n:012}", "phone": f"09{n:08}", "address": "12 Hùng Vương, Gia Nghĩa"}
        code = caller.ask("POST", "/v1/dossiers", f"life-{n}", procedure=f"9.{n % 40:06}", agency=office, channel="direct", applicant=applicant)["code"]
        for number, move in enumerate(MOVES[:1] if n % 50 == 0 else MOVES):
            caller.ask("POST", f"/v1/dossiers/{code}/transitions", f"life-{n}-{number}", **move)
            if number % 2 == 0:
                caller.ask("GET", f"/v1/dossiers/{code}")


admin = Caller("admin", "password of admin")
furnish(admin)
threads = [threading.Thread(target=work, args=(first, 5)) for first in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
