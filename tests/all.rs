//! The integration tests: one binary, whose modules are listed here with what each of them claims.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support; // mails, help desks and real servers for the others

mod aborts; // the program dies at every step, and the next run ends where an undisturbed one would have
mod alerts; // a mail when a threshold is reached, one when that is over, and none between
mod bad_mail; // bad input becomes a ticket or waits in quarantine, and never stops the rest
mod cli_config; // finding, checking and writing the configuration
mod cli_desk; // tickets, outcomes and quarantine from the command line
mod cli_man; // completions and man pages
mod cli_output; // what a run tells, and what becomes of it where it cannot be written
mod cli_place; // a home with a configuration and a store, for the other modules
mod cli_usage; // wrong command lines, help, and what a mail server hears
mod cuts; // a connection is cut at any octet, and the next run ends where an undisturbed one would have
mod disk_full; // a disk without room costs the run and nothing else
mod disorder; // random threads in random order with random deaths end alike
mod docs; // the man pages document every code and word, and no other
mod errors; // each error is provoked, ends with its exit code, says what to do and tells no secret
mod events; // what happened is told to hooks, at least once and with one id, whatever they or the program do
mod golden; // each mail of fixtures/mail is read as a person would, as the JSON beside it says
mod hooks; // hooks are asked on the road: each event, each veto, and all that a hook should not do
mod hostile; // thousands of mutated mails have one outcome each
mod hosts; // several hosts at one store, killed at random, end as one undisturbed does
mod hosts_deliver; // several hosts deliver from one store side by side, killed or frozen, and all arrives
mod imap_connect; // a session comes about with the protection that is configured, or not at all
mod imap_faults; // servers that break off, answer oddly, hang or lie never cost more than the run
mod imap_fetch; // what is new is listed and fetched octet for octet; where nothing is new, nothing is asked
mod imap_makers; // servers of many makers, by transcripts, are understood alike
mod imap_poison; // a message that a server stumbles over blocks none, and a session that breaks keeps the order
mod imap_road; // the whole road over a real IMAP server, the case this program was begun for among it
mod imap_tell; // the server is told what became of items, repeatably, without touching what is not ours
mod ingest; // messages that are handed over, by people and by mail servers
mod ingest_once; // messages in hand walk the road once, whoever hands them over and however often
mod jobs; // several mailboxes at once: one that hangs delays none, and what is told stays in order
mod kills; // the program is killed at any moment, and the next run ends where an undisturbed one would have
mod layers; // modules use what is below them; a foreign crate has one home
mod local_demo; // the demonstration's mails are there, described, and come in the order of their story
mod local_directory; // a directory of files: names and hashes, order, what is told
mod local_maildir; // a Maildir: keys that outlive renames, flags, sub-folders
mod local_mbox; // an mbox: locks, keys, deletion, watermark
mod logs; // each line of the log names its run and its item, wherever it is written
mod mailbox_renamed; // a mailbox that is renamed in the configuration goes on where it was
mod metrics; // metrics for Prometheus are valid and written whole
mod oauth; // access tokens: had, used, renewed, refused, and never told
mod outbox; // a mail comes in, an answer goes out, and the answer to that lands where it belongs
mod outbox_bounce;
mod outbox_commands; // notifications, looked at and changed from the command line
mod outbox_cuts; // the connection to a mail server is cut in each step, and each notification arrives all the same
mod outbox_dies; // the program dies while it delivers, and each notification arrives all the same
mod outbox_files; // the files of a mail go along with what quotes it, or are named
mod outbox_kills; // programs that deliver are killed beside each other: no notification is lost, none doubled unnoted
mod outbox_loop; // two systems that write to each other fall silent
mod outbox_templates; // templates are looked at, copied, changed and checked from the command line
mod packaging; // what the package holds fits the program, the manifest and the README
mod poison; // a message that ends the process is found by a child and blocks nothing
mod pop3_connect; // a POP3 session comes about with the protection that is configured, or not at all
mod pop3_faults; // POP3 servers that lack things, break off, hang or lie never cost more than the run
mod pop3_fetch; // POP3 gives octet for octet what is new, and deletes at QUIT alone
mod pop3_road; // the whole road over a real POP3 server
mod pop3_turns; // a POP3 session takes no more round trips than the server makes it, and tells what it always told
mod postgresql; // a store on a server ends as one in a file does, with several programs at it
mod proxies; // servers behind proxies, real ones among them
mod prune; // what the retention settings let go of goes, and what an item is known by stays
mod quarantine; // what failed waits as it came, and walks the whole road again by hand alone
mod races; // two runs at one store and two programs at one mailbox lose nothing and take nothing twice
mod races_folders; // people and servers change folders while runs read them and between runs
mod reconcile; // what lies in the mailboxes is held against the ledger, and nothing is changed
mod rehearsal; // a dry run tells the truth and changes nothing
mod report; // a page of numbers, opened in a browser and held against its JSON
mod road; // the whole road over a Maildir, through the program itself
mod road_queues; // several queues and mailboxes, one mail in many places
mod rules; // rules of the configuration, and the own mail server's word on who writes
mod run_dies; // killed, doubled: the next run reaches the state of an undisturbed one
mod run_timeout; // no server holds a run for longer than it may
mod same_mail; // a mail that went to several queues is a ticket in each, or in one of them
mod signals; // a signal ends a run where nothing is left half done
mod smtp; // mail leaves through a real mail server, protected as it is configured or not at all
mod smtp_faults; // mail servers that are away, refuse, break off or hang: what is answered of each mail
mod status; // how all is doing, from the store alone, in four forms
mod store_away; // the connection to a store on a server is cut at any octet, and the next run goes on
mod store_copy; // a store goes into another database whole, whatever ends the copy on the way
mod store_killed; // a killed run leaves what it committed
mod store_look; // a dry run leaves no trace in the store
mod store_trouble; // a store that cannot be used ends the run with its code, and nothing is told
mod threads; // the mails of a thread end on one ticket, in whatever order and wherever they come
mod upgrade; // a store of each former schema is upgraded, and the work goes on
mod webhooks; // URLs are told, signed, over HTTPS, whatever they answer
