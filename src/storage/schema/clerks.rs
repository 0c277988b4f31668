//! The table of warnings.

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
