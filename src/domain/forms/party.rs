//! The parties of a paper: who applies, as the forms name and address them.

use serde::Serialize;

use super::FormSet;
use super::text::{Block, Field};
use crate::domain::papers::{Applicant, Submitter};
use crate::domain::vocabulary::ApplicantKind;

/// Who applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Citizen, business, state body or other organisation.
    pub kind: ApplicantKind,
    /// Full name.
    pub name: String,
    /// Personal or organisation identifier.
    pub identity_no: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

impl From<&Applicant> for Party {
    fn from(applicant: &Applicant) -> Self {
        let Applicant { kind, name, identity_no, phone, email, address } = applicant.clone();
        Self { kind, name, identity_no, address, phone, email }
    }
}

impl Party {
    /// How it is addressed.
    pub const fn address_form(&self) -> &'static str {
        match self.kind {
            ApplicantKind::Citizen => "Ông/Bà",
            ApplicantKind::Business => "Quý doanh nghiệp",
            ApplicantKind::StateBody => "Quý cơ quan",
            ApplicantKind::Organisation => "Quý tổ chức",
        }
    }

    /// Its name in a sentence: citizens with their form of address.
    pub fn named(&self) -> String {
        match self.kind {
            ApplicantKind::Citizen => format!("Ông/Bà {}", self.name),
            ApplicantKind::Business | ApplicantKind::StateBody | ApplicantKind::Organisation => self.name.clone(),
        }
    }

    /// What the form calls it.
    pub const fn label(&self) -> &'static str {
        match self.kind {
            ApplicantKind::Citizen => "Ông/Bà",
            ApplicantKind::Business | ApplicantKind::StateBody | ApplicantKind::Organisation => "Tổ chức",
        }
    }

    /// What the form calls its identifier.
    pub const fn identity_label(&self) -> &'static str {
        match self.kind {
            ApplicantKind::Citizen => "Số định danh cá nhân",
            ApplicantKind::Business | ApplicantKind::StateBody | ApplicantKind::Organisation => "Số định danh tổ chức",
        }
    }

    /// Its identifier as a field; the forms of 2018 have none.
    pub fn identity_field(&self, set: FormSet) -> Option<Block> {
        let field = || Block::field(format!("{}:", self.identity_label()), self.identity_no.clone());
        (set == FormSet::Of2025).then(field)
    }

    /// Address, telephone and e-mail as the forms have them.
    pub fn contact_fields(&self) -> [Block; 2] {
        [
            Block::field("Địa chỉ:", self.address.clone()),
            Block::pair(Field::new("Số điện thoại:", self.phone.clone()), Field::new("Email:", self.email.clone())),
        ]
    }
}

/// Who handed it in on the owner's authority, in a line.
pub fn authorised(submitter: &Submitter) -> String {
    let Submitter { name, identity_no, phone, authorisation } = submitter;
    let parts = [
        Some(name.clone()),
        identity_no.as_ref().map(|number| format!("số định danh {number}")),
        phone.as_ref().map(|phone| format!("điện thoại {phone}")),
        authorisation.as_ref().map(|paper| format!("giấy tờ ủy quyền: {paper}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
