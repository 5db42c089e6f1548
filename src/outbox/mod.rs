//! The outbox: what people are told of their tickets, from the row that asks for it to the server that takes it.

mod compose;
mod template;

pub use compose::Composed;
pub use template::{
    EnvelopeSender, Marker, Problem, Rendered, TemplateConfig, TemplateError, Templates, languages, sample,
};
