//! The lives that dossiers lead, step by step (contract section 3), and what the portal must know at their end.

use serde_json::{Value, json};

/// A life.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// Filed online, to be examined.
    pub(crate) online: bool,
    pub(crate) steps: Vec<Step>,
    /// `TrangThaiHoSo` at its end (domain facts 3.3).
    pub(crate) status: &'static str,
    /// `KenhThucHien` at its end.
    pub(crate) channel: &'static str,
    /// How many supplements it had.
    pub(crate) supplements: usize,
    /// The codes of its steps: `TrangThai`, one for each move.
    pub(crate) told: Vec<&'static str>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A transition.
    Move(Value),
    /// A merge patch.
    Edit(Value),
    /// A correction.
    Correct(Value),
    Void,
}

fn to(word: &str) -> Step {
    let needs_reason = !matches!(word, "received" | "registered" | "processing" | "finished" | "returned");
    Step::Move(if needs_reason { json!({"to": word, "reason": "Thiếu giấy tờ"}) } else { json!({"to": word}) })
}

fn moves(words: &str) -> Vec<Step> {
    words.split_whitespace().map(to).collect()
}

fn life(steps: Vec<Step>, told: &'static str) -> Life {
    let told: Vec<&str> = told.split_whitespace().collect();
    let status = told.last().copied().unwrap();
    Life { online: false, steps, status, channel: "1", supplements: 0, told }
}

fn online(life: Life) -> Life {
    Life { online: true, channel: "2", ..life }
}

/// Ten lives; the codes are written from domain facts 3.3.
pub(crate) fn lives() -> Vec<Life> {
    let supplements = |life, supplements| Life { supplements, ..life };
    let twelve = "processing supplement_required processing supplement_required processing supplement_required processing \
                  supplement_required processing supplement_required processing finished returned";
    vec![
        life(moves("processing finished returned"), "2 4 9 10"),
        supplements(life(moves("processing supplement_required processing finished returned"), "2 4 5 4 9 10"), 1),
        life(moves("processing payment_required processing finished"), "2 4 6 4 9"),
        life(moves("withdrawn"), "2 7"),
        online(life(moves("received processing stopped"), "1 2 4 8")),
        online(life(moves("rejected"), "1 3")),
        supplements(online(life(moves("supplement_required registered received processing"), "1 5 1 2 4")), 1),
        supplements(life(moves(twelve), "2 4 5 4 5 4 5 4 5 4 5 4 9 10"), 5),
        {
            let mut steps = moves("finished reopen processing");
            steps.push(Step::Edit(json!({"note": "Chờ xác minh", "summary": "Đề nghị hưởng trợ cấp"})));
            steps.extend(moves("finished"));
            life(steps, "2 9 2 4 9")
        },
        {
            let mut steps = moves("processing");
            steps.push(Step::Correct(json!({"channel": "postal", "reason": "Nhập nhầm"})));
            steps.push(Step::Void);
            // What was entered by mistake has no code of its own: it is told as stopped.
            Life { channel: "3", ..life(steps, "2 4 8") }
        },
    ]
}
