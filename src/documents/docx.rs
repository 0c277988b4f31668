//! Papers as DOCX, for what an office still edits: the same text as their PDF, in the same order.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BorderType, BreakType, Docx, Footer, Header, LineSpacing, LineSpacingType, PageMargin, Paragraph,
    ParagraphBorder, ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, SpecialIndentType, Tab, TabLeaderType,
    TabValueType, Table, TableCell, TableLayoutType, TableRow, WidthType,
};

use super::press::PaperError;
use crate::domain::forms::text::{Block, Field, Head, Paper, Signature};
use crate::domain::forms::{PageSize, Printable};

/// Twentieths of a point in a millimetre, times ten.
const DXA_PER_CM: i32 = 567;
/// What offices have; the PDF has Liberation Serif, which is as wide.
const FONT: &str = "Times New Roman";

/// Writes a paper. The same facts make the same bytes.
///
/// # Errors
/// [`PaperError::Data`].
pub fn docx(facts: &impl Printable) -> Result<Vec<u8>, PaperError> {
    let paper = facts.paper();
    let page = Page::of(paper.size);
    let mut document = page.set_up(Docx::new(), &paper);
    document = document.add_table(page.head(&paper.head));
    for line in page.title(&paper.title, paper.subtitle.as_deref()) {
        document = document.add_paragraph(line);
    }
    for block in &paper.body {
        document = page.write(document, block);
    }
    document = document.add_paragraph(Paragraph::new()).add_table(page.closing(&paper));
    for note in &paper.notes {
        document = document.add_paragraph(Paragraph::new().add_run(page.small(note).italic()));
    }
    let mut file = Cursor::new(Vec::new());
    document.build().pack(&mut file).map_err(|cause| PaperError::Data(format!("DOCX: {cause}")))?;
    Ok(file.into_inner())
}

/// A sheet in twentieths of a point, and the size of its letters in half points.
struct Page {
    width: i32,
    height: i32,
    top: i32,
    left: i32,
    right: i32,
    letters: usize,
}

const fn millimetres(millimetres: i32) -> i32 {
    millimetres * DXA_PER_CM / 10
}

/// A length that the file format wants unsigned.
fn unsigned(length: i32) -> usize {
    usize::try_from(length).unwrap_or_default()
}

fn text(letters: &str) -> Run {
    Run::new().add_text(letters)
}

/// Lines of about the same length, none longer than so many letters if words allow: no last line of one word.
fn balanced(name: &str, fit: usize) -> String {
    let length = name.chars().count();
    let fair = length / length.div_ceil(fit.max(1)).max(1);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in name.split_whitespace() {
        let before = line.chars().count();
        let after = before + word.chars().count() + 1;
        let is_fairer_without = after > fair && after.abs_diff(fair) > before.abs_diff(fair);
        if before > 0 && (after > fit || is_fairer_without) {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

fn centred() -> Paragraph {
    Paragraph::new().align(AlignmentType::Center)
}

/// A line as wide as the middle of its cell.
fn rule(indent: i32) -> Paragraph {
    let border = ParagraphBorder::new(ParagraphBorderPosition::Top).val(BorderType::Single).size(4);
    let mut line = centred().indent(Some(indent), None, Some(indent), None).add_run(text("").size(4));
    line.property = line.property.set_borders(ParagraphBorders::with_empty().set(border));
    line.line_spacing(LineSpacing::new().before(20).after(0))
}

fn cell(width: i32, paragraphs: Vec<Paragraph>) -> TableCell {
    let cell = TableCell::new().width(unsigned(width), WidthType::Dxa);
    paragraphs.into_iter().fold(cell, TableCell::add_paragraph)
}

fn columns(rows: Vec<TableRow>, widths: &[i32]) -> Table {
    let grid: Vec<usize> = widths.iter().copied().map(unsigned).collect();
    let width = grid.iter().sum();
    Table::without_borders(rows).set_grid(grid).layout(TableLayoutType::Fixed).width(width, WidthType::Dxa)
}

impl Page {
    const fn of(size: PageSize) -> Self {
        let (width, height) = (millimetres(210), millimetres(297));
        match size {
            PageSize::A5 => Self {
                width: millimetres(148),
                height: width,
                top: millimetres(12),
                left: millimetres(14),
                right: millimetres(12),
                letters: 21,
            },
            PageSize::A4 => {
                Self { width, height, top: millimetres(20), left: millimetres(30), right: millimetres(17), letters: 26 }
            }
            PageSize::A4Landscape => Self {
                width: height,
                height: width,
                top: millimetres(15),
                left: millimetres(15),
                right: millimetres(15),
                letters: 24,
            },
        }
    }

    const fn line(&self) -> i32 {
        self.width - self.left - self.right
    }

    const fn is_small(&self) -> bool {
        self.letters < 24
    }

    const fn indent(&self) -> i32 {
        if self.is_small() { millimetres(8) } else { millimetres(12) }
    }

    fn small(&self, letters: &str) -> Run {
        text(letters).size(self.letters - 4)
    }

    fn set_up(&self, document: Docx, paper: &Paper) -> Docx {
        let margin = PageMargin {
            top: self.top,
            bottom: self.top,
            left: self.left,
            right: self.right,
            header: millimetres(8),
            footer: millimetres(8),
            gutter: 0,
        };
        let fonts = RunFonts::new().ascii(FONT).hi_ansi(FONT).east_asia(FONT).cs(FONT);
        let (width, height) = (self.width.unsigned_abs(), self.height.unsigned_abs());
        let mut document = document.page_size(width, height).page_margin(margin).default_fonts(fonts);
        document = document.default_size(self.letters).default_line_spacing(LineSpacing::new().before(0).after(0));
        if let Some(date) = paper.date {
            let stamp = date.format("%Y-%m-%dT00:00:00Z").to_string();
            document = document.created_at(&stamp).updated_at(&stamp);
        }
        if let Some(mark) = &paper.mark {
            let mark = text(mark).bold().size(self.letters + 10).color("A6A6A6");
            document = document.header(Header::new().add_paragraph(centred().add_run(mark)));
        }
        if let Some(label) = &paper.form_label {
            document = document.footer(Footer::new().add_paragraph(Paragraph::new().add_run(text(label).size(16))));
        }
        document
    }

    fn head(&self, head: &Head) -> Table {
        let left = self.line() * 43 / 100;
        let right = self.line() - left;
        let size = if self.is_small() { 18 } else { 24 };
        let line = |letters: &str| centred().add_run(text(letters).size(size));
        let strong = |letters: &str, size| centred().add_run(text(letters).size(size).bold());
        // Capitals of the typeface are some three fifths as wide as high; `size` is in half points, widths in twentieths.
        let fit = unsigned(left) / (size * 6);
        let broken = |name: &str| lines(&balanced(name, fit)).size(size);
        let mut issuer: Vec<Paragraph> = head.governing.iter().map(|name| centred().add_run(broken(name))).collect();
        issuer.push(centred().add_run(broken(&head.issuer).bold()));
        issuer.push(rule(left / 3));
        let nation = vec![strong(head.nation, size), strong(head.motto, size + 1), rule(right / 5)];
        let dated = centred().add_run(text(&head.place_and_date).size(size + 1).italic());
        let rows = vec![
            TableRow::new(vec![cell(left, issuer), cell(right, nation)]),
            TableRow::new(vec![cell(left, vec![line(&head.number)]), cell(right, vec![dated])]),
        ];
        columns(rows, &[left, right])
    }

    fn title(&self, title: &str, subtitle: Option<&str>) -> Vec<Paragraph> {
        let line = |letters: &str, size, before, after| {
            let spacing = LineSpacing::new().before(before).after(after);
            centred().line_spacing(spacing).add_run(text(letters).bold().size(size)).keep_next(true)
        };
        let gap = if subtitle.is_some() { 40 } else { 160 };
        let title = line(title, self.letters + 2, 200, gap);
        [title].into_iter().chain(subtitle.map(|subtitle| line(subtitle, self.letters, 0, 160))).collect()
    }

    fn paragraph(&self) -> Paragraph {
        let spacing = LineSpacing::new().before(0).after(if self.is_small() { 60 } else { 100 });
        let spacing = spacing.line_rule(LineSpacingType::Auto).line(264);
        Paragraph::new().line_spacing(spacing).align(AlignmentType::Both)
    }

    fn indented(&self) -> Paragraph {
        self.paragraph().indent(None, Some(SpecialIndentType::FirstLine(self.indent())), None, None)
    }

    fn write(&self, document: Docx, block: &Block) -> Docx {
        match block {
            Block::Addressee { label, name } => {
                let line = centred().line_spacing(LineSpacing::new().before(120).after(200));
                document.add_paragraph(line.add_run(text(&format!("{label} "))).add_run(text(name).bold()))
            }
            Block::Heading { text: heading } => {
                document.add_paragraph(self.indented().add_run(text(heading).bold()).keep_next(true))
            }
            Block::Paragraph { text: sentence } => document.add_paragraph(self.indented().add_run(text(sentence))),
            Block::Items { items } => (1..).zip(items).fold(document, |document, (number, item)| {
                document.add_paragraph(self.indented().add_run(text(&format!("{number}. {item}"))))
            }),
            Block::Fields { fields } => document.add_paragraph(self.fields(fields)),
            Block::Table(table) => {
                let shares: i32 = table.columns.iter().map(|column| i32::from(column.width)).sum();
                let widths: Vec<i32> =
                    table.columns.iter().map(|column| self.line() * i32::from(column.width) / shares.max(1)).collect();
                let headings = table
                    .columns
                    .iter()
                    .zip(&widths)
                    .map(|(column, width)| cell(*width, vec![centred().add_run(text(column.heading).bold())]));
                let mut rows = vec![TableRow::new(headings.collect())];
                rows.extend(table.rows.iter().map(|row| {
                    TableRow::new(
                        row.iter()
                            .zip(&widths)
                            .map(|(value, width)| cell(*width, vec![Paragraph::new().add_run(lines(value))]))
                            .collect(),
                    )
                }));
                let grid = widths.iter().copied().map(unsigned).collect();
                document.add_table(Table::new(rows).set_grid(grid).layout(TableLayoutType::Fixed))
            }
        }
    }

    /// Fields on a line; one without a value has dots to its tab stop.
    fn fields(&self, fields: &[Field]) -> Paragraph {
        let count = i32::try_from(fields.len()).unwrap_or(1).max(1);
        let mut paragraph = self.indented();
        if fields.iter().any(|field| field.value.is_none()) || fields.len() > 1 {
            paragraph = paragraph.align(AlignmentType::Left);
        }
        for (place, field) in (1..).zip(fields) {
            let end = unsigned(self.line() * place / count);
            let value = match &field.value {
                Some(value) if field.strong => text(value).bold(),
                Some(value) => text(value),
                None => Run::new().add_tab(),
            };
            let leader = if field.value.is_none() { TabLeaderType::Dot } else { TabLeaderType::None };
            let kind = if place == count { TabValueType::Right } else { TabValueType::Left };
            paragraph = paragraph.add_tab(Tab::new().val(kind).leader(leader).pos(end));
            paragraph = paragraph.add_run(text(&format!("{} ", field.label))).add_run(value);
            if place < count {
                let separator = if field.value.is_none() { text(" ") } else { Run::new().add_tab() };
                paragraph = paragraph.add_run(separator);
            }
        }
        paragraph
    }

    fn closing(&self, paper: &Paper) -> Table {
        let half = self.line() / 2;
        let signed: Vec<Vec<Paragraph>> = paper.signatures.iter().map(|signature| self.signature(signature)).collect();
        let mut cells = Vec::new();
        if signed.len() < 2 {
            cells.push(cell(half, self.recipients(&paper.recipients)));
        }
        cells.extend(signed.into_iter().map(|paragraphs| cell(half, paragraphs)));
        let widths = vec![half; cells.len()];
        columns(vec![TableRow::new(cells).cant_split()], &widths)
    }

    fn signature(&self, signature: &Signature) -> Vec<Paragraph> {
        let mut lines: Vec<Paragraph> =
            signature.capacity.iter().map(|line| centred().add_run(text(line).bold()).keep_next(true)).collect();
        lines.extend(signature.hint.map(|hint| centred().add_run(text(hint).italic())));
        lines.extend((0..if self.is_small() { 3 } else { 4 }).map(|_| centred()));
        lines.push(centred().add_run(text(signature.name.as_deref().unwrap_or_default()).bold()));
        lines
    }

    fn recipients(&self, names: &[String]) -> Vec<Paragraph> {
        if names.is_empty() {
            return vec![Paragraph::new()];
        }
        let mut lines = vec![Paragraph::new().add_run(text("Nơi nhận:").size(self.letters - 2).bold().italic())];
        lines.extend((1..).zip(names).map(|(place, name)| {
            let end = if place == names.len() { "." } else { ";" };
            Paragraph::new().add_run(self.small(&format!("- {name}{end}")))
        }));
        lines
    }
}

/// A text that may have line breaks.
fn lines(value: &str) -> Run {
    let mut run = Run::new();
    for (place, line) in value.split('\n').enumerate() {
        if place > 0 {
            run = run.add_break(BreakType::TextWrapping);
        }
        run = run.add_text(line);
    }
    run
}

#[cfg(test)]
mod tests;
