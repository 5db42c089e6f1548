//! Mails for tests, in a line each.

/// A mail in the making; an ordinary one from Alice to support until it is changed.
#[derive(Debug, Clone)]
pub struct Letter {
    headers: Vec<(String, String)>,
    body: String,
}

impl Letter {
    /// A mail with this Message-ID (without brackets) and subject.
    pub fn new(id: &str, subject: &str) -> Self {
        let header = |name: &str, value: String| (name.to_owned(), value);
        let headers = vec![
            header("From", "Alice <alice@example.org>".to_owned()),
            header("To", "support@example.org".to_owned()),
            header("Subject", subject.to_owned()),
            header("Date", "Fri, 20 Nov 2026 10:00:00 +0000".to_owned()),
            header("Message-ID", format!("<{id}>")),
        ];
        Self { headers, body: format!("Body of {id}.\r\n") }
    }

    /// Sets a header in place of what it was.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes the author.
    pub fn from(self, address: &str) -> Self {
        self.with("From", address)
    }

    /// Answers a message.
    pub fn answers(self, id: &str) -> Self {
        self.with("In-Reply-To", &format!("<{id}>"))
    }

    /// Changes the text.
    pub fn body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// The mail as it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{headers}\r\n{}", self.body).into_bytes()
    }
}
