//! The tables as Diesel sees them; `tests/migrations.rs` holds this file and those beside it against the migrated databases.
#![allow(missing_docs, reason = "the table! macro documents nothing")]

mod between;
mod catalogue;
mod clerks;
mod outward;
mod voices;

pub use between::{errands, fees, hand_offs, payments, transfers};
pub use catalogue::{decision_items, decisions, processing_quarters, processing_times};
pub use clerks::{mandates, warnings};
pub use outward::{deliveries, portal_tellings, webhooks};
pub use voices::{feedback, plan_task_notes, plan_tasks, plans, ratings, reception_subjects, reception_visits};

diesel::table! {
    agencies (code) {
        code -> Text,
        name -> Text,
        level -> Text,
        parent -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
        place -> Nullable<Text>,
        address -> Nullable<Text>,
        phone -> Nullable<Text>,
        symbol -> Nullable<Text>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
    }
}

diesel::table! {
    agency_successors (agency, successor) {
        agency -> Text,
        successor -> Text,
    }
}

diesel::table! {
    agency_lineage (agency, predecessor) {
        agency -> Text,
        predecessor -> Text,
    }
}

diesel::table! {
    agency_tree (ancestor, descendant) {
        ancestor -> Text,
        descendant -> Text,
        distance -> Integer,
    }
}

diesel::table! {
    fields (code) {
        code -> Text,
        name -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    procedures (code) {
        code -> Text,
        version -> BigInt,
        search_text -> Text,
    }
}

diesel::table! {
    procedure_versions (procedure_code, version) {
        procedure_code -> Text,
        version -> BigInt,
        name -> Text,
        field -> Text,
        level -> Text,
        online_level -> Text,
        rule -> Text,
        online_rule -> Nullable<Text>,
        valid_from -> Nullable<Date>,
        decision -> Nullable<Text>,
        created_at -> Timestamp,
        old_online_level -> Nullable<Text>,
        agency -> Nullable<Text>,
        valid_to -> Nullable<Date>,
        details -> Text,
    }
}

diesel::table! {
    calendar_years (year) {
        year -> Integer,
        days -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    office_hours (agency, valid_from) {
        agency -> Text,
        valid_from -> Date,
        weekdays -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    closures (id) {
        id -> Text,
        agency -> Text,
        closed_on -> Date,
        reason -> Text,
    }
}

diesel::table! {
    code_counters (agency, day) {
        agency -> Text,
        day -> Date,
        last -> BigInt,
    }
}

diesel::table! {
    dossiers (code) {
        code -> Text,
        procedure_code -> Text,
        procedure_version -> BigInt,
        field -> Text,
        level -> Text,
        agency -> Text,
        received_by -> Text,
        unit -> Text,
        channel -> Text,
        status -> SmallInt,
        void -> Bool,
        filed_at -> Timestamp,
        received_at -> Nullable<Timestamp>,
        acceptance_due_at -> Nullable<Timestamp>,
        original_due_at -> Nullable<Timestamp>,
        due_at -> Nullable<Timestamp>,
        late_from -> Nullable<Timestamp>,
        stopped_since -> Nullable<Timestamp>,
        span_from -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        ended_class -> Nullable<Text>,
        ended_from -> Nullable<SmallInt>,
        ended_previous_move_at -> Nullable<Timestamp>,
        before_intake_end -> Nullable<Timestamp>,
        outcome -> Nullable<Text>,
        returned_at -> Nullable<Timestamp>,
        last_move_at -> Timestamp,
        supplement_requests -> Integer,
        supplement_late -> Bool,
        accepted_late -> Bool,
        reappointed_at -> Nullable<Timestamp>,
        letter_on -> Nullable<Date>,
        lateness_noted -> Bool,
        applicant_kind -> Text,
        applicant_name -> Text,
        identity_no -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        address -> Nullable<Text>,
        summary -> Nullable<Text>,
        assignee -> Nullable<Text>,
        note -> Nullable<Text>,
        papers -> Text,
        search_text -> Text,
        created_at -> Timestamp,
        version -> BigInt,
        settled_at -> Nullable<Timestamp>,
        sealed -> Nullable<Text>,
        identity_hash -> Nullable<Text>,
        phone_hash -> Nullable<Text>,
        submitter_identity_hash -> Nullable<Text>,
        submitter_phone_hash -> Nullable<Text>,
        anonymised_at -> Nullable<Timestamp>,
        procedure_case -> Nullable<Text>,
        has_ladder -> Bool,
        warn_due_at -> Nullable<Timestamp>,
        warn_passed_at -> Nullable<Timestamp>,
        warn_next_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    past_spans (dossier, starts_at) {
        dossier -> Text,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
        late_from -> Nullable<Timestamp>,
        paused -> Bool,
    }
}

diesel::table! {
    journal (dossier, seq) {
        dossier -> Text,
        seq -> BigInt,
        at -> Timestamp,
        recorded_at -> Timestamp,
        actor -> Text,
        name -> Text,
        event -> Text,
        on_behalf_of -> Nullable<Text>,
    }
}

diesel::table! {
    letters (id) {
        id -> Text,
        dossier -> Text,
        kind -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        new_return_at -> Nullable<Timestamp>,
        number -> Nullable<BigInt>,
        notation -> Nullable<Text>,
        promulgated_on -> Nullable<Date>,
        signer_name -> Nullable<Text>,
        signer_position -> Nullable<Text>,
        delivered_channel -> Nullable<Text>,
        delivered_at -> Nullable<Timestamp>,
        remark -> Nullable<Text>,
        notice_late -> Bool,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    letter_holds (letter) {
        letter -> Text,
        document_id -> Text,
        round -> Integer,
        state -> Text,
        sent_as -> Text,
        fetched_at -> Timestamp,
        reason -> Nullable<Text>,
        new_return_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    letter_exchange (letter, seq) {
        letter -> Text,
        seq -> BigInt,
        repeat_key -> Text,
        at -> Timestamp,
        actor -> Text,
        kind -> Text,
        code -> Text,
        effect -> Text,
        told -> Text,
    }
}

diesel::table! {
    signed_papers (letter) {
        letter -> Text,
        name -> Text,
        content_type -> Text,
        content -> Binary,
        sha256 -> Text,
        received_at -> Timestamp,
    }
}

diesel::table! {
    outbox (place) {
        place -> BigInt,
        dossier -> Text,
        seq -> BigInt,
        name -> Text,
        agency -> Text,
        received_by -> Text,
        former_agency -> Nullable<Text>,
        imported -> Bool,
        trace -> Nullable<Text>,
    }
}

diesel::table! {
    changes (position) {
        position -> BigInt,
        dossier -> Text,
        seq -> BigInt,
        name -> Text,
        agency -> Text,
        received_by -> Text,
        former_agency -> Nullable<Text>,
        imported -> Bool,
        trace -> Nullable<Text>,
    }
}

diesel::table! {
    feed_head (id) {
        id -> Integer,
        last -> BigInt,
    }
}

diesel::table! {
    reference_state (id) {
        id -> Integer,
        stamp -> BigInt,
    }
}

diesel::table! {
    feed_readers (name) {
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (caller, route, key) {
        caller -> Text,
        route -> Text,
        key -> Text,
        body_hash -> Text,
        status -> SmallInt,
        headers -> Text,
        answer -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        password_hash -> Text,
        role -> Text,
        agency -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
        disabled -> Bool,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        refresh_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        retry_hash -> Nullable<Text>,
        retry_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    spent_tokens (refresh_hash) {
        refresh_hash -> Text,
        session -> Text,
        spent_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_failures (subject) {
        subject -> Text,
        failures -> Integer,
        last_at -> Timestamp,
        locked_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        name -> Text,
        secret_hash -> Text,
        scopes -> Text,
        agency -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
        disabled -> Bool,
        old_secret_hash -> Nullable<Text>,
        old_secret_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    reports (id) {
        id -> Text,
        kind -> Text,
        agency -> Nullable<Text>,
        period_from -> Date,
        period_to -> Date,
        as_of -> Timestamp,
        open -> Bool,
        figures -> Text,
        sheet -> Binary,
        frozen_by -> Text,
        frozen_at -> Timestamp,
    }
}

diesel::table! {
    files (id) {
        id -> Text,
        dossier -> Text,
        kind -> Text,
        name -> Text,
        component -> Nullable<Text>,
        content_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        scan -> Text,
        uploaded_by -> Text,
        uploaded_at -> Timestamp,
    }
}

diesel::table! {
    file_claims (id) {
        id -> Text,
        sha256 -> Text,
        claimed_at -> Timestamp,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        until -> Timestamp,
    }
}

diesel::table! {
    balance_stamps (at) {
        at -> Timestamp,
        struck -> Bool,
        run -> Text,
    }
}

diesel::table! {
    balance_gate (id) {
        id -> Integer,
    }
}

diesel::table! {
    balances (at, scope, field, level, channel) {
        at -> Timestamp,
        scope -> Text,
        field -> Text,
        level -> Text,
        channel -> Text,
        received -> Integer,
        early -> Integer,
        on_time -> Integer,
        late -> Integer,
        late_with_letter -> Integer,
        overdue -> Integer,
        overdue_with_letter -> Integer,
        paused -> Integer,
    }
}

diesel::table! {
    balance_corrections (id) {
        id -> Text,
        at -> Timestamp,
        agency -> Text,
        field -> Text,
        level -> Text,
        channel -> Text,
        received -> Integer,
        early -> Integer,
        on_time -> Integer,
        late -> Integer,
        late_with_letter -> Integer,
        overdue -> Integer,
        overdue_with_letter -> Integer,
        paused -> Integer,
    }
}

diesel::table! {
    audit_queue (place) {
        place -> BigInt,
        id -> Text,
        entry -> Text,
    }
}

diesel::table! {
    audit (position) {
        position -> BigInt,
        hash -> Text,
        id -> Text,
        at -> Timestamp,
        actor -> Nullable<Text>,
        actor_name -> Nullable<Text>,
        role -> Nullable<Text>,
        actor_agency -> Nullable<Text>,
        address -> Nullable<Text>,
        request -> Nullable<Text>,
        action -> Text,
        resource -> Nullable<Text>,
        part -> Nullable<Text>,
        agency -> Nullable<Text>,
        received_by -> Nullable<Text>,
        outcome -> Text,
        reason -> Nullable<Text>,
        row_count -> Nullable<BigInt>,
        on_behalf_of -> Nullable<Text>,
    }
}

diesel::table! {
    audit_head (id) {
        id -> Integer,
        position -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    data_keys (id) {
        id -> Text,
        proof -> Text,
    }
}

diesel::table! {
    personal_reads (dossier, after_seq, id) {
        dossier -> Text,
        after_seq -> BigInt,
        id -> Text,
        reader -> Text,
        reader_name -> Text,
        what -> Text,
        read_at -> Timestamp,
    }
}

diesel::table! {
    rounds (name) {
        name -> Text,
        ended_at -> Timestamp,
        milliseconds -> BigInt,
    }
}

diesel::table! {
    register_rows (register, key) {
        register -> Text,
        key -> Text,
        dossier -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query! {
    audit_queue, audit, audit_head, agencies, agency_tree, fields, procedures, procedure_versions, decisions,
    decision_items, processing_times, processing_quarters, calendar_years, office_hours, closures, code_counters,
    dossiers, past_spans, journal, letters, letter_holds, letter_exchange, signed_papers, outbox, changes,
    feed_head, feed_readers, webhooks, deliveries, idempotency_keys, users, sessions, spent_tokens,
    sign_in_failures, clients, reports, files, file_claims, leases, balance_stamps, balance_gate,
    balances, balance_corrections, data_keys, personal_reads, portal_tellings, agency_successors, agency_lineage,
    fees, payments, transfers, errands, feedback, ratings, reception_visits, reception_subjects, plans, plan_tasks,
    plan_task_notes, warnings, mandates, hand_offs, register_rows, reference_state, rounds,
}
