//! `helpdesk-mail`: a mailbox in, tickets out. This page is the architecture.
//!
//! # The idea in five sentences
//!
//! An item travels one road: *list → fetch → parse → evidence → lookup → decide → carry out → commit → acknowledge*.
//! Everything that thinks is a pure function between two pieces of I/O. A batch of decisions is carried out in one
//! database transaction, each message behind its own savepoint: ticket, follow-up, attachments, ledger row. Only after
//! the commit is the server told, and telling it again is harmless. Whatever dies in between, the next run reaches the
//! same state; a dry run walks the same road with companions at the rim that cannot write.
//!
//! The fault to avoid, seen in every forerunner: facts, decision and deeds in one function.
//!
//! # The house
//!
//! ```text
//! main.rs      calls cli::main; nothing else
//! model/       the words of the trade: data and total functions, no I/O, nothing else of ours
//! parse/       bytes → Mail; never fails, records defects; the only home of mail-parser
//!              headers, odd (people) · words, charset, codepages, unicode, meta (letters) · dates, pieces · body, flowed,
//!              rtf, html, sight (what is hidden), unclosed, cells (text) · reply/, quotation (what of it is new) ·
//!              attachment, names, magic (files) · container, opaque, armor, tnef (what is packed) · kind/, bounce/
//!              (what sort of mail) · forward · limits · guard (a thread with a time limit)
//! evidence/    Mail → which tickets it names: subject · recipient · thread · token (HMAC)
//! policy/      (Mail, Found) → Decision: decide() is the ordered list of rules; no clock, disk, network
//!              rules ([[rule]]) · authentication (DMARC, as the own server found it) · thread · sender · notify/ (whom to tell)
//! transport/   how servers are reached: wire/ (TCP, TLS, time-outs, proxies) · login (passwords) · files (whole or not)
//!              http/ (one exchange; the only home of ureq) · oauth/ (access tokens) · sasl (how they are given to a server)
//!              process (programs and their end)
//! report/      model::report → one page that shows it: numbers (JSON) · element (HTML) · plot/ (SVG) · table · page
//! mailbox/     trait Reader { list, fetch }, trait Mailbox: Reader { acknowledge }
//!              imap/ · pop3/ · maildir · mbox · directory
//! outbox/      Notification → mail: template/ (the words, in eleven languages; overrides) · compose/ (RFC 5322, MIME)
//!              trait Backend { give }: a parcel in, an answer out · smtp/ · sendmail · file · null
//! hook/        an event in, an answer out: command, pipes (a program) · webhook, signature (a URL)
//! store/       trait Lookup, trait Books: Lookup, trait Outgoing; Store: a file or a server
//!              engine (one small trait over rusqlite and postgres: one SQL text) · schema/ (migrations) · desk (tickets) · ledger · quarantine
//!              copy (all of a store into another database)
//!              outbox/ (notifications: claims, attempts, what came back) · events/ (the same for hooks)
//!              status/ (how it stands, thresholds) · report (the numbers of some days) · prune (what retention lets go of)
//! run/         puts them together; the only module that knows both halves
//!              fetch (all mailboxes) · road (one mailbox) · turn (one batch after the other) · batch (one transaction)
//!              receive (one message) · deeds · copy (a store into another)
//!              acting and rehearsing (the companions of a real and of a dry run) · ingest (messages in hand) · lock/ (files, and
//!              leases with their keeper)
//!              probe and suspects (what runs died with) · reconcile/ (mailboxes against the ledger)
//!              trail (what a thread is at, for each line of the log)
//!              notices (whom to tell, written with the ticket) · deliver/ (what is due leaves: round · couriers · office ·
//!              attachments)
//!              watch/ (how all is doing, thresholds and their mails) · prune (what the retention settings let go of)
//!              hooks/ (who is asked, told and when)
//! settings/    the TOML file → each module's own configuration type
//! cli/         words in, words out: args (clap) · failure (kind, text, hint) · one file per command
//! ```
//!
//! # Layers
//!
//! ```text
//! 4  cli  settings
//! 3  run
//! 2  mailbox    store      outbox    hook               I/O; they do not know each other
//! 1  parse   evidence   policy    transport   report    pure, but for transport; they do not know each other
//! 0  model
//! ```
//!
//! Arrows point down only, nothing sideways, save that `cli` reads `settings`. A foreign crate has one home. Each module
//! owns its configuration type; `settings` only builds them. `tests/layers.rs` reads the sources and fails where either
//! rule breaks. Blocking code throughout: no async runtime.
//!
//! # Rules of the road
//!
//! * **No transaction spans network traffic.** Memory is bounded by two batches (count and octets): while one is received,
//!   the next is fetched and read, if nobody is asked about either and no run died with any of them, and a server may have
//!   been asked for a few batches behind that, which wait in the system's buffers unless the server is asked something else
//!   first. The first batches of a folder are small, and so are the last: work begins early, and little is left when all
//!   has come.
//! * **A server is connected to while the store opens** ([`run::Calls`]), and hears its first word when the mailbox is locked.
//! * **Group commit**: one fsync for a batch. A message that fails rolls back to its savepoint, and its failure is
//!   recorded in the same transaction.
//! * **Ledger**: unique on (mailbox, account, folder, item key), written with the effects. This, not care, makes it
//!   exactly once. Looking a key up before it is processed saves work; the constraint decides. By its Message-ID an item is
//!   found through the message that it became; the ledger's own index is for the others. A mailbox that was
//!   renamed in the configuration takes its rows along.
//! * **Watermark**: what a mailbox says all before is settled; only the mailbox that made it reads it. Where
//!   nothing is new, IMAP and mbox make no listing, and of a POP3 listing nothing is looked up. What is deferred, beyond
//!   `--limit`, or flagged `\Deleted` holds it down.
//! * **Owed**: the ledger row keeps the disposition and whether the mailbox was told. Each run first pays what is owed;
//!   what cannot be paid, like a folder that cannot be used, is told at the end and keeps no mail from its ticket. What
//!   a mailbox has heard of is known when it says so: an IMAP server is not waited for and says so while the next batches
//!   come, a POP3 server at the end of the session alone.
//! * **In flight**: what a batch has in hand is marked before it is fetched. What a dead run left marked keeps its place
//!   in the order, and is read in a process of its own first ([`run::Prober`]), which walks the road as a dry run does;
//!   only a child's death seen by its living parent counts against a message. What runs die with all the same goes alone,
//!   fetched by a child before (where the mailbox bears two readers), and at last last.
//! * **Several hosts** share a PostgreSQL store. One transaction writes at a time, by an advisory lock, so that what was decided
//!   on is so when it is kept, as with SQLite's one writer; fetching and reading go on beside it. A lease, which one
//!   keeper renews for all workers of a run, takes the lock file's place; each taking has a number, and every transaction of
//!   its holder asks first whether that is still the last one: a host that was frozen commits nothing and tells no mailbox.
//!   Each delivery has a lease of its own, whose name is on the rows that it has in hand: those of a lease that is gone are
//!   taken back, and so several deliver side by side.
//! * **Two kinds of store trouble**: data and constraints fail the one message; full disk, I/O and locks discard the
//!   batch, and nothing is acknowledged.
//! * **Limits of reading** ([`parse::Limits`]) are settings and passed in. What goes beyond one is kept and noted.
//! * **The Date is a claim**: [`model::mail::Mail::sent`] holds it against the time of arrival.
//! * **Order does not matter**: what the messages on a ticket name is remembered, so that a mail which comes after its
//!   answer joins it; tickets which a late mail shows to be one thread are linked.
//! * **Facts, not side exits**: unreadable, duplicate, withheld by the server are facts that the policy decides on.
//! * **Trouble** ([`model::trouble`]) has a stable code; exhaustive matches give exit code and wording.
//! * **A notification is a row** written with what it tells of; [`policy::notify`] says whom to tell, and a row says why
//!   somebody is not. It leaves afterwards, under a lock or lease of its own. An attempt is committed before it is made; one that
//!   never ended may have been taken: it is made once more, alone, with the same Message-ID, and given up the second time.
//! * **A hook is asked between two decisions**: before a message comes on a ticket it is decided on a read, hooks are asked,
//!   and it is decided again in the transaction that carries it out; if that decision is another, they are asked again.
//!   Where hooks are asked a batch is one message. What hooks are told is a row for each, written with what it tells of
//!   and delivered afterwards as notifications are.
//! * **Dry run has no flag inside**: [`run::Rehearsing`] is built over the reading halves, which cannot write; its books
//!   remember what they "did", so that a reply in the same run is foretold. The mode is chosen in one place.
//! * **What is not stored whole is never deleted or moved**, also after a retry, and what was there before the first
//!   run (`--baseline`, `since`) is never touched, also when the server numbers the folder anew.
//! * **A back end answers for each parcel** ([`outbox::Backend`]): what broke before the dot that ends a mail comes later,
//!   what broke after it is uncertain, and only what is surely about the parcel is refused for good.
//! * **Watching asks nobody.** What a run learns of the world, such as when a certificate expires, it leaves in the store,
//!   and `status`, metrics and thresholds ([`run::status`]) come from there alone. They never change how a run ends.
//! * **Pruning forgets people, not items.** What an item is known by stays while it may lie anywhere; a few hundred rows go in
//!   one transaction, each by a statement that names again why it may.
//! * **A copy of a store** is written into a database whose version is negative until it is whole and was held against its
//!   source, so that no program works with a part of one; a copy that died goes on by comparing.
//! * **A copy in quarantine** goes only when its item was taken again or a person drops it.
//!
//! # Glossary
//!
//! *item*: a message as it lies in a mailbox, named by its key · *mail*: a parsed message · *outcome*, *reason*: what
//! became of an item, and why · *settled*: the outcome is committed; only then is the mailbox told · *ledger*: one row
//! for every item ever seen · *quarantine*: the raw messages of failed items · *participant*: requester, Cc or proven
//! author on a ticket · *hook*: a program or URL that is asked about, or told of, a step of the road · *event*: that step.

pub mod cli;
pub mod evidence;
pub mod hook;
pub mod mailbox;
pub mod model;
pub mod outbox;
pub mod parse;
pub mod policy;
pub mod report;
pub mod run;
pub mod settings;
pub mod store;
pub mod transport;
