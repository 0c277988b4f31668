//! The words of the domain as the API document shows them.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::deadline::Unit;
use crate::domain::delivery::DeliveryStatus;
use crate::domain::errand::ErrandStatus;
use crate::domain::exchange::{Effect, EntryKind, OfficeResult, Waiting};
use crate::domain::feedback::{FeedbackChannel, FeedbackKind, FeedbackStatus, Finding};
use crate::domain::fees::{Collection, FeeKind, PaymentMethod};
use crate::domain::plan::TaskState;
use crate::domain::procedure::OldOnlineLevel;
use crate::domain::rating::Aspect;
use crate::domain::reception::{Session, Subject, VisitOutcome};
use crate::domain::vocabulary::{
    AgencyLevel, ApplicantKind, CatalogueChange, Channel, DeliveryMethod, FileKind, LetterChannel, LetterKind,
    LetterStatus, OnlineLevel, Outcome, ProcedureLevel, ReportKind, Role, Scan, Scope, Status,
};

macro_rules! word_schemas {
    ($($name:ident),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = Self::ALL.iter().map(|word| word.as_str());
                ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

word_schemas!(
    AgencyLevel,
    ApplicantKind,
    CatalogueChange,
    Aspect,
    Channel,
    Collection,
    DeliveryMethod,
    FeeKind,
    FileKind,
    OldOnlineLevel,
    FeedbackChannel,
    FeedbackKind,
    FeedbackStatus,
    Finding,
    Effect,
    EntryKind,
    ErrandStatus,
    DeliveryStatus,
    LetterChannel,
    LetterKind,
    LetterStatus,
    OfficeResult,
    OnlineLevel,
    Outcome,
    PaymentMethod,
    ProcedureLevel,
    ReportKind,
    Role,
    Scan,
    Scope,
    Session,
    Status,
    Subject,
    TaskState,
    Unit,
    VisitOutcome,
    Waiting,
);
