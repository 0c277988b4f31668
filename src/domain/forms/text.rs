//! A printed paper as its sentences and fields: the one definition of the text that PDF and DOCX writers lay out.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Form, FormSet, PageSize};
use crate::domain::vocabulary::AgencyCode;

/// Everything that stands on a paper, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// The agency whose paper it is; `None` for one of all agencies.
    pub agency: Option<AgencyCode>,
    /// What kind of paper.
    pub form: Form,
    /// The set its form belongs to.
    pub set: FormSet,
    /// The sheet.
    pub size: PageSize,
    /// Number of the form and the circular that issued it; none for papers that no form is set for.
    pub form_label: Option<String>,
    /// What tells this paper from all others of its form, e.g. the code of its dossier.
    pub identity: String,
    /// The day of the paper; a draft has none.
    pub date: Option<NaiveDate>,
    /// The two blocks at the top.
    pub head: Head,
    /// Title in capitals.
    pub title: String,
    /// What it is about, below the title.
    pub subtitle: Option<String>,
    /// The text.
    pub body: Vec<Block>,
    /// Who signs, from left to right.
    pub signatures: Vec<Signature>,
    /// To whom copies go (nơi nhận).
    pub recipients: Vec<String>,
    /// Remarks in small print at the end.
    pub notes: Vec<String>,
    /// What the QR code says and, when it is an address, where it leads.
    pub look_up: Option<LookUp>,
    /// Printed across the page: it is not in force.
    pub mark: Option<String>,
}

/// The national name, the motto and the block of the agency (Decree 30/2020, appendix I).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The governing agency, in capitals.
    pub governing: Option<String>,
    /// Who issues, in capitals.
    pub issuer: String,
    /// The national name.
    pub nation: &'static str,
    /// The motto.
    pub motto: &'static str,
    /// Number and notation.
    pub number: String,
    /// Place and date.
    pub place_and_date: String,
}

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// To whom it is written.
    Addressee {
        /// E.g. `Kính gửi:`.
        label: &'static str,
        /// Name.
        name: String,
    },
    /// Fields on one line.
    Fields {
        /// From left to right.
        fields: Vec<Field>,
    },
    /// The heading of what comes after it.
    Heading {
        /// Its text.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// Its text.
        text: String,
    },
    /// Numbered items.
    Items {
        /// In order.
        items: Vec<String>,
    },
    /// A table.
    Table(Table),
}

/// A field of a form; without a value it has a dotted line to write on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name, with the colon.
    pub label: String,
    /// Its value.
    pub value: Option<String>,
    /// Whether the value stands out.
    pub strong: bool,
}

/// A table with a line of column numbers where the form has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// A common heading over some columns.
    pub group: Option<Group>,
    /// Whether columns are numbered below their headings.
    pub numbered: bool,
    /// Rows of cells; a line break within a cell is a `\n`.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Heading.
    pub heading: &'static str,
    /// Share of the width.
    pub width: u16,
    /// Whether cells are centred.
    pub centred: bool,
}

/// A common heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The first column under it, from 0.
    pub first: usize,
    /// How many.
    pub count: usize,
    /// Heading.
    pub heading: &'static str,
}

/// A place to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// In what capacity, in capitals; one line each.
    pub capacity: Vec<String>,
    /// What to do there.
    pub hint: Option<&'static str>,
    /// Full name of who signs, where it is known.
    pub name: Option<String>,
}

/// How the applicant looks the dossier up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookUp {
    /// What the QR code says.
    pub content: String,
    /// What stands beside it.
    pub caption: String,
}

impl Paper {
    /// An empty paper of a form, with its label and sheet.
    pub fn new(
        agency: Option<AgencyCode>,
        form: Form,
        set: FormSet,
        identity: String,
        head: Head,
        title: String,
    ) -> Self {
        let form_label = form.number(set).map(|number| format!("Mẫu số {number:02} - {}", set.circular()));
        Self {
            agency,
            form,
            set,
            size: form.size(set),
            form_label,
            identity,
            date: None,
            head,
            title,
            subtitle: None,
            body: Vec::new(),
            signatures: Vec::new(),
            recipients: Vec::new(),
            notes: Vec::new(),
            look_up: None,
            mark: None,
        }
    }
}

impl Block {
    /// A paragraph.
    pub fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph { text: text.into() }
    }

    /// A field with a line to itself.
    pub fn field(label: impl Into<String>, value: Option<String>) -> Self {
        Self::Fields { fields: vec![Field::new(label, value)] }
    }

    /// A field with a line to itself whose value stands out.
    pub fn strong(label: impl Into<String>, value: Option<String>) -> Self {
        Self::Fields { fields: vec![Field { strong: true, ..Field::new(label, value) }] }
    }

    /// Two fields on a line.
    pub fn pair(left: Field, right: Field) -> Self {
        Self::Fields { fields: vec![left, right] }
    }
}

impl Field {
    /// A field.
    pub fn new(label: impl Into<String>, value: Option<String>) -> Self {
        Self { label: label.into(), value, strong: false }
    }
}

impl Signature {
    /// A place to sign by hand.
    pub fn by_hand(capacity: &str, name: Option<String>) -> Self {
        Self { capacity: vec![capacity.to_owned()], hint: Some("(Ký và ghi rõ họ tên)"), name }
    }
}
