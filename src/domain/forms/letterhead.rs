//! Who issues a paper: the agency and the one above it, with what stands at the top of its papers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::text::Head;
use super::wording::{capitals, place_and_date};
use crate::domain::vocabulary::AgencyCode;

/// What an agency's papers say of it beside its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imprint {
    /// Place of its papers (địa danh), e.g. `Đắk Nông`.
    pub place: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Its abbreviation in notations, e.g. `SLĐTBXH`.
    pub symbol: Option<String>,
}

/// The agency that issues a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letterhead {
    /// Its identifier; `None` for a paper of all agencies.
    pub code: Option<AgencyCode>,
    /// Its name.
    pub agency: String,
    /// Name of the agency above it.
    pub governing: Option<String>,
    /// Its own, with the place of the nearest agency above it where it has none.
    #[serde(flatten)]
    pub imprint: Imprint,
}

const NATION: &str = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM";
const MOTTO: &str = "Độc lập - Tự do - Hạnh phúc";
const UNIT: &str = "Bộ phận Tiếp nhận và Trả kết quả";
/// How the names of agencies that are nothing but a one-stop shop begin (Decree 118/2025 art. 7).
const CENTRE: &str = "trung tâm phục vụ hành chính công";

impl Letterhead {
    /// A letterhead to be filled in, for a paper of all agencies.
    pub fn blank() -> Self {
        Self {
            code: None, agency: "……………………………".to_owned(), governing: None, imprint: Imprint::default()
        }
    }

    /// Whether the agency is a one-stop shop itself, and has none.
    fn is_centre(&self) -> bool {
        self.agency.to_lowercase().starts_with(CENTRE)
    }

    /// The one-stop shop of the agency by its name.
    pub fn unit(&self) -> String {
        if self.is_centre() { self.agency.clone() } else { format!("{UNIT} {}", self.agency) }
    }

    /// The one-stop shop with its address, where that is known.
    pub fn unit_and_address(&self) -> String {
        match &self.imprint.address {
            Some(address) => format!("{} ({address})", self.unit()),
            None => self.unit(),
        }
    }

    /// The one-stop shop in notations.
    pub fn unit_symbol(&self) -> &'static str {
        if self.is_centre() { "TTPVHCC" } else { "BPTNTKQ" }
    }

    /// The agency in notations, to be filled in where it has no abbreviation.
    pub fn symbol(&self) -> &str {
        self.imprint.symbol.as_deref().unwrap_or("……")
    }

    /// The head of a paper that the agency issues.
    pub fn head(&self, number: String, date: Option<NaiveDate>) -> Head {
        self.head_of(self.governing.as_deref().map(capitals), capitals(&self.agency), number, date)
    }

    /// The head of a paper that its one-stop shop issues, which the agency governs.
    pub fn head_of_unit(&self, number: String, date: Option<NaiveDate>) -> Head {
        if self.is_centre() {
            return self.head(number, date);
        }
        self.head_of(Some(capitals(&self.agency)), capitals(UNIT), number, date)
    }

    fn head_of(&self, governing: Option<String>, issuer: String, number: String, date: Option<NaiveDate>) -> Head {
        let place_and_date = place_and_date(self.imprint.place.as_deref(), date);
        Head { governing, issuer, nation: NATION, motto: MOTTO, number, place_and_date }
    }
}
