//! The one table of known keys: what the reader accepts, what "did you mean" offers and what the man page must say.

/// A kind of section of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `[store]`.
    Store,
    /// `[queue.SLUG]`.
    Queue,
    /// `[mailbox.NAME]`.
    Mailbox,
    /// `[mailbox.NAME.oauth]`.
    OAuth,
    /// `[[rule]]`.
    Rule,
    /// `when` of a rule.
    When,
    /// `then` of a rule.
    Then,
    /// `[outbox]`.
    Outbox,
    /// `[outbox.backend.NAME]`.
    Backend,
    /// `[[hook]]`.
    Hook,
    /// `[alert]`.
    Alert,
    /// `[metrics]`.
    Metrics,
    /// `[limits]`.
    Limits,
}

impl Section {
    /// All of them, in the order they are documented.
    pub const ALL: [Self; 13] = [
        Self::Store,
        Self::Queue,
        Self::Mailbox,
        Self::OAuth,
        Self::Rule,
        Self::When,
        Self::Then,
        Self::Outbox,
        Self::Backend,
        Self::Hook,
        Self::Alert,
        Self::Metrics,
        Self::Limits,
    ];

    /// The sections that it may be part of, the one that it is documented with first; empty if it stands by itself.
    pub fn parents(self) -> &'static [Self] {
        match self {
            Self::OAuth => &[Self::Mailbox, Self::Outbox, Self::Backend],
            Self::Backend => &[Self::Outbox],
            Self::When | Self::Then => &[Self::Rule],
            Self::Store
            | Self::Queue
            | Self::Mailbox
            | Self::Rule
            | Self::Outbox
            | Self::Hook
            | Self::Alert
            | Self::Metrics
            | Self::Limits => &[],
        }
    }

    /// Whether it may be part of a mailbox or back end of that kind.
    pub(super) fn fits(self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::OAuth, Kind::Mailbox(kind)) => SERVER.contains(&kind),
            (Self::OAuth, Kind::Backend(_, kind)) => kind == BackendType::Smtp,
            (
                Self::Store
                | Self::Queue
                | Self::Mailbox
                | Self::Rule
                | Self::When
                | Self::Then
                | Self::Outbox
                | Self::Backend
                | Self::Hook
                | Self::Alert
                | Self::Metrics
                | Self::Limits,
                Kind::Mailbox(_) | Kind::Backend(..),
            ) => true,
        }
    }

    /// The word of its header; the last one, if it is part of another section.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Queue => "queue",
            Self::Mailbox => "mailbox",
            Self::OAuth => "oauth",
            Self::Rule => "rule",
            Self::When => "when",
            Self::Then => "then",
            Self::Outbox => "outbox",
            Self::Backend => "backend",
            Self::Hook => "hook",
            Self::Alert => "alert",
            Self::Metrics => "metrics",
            Self::Limits => "limits",
        }
    }

    /// Its header as the man page writes it.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Store => "[store]",
            Self::Queue => "[queue.SLUG]",
            Self::Mailbox => "[mailbox.NAME]",
            Self::OAuth => "[mailbox.NAME.oauth]",
            Self::Rule => "[[rule]]",
            Self::When => "[rule.when]",
            Self::Then => "[rule.then]",
            Self::Outbox => "[outbox]",
            Self::Backend => "[outbox.backend.NAME]",
            Self::Hook => "[[hook]]",
            Self::Alert => "[alert]",
            Self::Metrics => "[metrics]",
            Self::Limits => "[limits]",
        }
    }
}

/// `type` of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxType {
    /// An IMAP account.
    Imap,
    /// A POP3 account.
    Pop3,
    /// A Maildir.
    Maildir,
    /// An mbox file.
    Mbox,
    /// A directory, a file for each message.
    Directory,
}

impl MailboxType {
    /// All of them, in the order they are documented.
    pub const ALL: [Self; 5] = [Self::Imap, Self::Pop3, Self::Maildir, Self::Mbox, Self::Directory];

    /// The word of the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Maildir => "maildir",
            Self::Mbox => "mbox",
            Self::Directory => "directory",
        }
    }
}

/// What kind of back end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendType {
    /// A mail server.
    Smtp,
    /// A program.
    Sendmail,
    /// A directory, a file for each mail.
    File,
    /// Nowhere.
    Null,
}

impl BackendType {
    /// All of them, in the order they are documented.
    pub const ALL: [Self; 4] = [Self::Smtp, Self::Sendmail, Self::File, Self::Null];

    /// The word of the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Sendmail => "sendmail",
            Self::File => "file",
            Self::Null => "null",
        }
    }
}

/// What decides which keys a table may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `type` of a mailbox.
    Mailbox(MailboxType),
    /// The kind of a back end, by the key of that name.
    Backend(&'static str, BackendType),
}

impl Kind {
    /// The key and its value.
    pub(super) fn setting(self) -> (&'static str, &'static str) {
        match self {
            Self::Mailbox(kind) => ("type", kind.as_str()),
            Self::Backend(key, kind) => (key, kind.as_str()),
        }
    }

    /// All kinds of its sort.
    pub(super) fn siblings(self) -> Vec<Self> {
        match self {
            Self::Mailbox(_) => MailboxType::ALL.map(Self::Mailbox).to_vec(),
            Self::Backend(key, _) => BackendType::ALL.map(|kind| Self::Backend(key, kind)).to_vec(),
        }
    }
}

/// Whether an error may show the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// It may.
    Shown,
    /// It may hold a secret: only its type is told.
    Secret,
}

/// A known key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Where it stands.
    pub section: Section,
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub kind: &'static str,
    /// What holds without it: a value as the file would write it, or words.
    pub default: &'static str,
    /// What it means, in one phrase.
    pub meaning: &'static str,
    /// The mailbox types it belongs to; empty: to all, or it is no mailbox's.
    pub types: &'static [MailboxType],
    /// The back ends it belongs to; empty: to all, or it is no back end's.
    pub backends: &'static [BackendType],
    /// Whether an error may show its value.
    pub echo: Echo,
}

impl Key {
    /// Whether it may stand in a mailbox or back end of that kind.
    pub(super) fn fits(&self, kind: Kind) -> bool {
        match kind {
            Kind::Mailbox(kind) => self.types.is_empty() || self.types.contains(&kind),
            Kind::Backend(_, kind) => self.backends.is_empty() || self.backends.contains(&kind),
        }
    }

    const fn only(self, types: &'static [MailboxType]) -> Self {
        Self { types, ..self }
    }

    const fn by(self, backends: &'static [BackendType]) -> Self {
        Self { backends, ..self }
    }

    const fn secret(self) -> Self {
        Self { echo: Echo::Secret, ..self }
    }
}

/// The key of that name in a section.
pub fn find(section: Section, name: &str) -> Option<&'static Key> {
    of(section).find(|key| key.name == name)
}

/// The keys of a section, in the order they are documented.
pub fn of(section: Section) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

const IMAP: &[MailboxType] = &[MailboxType::Imap];
const SERVER: &[MailboxType] = &[MailboxType::Imap, MailboxType::Pop3];
const LOCAL: &[MailboxType] = &[MailboxType::Maildir, MailboxType::Mbox, MailboxType::Directory];
const DATED: &[MailboxType] =
    &[MailboxType::Imap, MailboxType::Maildir, MailboxType::Mbox, MailboxType::Directory];

const SMTP: &[BackendType] = &[BackendType::Smtp];
const TIMED: &[BackendType] = &[BackendType::Smtp, BackendType::Sendmail];
const PLACED: &[BackendType] = &[BackendType::Sendmail, BackendType::File];

const fn key(
    section: Section,
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    Key { section, name, kind, default, meaning, types: &[], backends: &[], echo: Echo::Shown }
}

const fn store(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Store, name, kind, default, meaning)
}

const fn queue(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Queue, name, kind, default, meaning)
}

const fn mailbox(
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    key(Section::Mailbox, name, kind, default, meaning)
}

const fn oauth(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::OAuth, name, kind, default, meaning)
}

const fn outbox(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Outbox, name, kind, default, meaning)
}

const fn backend(
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    key(Section::Backend, name, kind, default, meaning)
}

const fn hook(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Hook, name, kind, default, meaning)
}

const fn alert(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Alert, name, kind, default, meaning)
}

const fn metrics(
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    key(Section::Metrics, name, kind, default, meaning)
}

const fn limit(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Limits, name, kind, default, meaning)
}

const fn rule(name: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Key {
    key(Section::Rule, name, kind, default, meaning)
}

const fn when(name: &'static str, kind: &'static str, meaning: &'static str) -> Key {
    key(Section::When, name, kind, "none", meaning)
}

const fn then(name: &'static str, kind: &'static str, meaning: &'static str) -> Key {
    key(Section::Then, name, kind, "none", meaning)
}

/// Every key that the configuration may hold.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    // A URL may carry a password.
    store("url", "string, sqlite:PATH or postgresql://USER@HOST/DATABASE", "required", "where tickets and the ledger are kept").secret(),
    store("ca_file", "path", "none", "certificates trusted besides the system's"),
    store("password", "string", "none", "the password itself").secret(),
    store("password_file", "path", "none", "a file whose first line is the password").secret(),
    store("password_env", "string", "none", "an environment variable that holds the password").secret(),
    store("password_command", "string", "none", "a command whose first line of output is the password").secret(),
    store("keep_raw", r#""failed" or "all""#, r#""failed""#, "which raw messages are kept"),
    store("retain_outcomes", "duration, at least 7d", "none", "how long outcomes are kept whole"),
    store("retain_sent", "duration, at least 1d", "none", "how long notifications are kept that need nothing more"),
    store("token_secret_file", "path", "none", "the signing secret, instead of the one made with the store"),

    queue("title", "string", "the slug", "the queue's name for people"),
    queue("address", "mail address", "none", "the queue's own address"),
    queue("aliases", "list of mail addresses", "[]", "further own addresses"),
    queue("update_only", "boolean", "false", "whether mail may only update tickets"),
    queue("closed_ticket", r#""reopen" or "new""#, r#""reopen""#, "what a follow-up to a closed ticket does"),
    queue("reopen_within", "duration", "none", "tickets closed longer ago stay closed"),
    queue("same_mail", r#""one-per-queue" or "one""#, r#""one-per-queue""#, "what becomes of a mail that is on a ticket of another queue"),
    queue("followups_from", r#""participants" or "anyone""#, r#""participants""#, "who may update by a guessable reference"),
    queue("agents", "list of mail addresses or patterns", "[]", "who works on tickets"),
    queue("forwarded_by_agents", r#""agent" or "sender""#, r#""agent""#, "whose ticket it is that an agent passes on"),
    queue("priority", "integer, 1 to 5", "3", "the priority of new tickets"),
    queue("locale", "language tag", r#""en""#, "the language of notifications"),
    queue("notify", r#"list of "requester", "cc" and "agents""#, r#"["requester", "cc", "agents"]"#, "who is notified"),
    queue("plus_addressing", "boolean", "false", "whether answers go to a signed address of the ticket"),
    queue("outbox", "name of a back end", r#""default""#, "the back end of its notifications"),
    queue("attach_files", r#""none", or size, 1KB to 100MB"#, "that of [outbox]", "the most files that go along with a notification"),

    mailbox("type", r#""imap", "pop3", "maildir", "mbox" or "directory""#, "required", "what kind of mailbox it is"),
    mailbox("queue", "slug of a queue", "required", "where new tickets go"),
    mailbox("host", "host name or IP address", "required", "the server").only(SERVER),
    mailbox("port", "integer, 1 to 65535", "993; 995 for pop3; 143 or 110 unless tls is implicit", "the server's port").only(SERVER),
    mailbox("tls", r#""implicit", "starttls" or "none""#, r#""implicit""#, "how the connection is protected").only(SERVER),
    mailbox("ca_file", "path", "none", "certificates trusted besides the system's").only(SERVER),
    mailbox("username", "string", "required", "the user").only(SERVER),
    mailbox("auth", r#""password", "xoauth2" or "oauthbearer""#, r#""password""#, "what proves who we are").only(SERVER),
    mailbox("password", "string", "none", "the password itself").only(SERVER).secret(),
    mailbox("password_file", "path", "none", "a file whose first line is the password").only(SERVER).secret(),
    mailbox("password_env", "string", "none", "an environment variable that holds the password").only(SERVER).secret(),
    mailbox("password_command", "string", "none", "a command whose first line of output is the password").only(SERVER).secret(),
    mailbox("allow_plaintext", "boolean", "false", "whether the password may cross a network in clear text").only(SERVER),
    mailbox("folder", "string", r#""INBOX""#, "the folder that is fetched").only(IMAP),
    mailbox("folders", "list of strings", r#"["INBOX"]"#, "the folders that are fetched").only(IMAP),
    mailbox("path", "path", "required", "where the mail lies").only(LOCAL),
    mailbox("update_only", "boolean", "the queue's", "whether mail may only update tickets"),
    mailbox("trust_headers", "boolean", "false", "whether X-Helpdesk-Ticket counts"),
    mailbox("authserv_id", "string", "none", "the own mail server in Authentication-Results"),
    mailbox("interval", "duration", "none", "fetched at most so often"),
    mailbox("timeout", "duration", r#""60s""#, "the longest wait for the network").only(SERVER),
    mailbox("proxy", "URL, SCHEME://[USER[:PASSWORD]@]HOST[:PORT]", "none", "the proxy that the server is reached through").only(SERVER).secret(),
    mailbox("run_timeout", "duration", r#""10m""#, "the longest that the mailbox may take in one run"),
    mailbox("max_message_size", "size, 1KB to 1GB", r#""50MB""#, "larger messages are taken in part"),
    mailbox("batch_size", "integer, 1 to 10000", "200", "the most messages in one transaction"),
    mailbox("max_attempts", "integer, 1 to 1000", "10", "after so many a message is failed"),
    mailbox("since", "date or time", "none", "what arrived before is ignored").only(DATED),
    mailbox("on_success", "disposition", r#""seen"; "keep" for pop3, mbox and directory"#, "what becomes of created, updated and reopened"),
    mailbox("on_skip", "disposition", r#""keep""#, "what becomes of skipped"),
    mailbox("on_ignore", "disposition", r#""seen"; "keep" for pop3, mbox and directory"#, "what becomes of ignored"),
    mailbox("on_failure", "disposition", r#""keep""#, "what becomes of failed"),

    oauth("token_command", "string", "none", "a command whose first line of output is an access token").secret(),
    oauth("token_url", "URL", "none", "the token endpoint").secret(),
    oauth("ca_file", "path", "none", "certificates trusted for it besides the system's"),
    oauth("client_id", "string", "none", "the client"),
    oauth("client_secret", "string", "none", "the client's secret itself").secret(),
    oauth("client_secret_file", "path", "none", "a file whose first line is that secret").secret(),
    oauth("client_secret_env", "string", "none", "an environment variable that holds it").secret(),
    oauth("client_secret_command", "string", "none", "a command whose first line of output is that secret").secret(),
    oauth("refresh_token", "string", "none", "the refresh token itself").secret(),
    oauth("refresh_token_file", "path", "none", "a file that holds the refresh token and is kept up to date").secret(),
    oauth("refresh_token_env", "string", "none", "an environment variable that holds it").secret(),
    oauth("refresh_token_command", "string", "none", "a command whose first line of output is the refresh token").secret(),
    oauth("scope", "string", "none", "what the token is to be good for"),

    rule("name", "string of letters, digits, -, _ and .", "required", "its name, in reasons and notes"),
    rule("mailboxes", "list of names of mailboxes", "all", "the mailboxes it holds for"),
    rule("go_on", "boolean", "false", "whether later rules are tried once it matches"),

    when("from", "mail address or pattern, or a list", "who wrote"),
    when("to", "mail address or pattern, or a list", "who was written to"),
    when("subject", "regular expression", "what the subject holds"),
    when("body", "regular expression", "what the text holds"),
    when("header", "table of regular expressions", "what header fields hold"),

    then("ignore", "boolean", "whether the mail is ignored"),
    then("queue", "slug of a queue", "the queue of the new ticket"),
    then("priority", "integer, 1 to 5", "the priority of the new ticket"),
    then("tags", "list of strings", "the tags of the new ticket"),
    then("notify", "boolean", "whether people are told of the new ticket"),
    then("update_only", "boolean", "whether the mail may only update tickets"),

    outbox("deliver", r#""after-fetch" or "separately""#, r#""after-fetch""#, "when notifications leave"),
    outbox("deliver_limit", "duration", r#""60s""#, "the longest that a fetch delivers"),
    outbox("max_attempts", "integer, 1 to 1000", "10", "after so many a notification is given up"),
    outbox("rate_limit", "integer, at least 1", "10", "notifications to one address in three hours"),
    outbox("rate_limit_total", "integer, at least 1", "1000", "notifications to all in three hours"),
    outbox("max_age", "duration", r#""3d""#, "nobody is told of older mail"),
    outbox("suppress_for", "duration", r#""60d""#, "how long an address that bounced is left alone"),
    outbox("templates", "path", "none", "a directory of templates that go before the built-in ones"),
    outbox("reply_marker", "boolean", "true", "whether a line asks people to write above it"),
    outbox("envelope_sender", r#""queue" or "empty""#, r#""queue""#, "who gets the bounces of notifications"),
    outbox("attach_files", r#""none", or size, 1KB to 100MB"#, r#""none""#, "the most files that go along with a notification"),
    outbox("backend", r#""smtp", "sendmail", "file" or "null""#, r#""smtp""#, "how notifications leave"),
    outbox("host", "host name or IP address", "required", "the mail server").by(SMTP),
    outbox("port", "integer, 1 to 65535", "465; 587 for starttls, 25 for none", "the server's port").by(SMTP),
    outbox("tls", r#""implicit", "starttls" or "none""#, r#""implicit""#, "how the connection is protected").by(SMTP),
    outbox("ca_file", "path", "none", "certificates trusted besides the system's").by(SMTP),
    outbox("username", "string", "none", "the user; without one there is no login").by(SMTP),
    outbox("auth", r#""password", "xoauth2" or "oauthbearer""#, r#""password""#, "what proves who we are").by(SMTP),
    outbox("password", "string", "none", "the password itself").by(SMTP).secret(),
    outbox("password_file", "path", "none", "a file whose first line is the password").by(SMTP).secret(),
    outbox("password_env", "string", "none", "an environment variable that holds the password").by(SMTP).secret(),
    outbox("password_command", "string", "none", "a command whose first line of output is the password").by(SMTP).secret(),
    outbox("allow_plaintext", "boolean", "false", "whether mail may cross a network in clear text").by(SMTP),
    outbox("timeout", "duration", r#""60s""#, "the longest wait for the network or the program").by(TIMED),
    outbox("proxy", "URL, SCHEME://[USER[:PASSWORD]@]HOST[:PORT]", "none", "the proxy that the server is reached through").by(SMTP).secret(),
    outbox("path", "path", "/usr/sbin/sendmail for sendmail; required for file", "the program, or the directory of the mails").by(PLACED),

    backend("type", r#""smtp", "sendmail", "file" or "null""#, "required", "how notifications leave"),
    backend("host", "host name or IP address", "required", "the mail server").by(SMTP),
    backend("port", "integer, 1 to 65535", "465; 587 for starttls, 25 for none", "the server's port").by(SMTP),
    backend("tls", r#""implicit", "starttls" or "none""#, r#""implicit""#, "how the connection is protected").by(SMTP),
    backend("ca_file", "path", "none", "certificates trusted besides the system's").by(SMTP),
    backend("username", "string", "none", "the user; without one there is no login").by(SMTP),
    backend("auth", r#""password", "xoauth2" or "oauthbearer""#, r#""password""#, "what proves who we are").by(SMTP),
    backend("password", "string", "none", "the password itself").by(SMTP).secret(),
    backend("password_file", "path", "none", "a file whose first line is the password").by(SMTP).secret(),
    backend("password_env", "string", "none", "an environment variable that holds the password").by(SMTP).secret(),
    backend("password_command", "string", "none", "a command whose first line of output is the password").by(SMTP).secret(),
    backend("allow_plaintext", "boolean", "false", "whether mail may cross a network in clear text").by(SMTP),
    backend("timeout", "duration", r#""60s""#, "the longest wait for the network or the program").by(TIMED),
    backend("proxy", "URL, SCHEME://[USER[:PASSWORD]@]HOST[:PORT]", "none", "the proxy that the server is reached through").by(SMTP).secret(),
    backend("path", "path", "/usr/sbin/sendmail for sendmail; required for file", "the program, or the directory of the mails").by(PLACED),

    hook("event", r#""pre-validate", "post-validate", "pre-process", "post-process", "processing-error", "mailbox-error" or "delivery-error""#, "required", "what it listens to"),
    hook("name", "string of letters, digits, -, _ and .", "that of the program or host", "its name, in notes, events and the log"),
    hook("command", "list of strings", "none", "a program and its arguments, run without a shell").secret(),
    hook("memory", "size, at most 1GB", r#""1GB""#, "the most memory of each process of the program"),
    hook("url", "URL", "none", "where events are posted").secret(),
    hook("secret", "string", "none", "the signing secret itself").secret(),
    hook("secret_file", "path", "none", "a file whose first line is that secret").secret(),
    hook("secret_env", "string", "none", "an environment variable that holds it").secret(),
    hook("secret_command", "string", "none", "a command whose first line of output is that secret").secret(),
    hook("ca_file", "path", "none", "certificates trusted besides the system's"),
    hook("proxy", "URL, SCHEME://[USER[:PASSWORD]@]HOST[:PORT]", "none", "the proxy that the URL is reached through").secret(),
    hook("allow_private", "boolean", "false", "whether the URL may be in a private network or on this machine"),
    hook("timeout", "duration", r#""10s""#, "the longest that it may take"),
    hook("on_failure", r#""ignore", "skip" or "defer""#, r#""ignore""#, "what becomes of a message when a hook that is asked fails"),
    hook("dry_run", "boolean", "false", "whether a dry run asks it, too"),
    hook("mailboxes", "list of names of mailboxes", "all", "the mailboxes it listens to"),
    hook("max_attempts", "integer, 1 to 1000", "20", "after so many an event is given up"),
    hook("raw_size", "size, at most 1GB", r#""1MB""#, "the most of an unread message that it is given"),

    alert("skipped", "integer, at least 1", "none", "so many skipped messages in one run"),
    alert("failed", "integer, at least 1", "none", "so many failed messages in one run"),
    alert("backlog", "integer, at least 1", "none", "so many notifications wait"),
    alert("stale", "duration", "none", "a mailbox is without a successful fetch for so long"),
    alert("quarantine", "integer, at least 1", "none", "so many messages are in quarantine"),
    alert("oldest", "duration", "none", "a message is put off for so long"),
    alert("certificate", "duration", "none", "the certificate of a server expires within so long"),
    alert("to", "list of mail addresses", "[]", "who gets a mail when a threshold is reached, and when that is over"),
    alert("from", "mail address", "the first queue's", "whom that mail comes from"),
    alert("outbox", "name of a back end", r#""default""#, "the back end of that mail"),

    metrics("textfile", "path, ending in .prom", "none", "a file of metrics for Prometheus, written after each run"),

    limit("time", "duration", r#""10s""#, "the longest that reading one message may take"),
    limit("depth", "integer, 1 to 200", "32", "the most multiparts within one another"),
    limit("parts", "integer, 1 to 100000", "1000", "the most parts of one message"),
    limit("header_fields", "integer, 1 to 1000000", "10000", "the most header fields of a message or part"),
    limit("header_size", "size, 1KB to 100MB", r#""1MB""#, "the largest header field"),
    limit("text_size", "size, 1KB to 100MB", r#""4MB""#, "the longest text of a message"),
    limit("decoded_size", "size, 1KB to 1GB", r#""200MB""#, "the most that the parts of one message may decode to"),
    limit("memory", "size, 200MB to 1GB", r#""500MB""#, "the memory of a process that reads a suspect"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_in_the_table() {
        for (i, key) in KEYS.iter().enumerate() {
            assert!(
                !KEYS[..i].iter().any(|other| (other.section, other.name) == (key.section, key.name)),
                "{} {}",
                key.section.name(),
                key.name
            );
        }
    }
}
