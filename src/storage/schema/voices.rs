//! The tables of what citizens say, of receptions and of plans.

diesel::table! {
    feedback (id) {
        id -> Text,
        agency -> Text,
        kind -> Text,
        channel -> Text,
        procedure_code -> Nullable<Text>,
        dossier -> Nullable<Text>,
        content -> Text,
        sender_name -> Nullable<Text>,
        sender_phone -> Nullable<Text>,
        sender_email -> Nullable<Text>,
        sender_address -> Nullable<Text>,
        assignee -> Nullable<Text>,
        note -> Nullable<Text>,
        status -> Text,
        received_at -> Timestamp,
        acceptance_due_on -> Nullable<Date>,
        last_move_at -> Timestamp,
        due_at -> Nullable<Timestamp>,
        late_from -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        ended_class -> Nullable<Text>,
        answer -> Nullable<Text>,
        finding -> Nullable<Text>,
        answered_by -> Nullable<Text>,
        reason -> Nullable<Text>,
        forwarded_to -> Nullable<Text>,
        recorded_by -> Text,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    ratings (dossier) {
        dossier -> Text,
        score -> Integer,
        aspects -> Text,
        comment -> Nullable<Text>,
        rated_at -> Timestamp,
    }
}

diesel::table! {
    reception_visits (id) {
        id -> Text,
        agency -> Text,
        visited_on -> Date,
        session -> Text,
        host_name -> Text,
        host_position -> Nullable<Text>,
        people -> Integer,
        visitor_name -> Nullable<Text>,
        visitor_phone -> Nullable<Text>,
        visitor_email -> Nullable<Text>,
        visitor_address -> Nullable<Text>,
        content -> Text,
        outcome -> Text,
        forwarded_to -> Nullable<Text>,
        note -> Nullable<Text>,
        recorded_by -> Text,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    reception_subjects (visit, subject) {
        visit -> Text,
        subject -> Text,
    }
}

diesel::table! {
    plans (id) {
        id -> Text,
        agency -> Text,
        number -> Text,
        promulgated_on -> Date,
        title -> Text,
        period -> Text,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    plan_tasks (id) {
        id -> Text,
        plan -> Text,
        agency -> Text,
        officer -> Nullable<Text>,
        title -> Text,
        product -> Nullable<Text>,
        assigned_at -> Timestamp,
        due_on -> Date,
        late_from -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_class -> Nullable<Text>,
        evidence -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    plan_task_notes (id) {
        id -> Text,
        task -> Text,
        written_at -> Timestamp,
        written_by -> Text,
        text -> Text,
    }
}
