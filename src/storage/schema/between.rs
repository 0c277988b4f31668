//! The tables of money and of what passes between agencies and officers.

diesel::table! {
    transfers (id) {
        id -> Text,
        dossier -> Text,
        from_agency -> Text,
        to_agency -> Text,
        due_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        sent_by -> Nullable<Text>,
        note -> Nullable<Text>,
        confirm_due_at -> Nullable<Timestamp>,
        confirmed_at -> Nullable<Timestamp>,
        confirmed_by -> Nullable<Text>,
    }
}

diesel::table! {
    hand_offs (id) {
        id -> Text,
        dossier -> Text,
        giver -> Text,
        receiver -> Nullable<Text>,
        note -> Nullable<Text>,
        offered_at -> Timestamp,
        offered_by -> Text,
        status -> Text,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    errands (id) {
        id -> Text,
        kind -> Text,
        dossier -> Text,
        agency -> Text,
        subject -> Text,
        started_at -> Timestamp,
        started_by -> Text,
        due_at -> Timestamp,
        late_from -> Timestamp,
        status -> Text,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
        ended_class -> Nullable<Text>,
        outcome -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    fees (id) {
        id -> Text,
        dossier -> Text,
        demand -> Integer,
        place -> Integer,
        name -> Text,
        code -> Nullable<Text>,
        kind -> Text,
        collection -> Text,
        amount -> BigInt,
        awaited -> Bool,
        demanded_at -> Timestamp,
        demanded_by -> Text,
        exempted -> Nullable<BigInt>,
        exempted_at -> Nullable<Timestamp>,
        exempted_by -> Nullable<Text>,
        exemption_reason -> Nullable<Text>,
    }
}

diesel::table! {
    payments (id) {
        id -> Text,
        dossier -> Text,
        demand -> Integer,
        amount -> BigInt,
        paid_at -> Timestamp,
        method -> Text,
        receipt_number -> Text,
        proof_file -> Nullable<Text>,
        recorded_at -> Timestamp,
        recorded_by -> Text,
        refunded -> Nullable<BigInt>,
        refunded_at -> Nullable<Timestamp>,
        refunded_by -> Nullable<Text>,
        refund_reason -> Nullable<Text>,
    }
}
