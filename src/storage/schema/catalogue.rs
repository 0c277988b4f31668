//! The tables of the announced catalogue beside its procedures.

diesel::table! {
    decisions (id) {
        id -> Text,
        number -> Text,
        decided_on -> Date,
        issuer -> Text,
        agency -> Nullable<Text>,
        summary -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    decision_items (decision, place) {
        decision -> Text,
        place -> Integer,
        change -> Text,
        procedure_code -> Text,
        procedure_version -> BigInt,
        effective_on -> Date,
    }
}

diesel::table! {
    processing_times (quarter, procedure_code, days) {
        quarter -> Text,
        procedure_code -> Text,
        days -> Integer,
        ended -> BigInt,
        on_time -> BigInt,
    }
}

diesel::table! {
    processing_quarters (quarter) {
        quarter -> Text,
        derived_at -> Timestamp,
    }
}
