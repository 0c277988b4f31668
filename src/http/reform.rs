//! The report on administrative reform of a period, with the query behind each of its numbers.

use std::fmt::Write as _;

use actix_web::{HttpResponse, get};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, blocking};
use super::input::Query;
use super::papers::{Kind, hand_out};
use super::problem::{Problem, ProblemBody};
use super::reports::Asked;
use super::statistics::as_of;
use crate::domain::reform::{Number, Part, Piece, ReformFigures, Source};
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{AgencyCode, ProcedureLevel};
use crate::flow::{Fault, reform};
use crate::storage::Reader;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_reform_report).service(get_reform_report_docx).service(get_reform_report_pdf);
}

/// A report on administrative reform.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReformReportView {
    /// The agency, with those below it; null for all.
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// The period.
    #[schema(value_type = PeriodView)]
    period: Period,
    /// The last instant looked at.
    as_of: String,
    /// Its sections, in order.
    sections: Vec<SectionView>,
}

/// A period.
#[derive(Debug, Serialize, ToSchema)]
struct PeriodView {
    /// First day.
    from: chrono::NaiveDate,
    /// Last day.
    to: chrono::NaiveDate,
}

/// A section.
#[derive(Debug, Serialize, ToSchema)]
struct SectionView {
    /// procedures, dossiers, letters, reception, feedback, tasks.
    name: &'static str,
    /// Its heading.
    title: &'static str,
    /// Its paragraphs.
    paragraphs: Vec<ParagraphView>,
}

/// A paragraph.
#[derive(Debug, Serialize, ToSchema)]
struct ParagraphView {
    /// As it is read.
    text: String,
    /// The numbers in it, in their order.
    figures: Vec<FigureView>,
}

/// A number.
#[derive(Debug, Serialize, ToSchema)]
struct FigureView {
    /// How many; a rate is a text with two decimals.
    value: Value,
    /// As it stands in the text.
    text: String,
    /// The query that gives it.
    #[schema(example = "/v1/statistics/plan-tasks?from=2022-12-15&to=2023-06-14")]
    query: String,
    /// Where it stands in the answer (JSON Pointer).
    #[schema(example = "/total/states/done")]
    pointer: String,
}

impl ReformReportView {
    /// The report in the API's form.
    pub fn of(agency: Option<AgencyCode>, as_of: String, figures: &ReformFigures) -> Self {
        let period = figures.period;
        let mut narrowed = format!("from={}&to={}", period.from, period.to);
        if let Some(agency) = &agency {
            // Writing to a text cannot fail.
            let _ = write!(narrowed, "&agency={agency}");
        }
        let figure = |number: &Number, source: Source| {
            let (path, pointer) = place(source, figures);
            FigureView {
                value: match number {
                    Number::Count(count) => json!(count),
                    Number::Percent(percent) => json!(percent),
                },
                text: number.written(),
                query: format!("{path}?{narrowed}"),
                pointer,
            }
        };
        let sections = figures.sections().into_iter().map(|section| SectionView {
            name: section.name,
            title: section.title,
            paragraphs: (section.paragraphs.iter())
                .map(|paragraph| ParagraphView {
                    text: paragraph.text(),
                    figures: (paragraph.pieces().iter())
                        .filter_map(|piece| match piece {
                            Piece::Words(_) => None,
                            Piece::Number(number, source) => Some(figure(number, *source)),
                        })
                        .collect(),
                })
                .collect(),
        });
        Self { sections: sections.collect(), agency, period, as_of }
    }
}

/// The route that gives a figure, and where in its answer.
fn place(source: Source, figures: &ReformFigures) -> (&'static str, String) {
    const CATALOGUE: &str = "/v1/statistics/catalogue";
    const STATISTICS: &str = "/v1/statistics";
    const RECEPTION: &str = "/v1/statistics/reception";
    const RATINGS: &str = "/v1/statistics/ratings";
    // Tiers stand in the answer in their order, those without anything left out.
    let row = |level: ProcedureLevel, has: &dyn Fn(ProcedureLevel) -> bool| {
        ProcedureLevel::ALL.iter().take_while(|other| **other != level).filter(|other| has(**other)).count()
    };
    match source {
        Source::InForce(None) => (CATALOGUE, "/in_force/total".to_owned()),
        Source::InForce(Some(level)) => {
            let row = row(level, &|level| figures.inventory.levels.contains_key(&level));
            (CATALOGUE, format!("/in_force/levels/{row}/total"))
        }
        Source::Online(level) => (CATALOGUE, format!("/in_force/{level}")),
        Source::Changed(change, None) => (CATALOGUE, format!("/changes/{change}/total")),
        Source::Changed(change, Some(level)) => {
            let row = row(level, &|level| figures.changes.count(change, Some(level)) > 0);
            (CATALOGUE, format!("/changes/{change}/levels/{row}/total"))
        }
        Source::Form(column) => ("/v1/reports/06a", format!("/total/{column}")),
        Source::Paused => (STATISTICS, "/total/in_progress/paused".to_owned()),
        Source::LateWithLetter => (STATISTICS, "/total/resolved/late_with_letter".to_owned()),
        Source::OverdueWithLetter => (STATISTICS, "/total/in_progress/overdue_with_letter".to_owned()),
        Source::OnTimeRate => (STATISTICS, "/total/on_time_rate/percent".to_owned()),
        Source::Visits => (RECEPTION, "/visits".to_owned()),
        Source::People => (RECEPTION, "/people".to_owned()),
        Source::About(subject) => (RECEPTION, format!("/subjects/{subject}")),
        Source::Feedback(part) => ("/v1/statistics/feedback", of_term(part)),
        Source::Ratings => (RATINGS, "/total/satisfied/denominator".to_owned()),
        Source::Satisfied => (RATINGS, "/total/satisfied/numerator".to_owned()),
        Source::SatisfiedRate => (RATINGS, "/total/satisfied/percent".to_owned()),
        Source::Tasks(part) => ("/v1/statistics/plan-tasks", of_term(part)),
    }
}

fn of_term(part: Part) -> String {
    let place = match part {
        Part::Total => "received/total",
        Part::CarriedOver => "received/carried_over",
        Part::Ended => "resolved/total",
        Part::Late => "resolved/late",
        Part::Within => "in_progress/within",
        Part::Overdue => "in_progress/overdue",
    };
    format!("/total/{place}")
}

const PARAMETERS: &[&str] = &["agency", "from", "to", "period"];

/// Reads the figures, and with `work` what else is wanted, all of one instant.
async fn gather<T: Send + 'static>(
    call: &Call<Count>,
    asked: &Asked,
    work: impl FnOnce(&mut Reader, &Asked, ReformFigures) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    let (db, actor, wish) = (call.state.db.clone(), call.actor.clone(), asked.clone());
    blocking(move || {
        db.snapshot(|reader| {
            require_scope(reader, &actor, wish.agency.as_ref())?;
            let figures = reform::figures(reader, wish.agency.as_ref(), wish.period, &wish.window)?;
            work(reader, &wish, figures)
        })
    })
    .await
}

/// The report on administrative reform of a period: procedures by tier and change, dossiers, letters of apology, reception,
/// feedback, tasks. Every number comes with the query that gives it.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The report", body = ReformReportView), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/reform")]
async fn get_reform_report(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&call, &Query::of(&call.req, PARAMETERS)?)?;
    let figures = gather(&call, &asked, |_, _, figures| Ok(figures)).await?;
    let as_of = as_of(&call, &asked.window);
    Ok(HttpResponse::Ok().json(ReformReportView::of(asked.agency, as_of, &figures)))
}

async fn paper(call: Call<Count>, kind: Kind) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&call, &Query::of(&call.req, PARAMETERS)?)?;
    let now = call.state.ambient.now();
    let write = move |reader: &mut Reader, asked: &Asked, figures| {
        reform::report(reader, asked.agency.as_ref(), &asked.window, &figures, now)
    };
    let report = gather(&call, &asked, write).await?;
    hand_out(&call, report, kind, &asked.file_name("bao-cao-cchc", kind.extension())).await
}

/// The same to edit.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The report", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (status = 304, description = "Not changed"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/reform.docx")]
async fn get_reform_report_docx(call: Call<Count>) -> Result<HttpResponse, Problem> {
    paper(call, Kind::Docx).await
}

/// The same to print.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The report", body = Vec<u8>, content_type = "application/pdf"),
    (status = 304, description = "Not changed"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/reform.pdf")]
async fn get_reform_report_pdf(call: Call<Count>) -> Result<HttpResponse, Problem> {
    paper(call, Kind::Pdf).await
}
