//! The tables of what goes out: webhooks with their deliveries, and what the national portal was told.

diesel::table! {
    webhooks (id) {
        id -> Text,
        url -> Text,
        description -> Nullable<Text>,
        events -> Text,
        agency -> Nullable<Text>,
        active -> Bool,
        switched_off -> Nullable<Text>,
        secret -> Text,
        old_secret -> Nullable<Text>,
        old_secret_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
        sealed -> Nullable<Text>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        line -> Text,
        place -> BigInt,
        aside -> Bool,
        kind -> Text,
        dossier -> Nullable<Text>,
        seq -> Nullable<BigInt>,
        body -> Text,
        status -> Text,
        attempts -> Integer,
        queued_at -> Timestamp,
        due_at -> Nullable<Timestamp>,
        attempted_at -> Nullable<Timestamp>,
        response -> Nullable<Integer>,
        fault -> Nullable<Text>,
        created_at -> Timestamp,
        trace -> Nullable<Text>,
    }
}

diesel::table! {
    portal_tellings (dossier) {
        dossier -> Text,
        known -> Bool,
        changed_seq -> BigInt,
        record_seq -> BigInt,
        progress_seq -> BigInt,
        status -> Text,
        since -> Nullable<Timestamp>,
        attempts -> Integer,
        refusals -> Integer,
        due_at -> Nullable<Timestamp>,
        attempted_at -> Nullable<Timestamp>,
        told_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        version -> BigInt,
    }
}
