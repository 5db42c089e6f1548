//! Header fields of which nothing but what is meant ends up in the mail.

use lettre::message::header::{HeaderName, HeaderValue};

use crate::model::ids::MessageId;

/// The longest Message-ID that is passed on; longer ones do not fit a line with others, and no program makes them.
const LONGEST_ID: usize = 250;

/// A field whose value is encoded and folded already. Whatever else would end a line is left out.
pub(super) fn raw(name: &'static str, value: &str) -> HeaderValue {
    let lines = value.split("\r\n ").map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    let safe = lines.collect::<Vec<_>>().join("\r\n ");
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), safe.clone(), safe)
}

/// An id in its brackets.
pub(super) fn id(id: &MessageId) -> String {
    format!("<{id}>")
}

/// Whether an id may stand in a header: what other programs write there is anything.
pub(super) fn is_id(id: &MessageId) -> bool {
    let id = id.as_str();
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@[]:".contains(&byte);
    id.len() <= LONGEST_ID && id.bytes().all(is_usual)
}
