-- What applicants are to pay, item by item. Amounts are whole đồng.
CREATE TABLE fees (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    -- Which demand of the dossier, from 1, and which item of it; the reference printed for the payer is made of the former.
    demand INTEGER NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    code TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('fee', 'charge')),
    collection TEXT NOT NULL CHECK (collection IN ('at_intake', 'during', 'at_return')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- Whether the dossier waits for it: it was demanded by the move to payment_required.
    awaited BOOLEAN NOT NULL,
    demanded_at TIMESTAMP NOT NULL,
    demanded_by TEXT NOT NULL,
    exempted BIGINT CHECK (exempted BETWEEN 1 AND amount),
    exempted_at TIMESTAMP,
    exempted_by TEXT,
    exemption_reason TEXT,
    UNIQUE (dossier, demand, place)
);
CREATE INDEX fees_by_demand ON fees (demanded_at);
CREATE INDEX fees_by_exemption ON fees (exempted_at) WHERE exempted_at IS NOT NULL;

CREATE TABLE payments (
    id TEXT NOT NULL PRIMARY KEY,
    dossier TEXT NOT NULL REFERENCES dossiers (code),
    demand INTEGER NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    paid_at TIMESTAMP NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('cash', 'transfer', 'postal', 'national_portal', 'gateway')),
    receipt_number TEXT NOT NULL,
    -- The proof, among the dossier's files. It may be taken off the dossier later.
    proof_file TEXT,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by TEXT NOT NULL,
    refunded BIGINT CHECK (refunded BETWEEN 1 AND amount),
    refunded_at TIMESTAMP,
    refunded_by TEXT,
    refund_reason TEXT,
    UNIQUE (dossier, receipt_number)
);
CREATE INDEX payments_by_day ON payments (paid_at);
CREATE INDEX payments_by_refund ON payments (refunded_at) WHERE refunded_at IS NOT NULL;
