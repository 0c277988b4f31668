//! The tables of warnings and of mandates.

diesel::table! {
    warnings (id) {
        id -> Text,
        dossier -> Text,
        due_at -> Timestamp,
        side -> Text,
        amount -> Integer,
        unit -> Text,
        to_assignee -> Bool,
        to_leader -> Bool,
        reached_at -> Timestamp,
        given_at -> Timestamp,
        acknowledged_at -> Nullable<Timestamp>,
        acknowledged_by -> Nullable<Text>,
    }
}

diesel::table! {
    mandates (id) {
        id -> Text,
        absent -> Text,
        stand_in -> Text,
        first_day -> Date,
        last_day -> Date,
        reason -> Text,
        given_at -> Timestamp,
        given_by -> Text,
        revoked_at -> Nullable<Timestamp>,
        revoked_by -> Nullable<Text>,
    }
}
