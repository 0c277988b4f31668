//! What people print and open.

pub mod docx;
pub mod form_06a;
pub mod form_06b;
pub mod letter_register;
pub mod press;
pub mod procedure_sheet;
pub mod processing_times;
pub mod register;
pub mod register_mapping;
pub mod register_rows;

mod figures;
mod frame;
mod procedure_cells;
pub mod sheet;
pub mod table;
