//! A clerk who takes one dossier after the other through its life, and tries again under the same key what got no answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::service::{Answer, Service};

/// What a dossier and its letter have come to, as acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: String,
    pub(crate) letter: Option<(String, String)>,
}

/// One request that is to take effect once.
#[derive(Debug, Clone)]
struct Deed {
    key: String,
    path: String,
    body: Value,
}

pub(crate) struct Clerk {
    name: usize,
    deeds: usize,
    /// Sent, and not acknowledged yet.
    pending: Option<Deed>,
    /// The one at hand, and how far it has come.
    code: String,
    step: usize,
    /// How often something in doubt was tried again, and how often it turned out to have been done.
    pub(crate) doubts: (usize, usize),
    /// What was acknowledged.
    pub(crate) dossiers: BTreeMap<String, Standing>,
}

/// The steps of a dossier's life.
const STEPS: usize = 6;

impl Clerk {
    pub(crate) fn new(name: usize) -> Self {
        Self { name, deeds: 0, pending: None, code: String::new(), step: 0, doubts: (0, 0), dossiers: BTreeMap::new() }
    }

    /// Does the next thing, or the last once more; whether it was acknowledged.
    pub(crate) async fn act(&mut self, service: &Service) -> bool {
        let again = self.is_in_doubt();
        let deed = match &self.pending {
            Some(deed) => deed.clone(),
            None => self.next(),
        };
        self.pending = Some(deed.clone());
        let Some(answer) = service.post(&deed.path, &deed.key, &deed.body).await else { return false };
        if answer.is_put_off() {
            return false;
        }
        // One whose first request still runs in a process that is gone finds that out by itself.
        self.acknowledged(&answer);
        self.doubts.0 += usize::from(again);
        self.doubts.1 += usize::from(answer.replayed);
        true
    }

    /// Whether something was sent and never acknowledged.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.pending.is_some()
    }

    /// The dossier at hand.
    pub(crate) fn at_hand(&self) -> Option<&str> {
        Some(self.code.as_str()).filter(|code| !code.is_empty())
    }

    fn next(&mut self) -> Deed {
        self.deeds += 1;
        let code = &self.code;
        let moves = |to: &str| (format!("/v1/dossiers/{code}/transitions"), json!({"to": to}));
        let letter = |verb: &str| {
            let (id, _) = self.dossiers[code].letter.as_ref().unwrap();
            format!("/v1/apology-letters/{id}/{verb}")
        };
        let (path, body) = match self.step {
            0 => {
                let applicant = json!({"kind": "citizen", "name": format!("Người thử {}", self.deeds)});
                let body =
                    json!({"procedure": "1.001739", "agency": "H16", "channel": "direct", "applicant": applicant});
                ("/v1/dossiers".to_owned(), body)
            }
            1 => moves("processing"),
            2 => (
                format!("/v1/dossiers/{code}/apology-letters"),
                json!({"kind": "lost", "reason": "Xin lỗi vì làm mất"}),
            ),
            3 => (letter("submit"), json!({})),
            4 => {
                let number = self.name * 1_000_000 + self.deeds;
                let signer = json!({"name": "Đặng Văn Ưởng", "position": "Giám đốc"});
                let body =
                    json!({"number": number, "notation": "PXL", "promulgated_on": day_of(code), "signer": signer});
                (letter("issue"), body)
            }
            _ => moves("finished"),
        };
        Deed { key: format!("{}-{}", self.name, self.deeds), path, body }
    }

    #[track_caller]
    fn acknowledged(&mut self, answer: &Answer) {
        let body = answer.good();
        self.pending = None;
        match self.step {
            0 => {
                self.code = body["code"].as_str().unwrap().to_owned();
                let before =
                    self.dossiers.insert(self.code.clone(), Standing { status: "received".into(), letter: None });
                assert_eq!(before, None, "a code given twice");
            }
            1 | 5 => {
                let status = body["status"].as_str().unwrap().to_owned();
                self.dossiers.get_mut(&self.code).unwrap().status = status;
            }
            _ => {
                let member = |name: &str| body[name].as_str().unwrap().to_owned();
                self.dossiers.get_mut(&self.code).unwrap().letter = Some((member("id"), member("status")));
            }
        }
        self.step = (self.step + 1) % STEPS;
    }

    /// What the service says of a dossier now; what it was acknowledged to be at least.
    pub(crate) async fn check(&self, service: &Service, code: &str) {
        let known = &self.dossiers[code];
        let dossier = service.get(&format!("/v1/dossiers/{code}")).await.good();
        let letter = match &known.letter {
            None => None,
            Some((id, _)) => {
                let letter = service.get(&format!("/v1/apology-letters/{id}")).await.good();
                Some((id.clone(), letter["status"].as_str().unwrap().to_owned()))
            }
        };
        let found = Standing { status: dossier["status"].as_str().unwrap().to_owned(), letter };
        if found != *known {
            // What is in doubt may have been done.
            assert!(self.is_in_doubt() && self.code == code, "{code}: acknowledged {known:?}, found {found:?}");
            let after = match self.step {
                1 => Standing { status: "processing".into(), ..known.clone() },
                5 => Standing { status: "finished".into(), ..known.clone() },
                3 => Standing { letter: known.letter.clone().map(|(id, _)| (id, "submitted".into())), ..known.clone() },
                _ => Standing { letter: known.letter.clone().map(|(id, _)| (id, "issued".into())), ..known.clone() },
            };
            assert_eq!(found, after, "{code}, half done");
        }
    }
}

/// The day in a dossier's code, as a date.
fn day_of(code: &str) -> String {
    let day = code.split('-').nth(1).unwrap();
    format!("20{}-{}-{}", &day[..2], &day[2..4], &day[4..])
}
