//! mbox against real files and other processes: locks, keys, deletion, watermark.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use helpdesk_mail::mailbox::{Access, Mailbox, MailboxError, Mbox, Reader, mbox};
use helpdesk_mail::model::item::{Acknowledgement, Disposition, Extent, ItemKey, Listed, Telling};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::desk::Desk;
use crate::support::nobody::as_nobody;

const FROM: &str = "From a@b.example Sat Jan  3 01:05:34 2026\n";
const SHORT: Duration = Duration::from_millis(300);

/// Names, contents, times and inodes of all that is there.
pub fn picture(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, i64, i64, u64)> {
    let mut all = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let content = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        all.insert(path, (content, metadata.mtime(), metadata.mtime_nsec(), metadata.ino()));
    }
    all
}

fn file(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("inbox");
    fs::write(&path, content).unwrap();
    (root, path)
}

fn opened(path: &Path) -> Mbox {
    let mut mbox = Mbox::new(path, 1000, Access::ReadWrite).waiting(SHORT);
    mbox.open("inbox").unwrap();
    mbox
}

fn opening(path: &Path, access: Access) -> Result<(), MailboxError> {
    Mbox::new(path, 1000, access).waiting(SHORT).open("inbox")
}

fn written(bodies: &[&str]) -> String {
    bodies.iter().map(|body| format!("{FROM}Subject: x\n\n{body}\n\n")).collect()
}

fn delete(items: &[Listed]) -> Vec<Acknowledgement> {
    items.iter().map(|item| tell(&item.key, Disposition::Delete)).collect()
}

fn tell(key: &ItemKey, disposition: Disposition) -> Acknowledgement {
    Acknowledgement { key: key.clone(), disposition, message_id: None, telling: Telling::First }
}

/// Another process that holds the mbox until it is dropped: `tests/support/holder.rs`, which cargo builds beside us.
struct Holder(Child);

impl Holder {
    fn of(path: &Path, how: &str) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("examples/mbox-holder");
        let mut child = Command::new(program)
            .arg(path)
            .arg(how)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "holding"), "the helper holds no lock");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_fcntl_lock_of_another_process_is_waited_for() {
    let (root, path) = file(written(&["a"]));
    let holder = Holder::of(&path, "write");
    let before = picture(root.path());
    assert!(matches!(opening(&path, Access::ReadWrite), Err(MailboxError::Locked { hint: Some(_), .. })));
    assert!(matches!(opening(&path, Access::ReadOnly), Err(MailboxError::Locked { .. })));
    assert_eq!(picture(root.path()), before);
    drop(holder);
    opening(&path, Access::ReadWrite).unwrap();
}

#[test]
fn readers_do_not_hinder_each_other() {
    let (_root, path) = file(written(&["a"]));
    let _holder = Holder::of(&path, "read");
    opening(&path, Access::ReadOnly).unwrap();
    assert!(matches!(opening(&path, Access::ReadWrite), Err(MailboxError::Locked { .. })));
}

#[test]
fn what_a_killed_run_left_locked_is_taken_over_at_once() {
    let (root, path) = file(written(&["a"]));
    let holder = Holder::of(&path, "mbox");
    let lock = root.path().join("inbox.lock");
    assert!(fs::read_to_string(&lock).unwrap().starts_with(&format!("{}\n", holder.0.id())));
    assert!(matches!(opening(&path, Access::ReadWrite), Err(MailboxError::Locked { .. })));
    drop(holder);
    assert!(lock.exists());
    opening(&path, Access::ReadOnly).unwrap();
    opening(&path, Access::ReadWrite).unwrap();
    assert!(!lock.exists());
}

#[test]
fn a_dotlock_is_heeded_unless_it_is_old_and_its_process_is_dead() {
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let (dead, alive) = (dead.id().to_string(), std::process::id().to_string());
    let (new, old) = (SystemTime::now(), SystemTime::now() - Duration::from_secs(3600));
    let table = [
        (dead.as_str(), old, true),
        (dead.as_str(), new, false),
        (alive.as_str(), old, false),
        ("", old, false),
        ("0", old, false),
        ("garbage", old, false),
    ];
    for (pid, age, free) in table {
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let (root, path) = file(written(&["a"]));
            let lock = root.path().join("inbox.lock");
            fs::write(&lock, pid).unwrap();
            fs::File::options().write(true).open(&lock).unwrap().set_modified(age).unwrap();
            let result = opening(&path, access);
            assert_eq!(result.is_ok(), free, "{pid:?} {access:?}: {result:?}");
            assert_eq!(lock.exists(), !(free && access == Access::ReadWrite), "{pid:?} {access:?}");
        }
    }
}

#[test]
fn the_dotlock_is_there_from_open_to_close() {
    let (root, path) = file(written(&["a", "b"]));
    let mut mbox = opened(&path);
    let lock = root.path().join("inbox.lock");
    assert!(lock.exists());
    let listing = mbox.list(None).unwrap();
    mbox.acknowledge(&delete(&listing.items[..1])).unwrap();
    assert!(lock.exists());
    mbox.close().unwrap();
    assert_eq!(picture(root.path()).len(), 2);
}

#[test]
fn messages_are_listed_and_fetched_in_their_order() {
    let text = written(&["one", ">From two", "three\n\nFrom here on"]).trim_end().to_owned();
    let (_root, path) = file(&text);
    let mut mbox = opened(&path);
    let listing = mbox.list(None).unwrap();
    assert_eq!(listing.there, 3);
    assert_eq!(listing.items[0].arrived.unwrap().to_string(), "2026-01-03T01:05:34Z");
    let fetched = mbox.fetch(&listing.items).unwrap();
    let bytes: Vec<Vec<u8>> = fetched.iter().map(|item| item.bytes.clone()).collect();
    assert_eq!(Some(&bytes), mbox::split(text.as_bytes()).as_ref());
    assert_eq!(bytes[1], b"Subject: x\n\nFrom two\n");
    assert_eq!(bytes[2], b"Subject: x\n\nthree\n\nFrom here on");
    let sizes: Vec<u64> = listing.items.iter().filter_map(|item| item.size).collect();
    assert_eq!(sizes, bytes.iter().map(|bytes| bytes.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_message_with_a_length_is_listed_fetched_and_deleted_as_one() {
    let body = "one\n\nFrom what he said at 10:30 it burns.\ntwo\n";
    let one = format!("{FROM}Subject: x\nContent-Length: {}\n\n{body}\n", body.len());
    let (_root, path) = file(format!("{one}{}", written(&["other"])));
    let mut mbox = opened(&path);
    let listing = mbox.list(None).unwrap();
    assert_eq!(listing.items.len(), 2);
    let fetched = mbox.fetch(&listing.items).unwrap();
    assert!(fetched[0].bytes.ends_with(body.as_bytes()), "{:?}", fetched[0]);
    assert_eq!(listing.items[0].size, Some(fetched[0].bytes.len() as u64));
    mbox.acknowledge(&delete(&listing.items[1..])).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), one);
    assert_eq!(mbox.list(None).unwrap().items[0].key, listing.items[0].key);
}

#[test]
fn of_a_large_message_the_beginning_is_read_and_the_next_whole() {
    let (_root, path) = file(written(&["x".repeat(300 * 1024).as_str(), "y"]));
    let mut mbox = opened(&path);
    let listing = mbox.list(None).unwrap();
    let fetched = mbox.fetch(&listing.items).unwrap();
    assert_eq!((fetched[0].bytes.len(), fetched[0].extent.clone()), (256 * 1024, Extent::Beginning));
    assert_eq!(
        (fetched[1].bytes.as_slice(), fetched[1].extent.clone()),
        (&b"Subject: x\n\ny\n"[..], Extent::Whole)
    );
}

#[test]
fn a_key_does_not_change_with_the_status() {
    let (_root, plain) = file(format!("{FROM}Subject: x\n\nStatus: a\n\n"));
    let (_other, read) = file(format!(
        "{FROM}Status: RO\nX-UID: 12\nSubject: x\nX-Keywords: a\n\tb\nX-IMAPbase: 1 2\nContent-Length: 5\nLines: 1\nX-Status: A\n\nStatus: a\n"
    ));
    let (_third, other) = file(format!("{FROM}Subject: x\n\nStatus: b\n\n"));
    let keys = [plain, read, other].map(|path| opened(&path).list(None).unwrap().items[0].key.0.clone());
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert!(keys[0].len() == 66 && keys[0].ends_with(":1"), "{}", keys[0]);
}

#[test]
fn equal_messages_are_counted_from_the_newest() {
    let (_root, path) = file(written(&["a", "b", "a", "a"]));
    let items = opened(&path).list(None).unwrap().items;
    let (a, b): (Vec<_>, Vec<_>) = items.iter().map(|item| item.key.0.split_once(':').unwrap()).unzip();
    assert_eq!(b, ["3", "1", "2", "1"]);
    assert!(a[0] == a[2] && a[0] == a[3] && a[0] != a[1]);
}

/// Alarms come with the same octets again and again.
#[test]
fn each_of_equal_messages_has_its_outcome_whenever_the_others_are_deleted() {
    let desk = Desk::new(
        "[mailbox.alarms]\ntype = \"mbox\"\nqueue = \"support\"\npath = \"box\"\non_success = \"delete\"\n",
    );
    let alarm = |id: &str| format!("{FROM}From: alarm@example.org\n{id}Subject: Disk full\n\nIt is.\n\n");
    let deliver = |text: &str| {
        let there = fs::read_to_string(desk.path("box")).unwrap_or_default();
        fs::write(desk.path("box"), there + text).unwrap();
    };
    deliver(&alarm("").repeat(2));
    let fetch = || desk.run(&["fetch", "--json", "--limit", "1"]).exits(0).outcomes();
    assert_eq!(fetch(), ["created/new support-1"]);
    assert_eq!(fetch(), ["created/new support-2"]);
    assert_eq!(fs::read_to_string(desk.path("box")).unwrap(), "");
    deliver(&alarm(""));
    deliver(&alarm("Message-ID: <a@x>\n").repeat(2));
    let expected = ["created/new support-3", "created/new support-4", "duplicate/message-id support-4"];
    assert_eq!(expected.map(|_| fetch().remove(0)), expected);
    assert_eq!(fs::read_to_string(desk.path("box")).unwrap(), "");
    let rows = desk.run(&["outcomes", "--json"]).exits(0).json();
    assert_eq!(rows.len(), 5);
}

#[test]
fn deletions_leave_the_rest_as_it_is_and_can_be_repeated() {
    let internal =
        format!("{FROM}Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx\n\n");
    let parts: Vec<String> = ["a", "\u{e9}\r", ">From c", "a", "e"].map(|body| written(&[body])).to_vec();
    let (root, path) = file(internal.clone() + &parts.concat());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let mut mbox = opened(&path);
    let items = mbox.list(None).unwrap().items;
    assert_eq!(items.len(), 5);
    let tell = delete(&[items[0].clone(), items[2].clone(), items[4].clone()]);
    for _ in 0..2 {
        assert_eq!(mbox.acknowledge(&tell).unwrap().len(), 3);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{internal}{}{}", parts[1], parts[3]));
    }
    // What was listed keeps its name and its place while the mailbox is open.
    let fetched = mbox.fetch(&items).unwrap();
    assert_eq!(fetched.iter().map(|item| &item.listed).collect::<Vec<_>>(), [&items[1], &items[3]]);
    assert_eq!(fetched[0].bytes, "Subject: x\n\n\u{e9}\r\n".as_bytes());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    // The new file is locked as the old one was.
    let child = std::thread::spawn({
        let path = path.clone();
        move || opening(&path, Access::ReadWrite).is_err()
    });
    assert!(child.join().unwrap());
    mbox.close().unwrap();
    assert_eq!(picture(root.path()).len(), 2);
}

#[test]
fn a_copy_left_by_a_killed_run_is_no_hindrance() {
    let (root, path) = file(written(&["a", "b"]));
    fs::write(root.path().join(".inbox.helpdesk-mail"), "half").unwrap();
    let mut mbox = opened(&path);
    let items = mbox.list(None).unwrap().items;
    mbox.acknowledge(&delete(&items)).unwrap();
    mbox.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(picture(root.path()).len(), 2);
}

#[test]
fn a_run_killed_while_it_deletes_leaves_all_that_it_had_not_deleted() {
    let bodies: Vec<String> = (0..40).map(|number| number.to_string().repeat(2000)).collect();
    let mails: Vec<String> = bodies.iter().map(|body| written(&[body])).collect();
    let states: Vec<String> = (0..=mails.len()).map(|deleted| mails[deleted..].concat()).collect();
    let (root, path) = file(&states[0]);
    let mut cut_off = 0;
    for round in 0..40_u64 {
        let holder = Holder::of(&path, "delete");
        std::thread::sleep(Duration::from_micros(round * 37 % 1500));
        drop(holder);
        let now = fs::read_to_string(&path).unwrap();
        let deleted = states.iter().position(|state| *state == now);
        cut_off += usize::from(deleted.expect("a mail is lost or torn") < mails.len());
    }
    assert!(cut_off > 0, "no run was cut off");
    let mut mbox = opened(&path);
    let items = mbox.list(None).unwrap().items;
    mbox.acknowledge(&delete(&items)).unwrap();
    drop(mbox);
    let left: Vec<_> = picture(root.path()).into_keys().collect();
    assert!(left.iter().all(|path| !path.ends_with("inbox.lock")), "{left:?}");
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn what_cannot_be_written_is_read_but_not_deleted() {
    let (root, path) = file(written(&["a"]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o500)).unwrap();
    as_nobody(root.path(), || {
        let before = picture(root.path());
        let mut mbox = opened(&path);
        let items = mbox.list(None).unwrap().items;
        assert_eq!(mbox.fetch(&items).unwrap().len(), 1);
        let error = mbox.acknowledge(&delete(&items)).unwrap_err();
        assert!(matches!(error, MailboxError::Folder { hint: Some(_), .. }), "{error:?}");
        drop(mbox);
        assert_eq!(picture(root.path()), before);
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        assert!(matches!(opening(&path, Access::ReadOnly), Err(MailboxError::Folder { hint: Some(_), .. })));
    });
}

#[test]
fn a_link_to_an_mbox_stays_a_link() {
    let (root, path) = file(written(&["a", "b"]));
    let link = root.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut mbox = Mbox::new(&link, 1000, Access::ReadWrite).waiting(SHORT);
    mbox.open("link").unwrap();
    let items = mbox.list(None).unwrap().items;
    mbox.acknowledge(&delete(&items[..1])).unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), written(&["b"]));
}

#[test]
fn only_deleting_can_be_told() {
    let (root, path) = file(written(&["a"]));
    let mut mbox = opened(&path);
    let key = mbox.list(None).unwrap().items[0].key.clone();
    for disposition in [Disposition::Seen, Disposition::Move("done".to_owned())] {
        let error = mbox.acknowledge(&[tell(&key, disposition)]).unwrap_err();
        assert!(matches!(error, MailboxError::Folder { hint: Some(_), .. }), "{error:?}");
    }
    drop(mbox);
    let before = picture(root.path());
    let mut reader = Mbox::new(&path, 1000, Access::ReadOnly);
    reader.open("inbox").unwrap();
    assert!(matches!(
        reader.acknowledge(&[tell(&key, Disposition::Delete)]),
        Err(MailboxError::Folder { .. })
    ));
    assert_eq!(picture(root.path()), before);
}

#[test]
fn an_unchanged_mbox_is_not_listed_again() {
    let (_root, path) = file(written(&["a", "b", "c"]));
    let mut mbox = opened(&path);
    assert_eq!(mbox.watermark(None), None);
    let listing = mbox.list(None).unwrap();
    assert_eq!(mbox.watermark(Some(&listing.items[1].key)), None);
    mbox.acknowledge(&delete(&listing.items[..1])).unwrap();
    let mark = mbox.watermark(None).unwrap();
    drop(mbox);

    let mut mbox = opened(&path);
    let again = mbox.list(Some(&mark)).unwrap();
    assert_eq!((again.there, again.items.len()), (2, 0));
    assert_eq!(mbox.watermark(None), Some(mark.clone()));
    // What is owed from an earlier run can be told all the same.
    mbox.acknowledge(&delete(&listing.items[1..2])).unwrap();
    let mark = mbox.watermark(None).unwrap();
    drop(mbox);

    let mut mbox = opened(&path);
    assert_eq!(mbox.list(Some(&mark)).unwrap().there, 1);
    drop(mbox);
    fs::File::options().append(true).open(&path).unwrap().write_all(written(&["d"]).as_bytes()).unwrap();
    assert_eq!(opened(&path).list(Some(&mark)).unwrap().items.len(), 2);
}

#[test]
fn what_was_never_listed_is_not_below_the_watermark() {
    let (_root, path) = file(written(&["a"]));
    let mut mbox = opened(&path);
    let listing = mbox.list(None).unwrap();
    // A program that heeds no lock.
    fs::File::options().append(true).open(&path).unwrap().write_all(written(&["b"]).as_bytes()).unwrap();
    mbox.acknowledge(&delete(&listing.items)).unwrap();
    assert_eq!(mbox.watermark(None), None);
    drop(mbox);
    assert_eq!(fs::read_to_string(&path).unwrap(), written(&["b"]));
}

#[test]
fn what_is_no_mbox_is_said_to_be_none() {
    let (root, path) = file("Subject: x\n\n");
    let error = opened(&path).list(None).unwrap_err();
    assert!(error.to_string().contains("is not an mbox"), "{error}");
    assert!(matches!(error, MailboxError::Protocol { .. }));
    fs::write(&path, "").unwrap();
    assert_eq!(opened(&path).list(None).unwrap().there, 0);
    for name in ["missing", ""] {
        let path = root.path().join(name);
        let mut mbox = Mbox::new(&path, 1000, Access::ReadWrite);
        let folder = mbox.folders()[0].clone();
        assert!(matches!(mbox.open(&folder), Err(MailboxError::Folder { hint: Some(_), .. })), "{name}");
    }
}

#[test]
fn a_hundred_thousand_messages_are_listed() {
    let text = written(&["a"]).repeat(100_000);
    let (_root, path) = file(&text);
    let mut mbox = opened(&path);
    let listing = mbox.list(None).unwrap();
    assert_eq!(listing.there, 100_000);
    assert!(listing.items[0].key.0.ends_with(":100000"));
    assert_eq!(mbox.fetch(&listing.items[99_990..]).unwrap().len(), 10);
}

#[test]
fn looking_changes_nothing() {
    let (root, path) = file(written(&["a", "b"]));
    let before = picture(root.path());
    let mut mbox = Mbox::new(&path, 1000, Access::ReadOnly);
    mbox.open("inbox").unwrap();
    let listing = mbox.list(None).unwrap();
    assert_eq!(mbox.fetch(&listing.items).unwrap().len(), 2);
    assert_eq!(mbox.account(), format!("mbox:{}", path.display()));
    assert_eq!(picture(root.path()), before);
    mbox.close().unwrap();
    assert_eq!(picture(root.path()), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_is_read_as_its_octets_are_split(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("".to_owned()), Just(FROM.trim_end().to_owned()), Just(">From a 10:00".to_owned()),
                Just("\r".to_owned()), Just("Status: O".to_owned()), ".{0,10}",
                (0..90).prop_map(|octets| format!("Content-Length: {octets}")),
            ],
            0..30,
        ),
    ) {
        let text = format!("{FROM}{}", lines.join("\n"));
        let (_root, path) = file(&text);
        let mut mbox = opened(&path);
        let listing = mbox.list(None).unwrap();
        let sizes: Vec<u64> = listing.items.iter().filter_map(|item| item.size).collect();
        let bytes: Vec<Vec<u8>> = mbox.fetch(&listing.items).unwrap().into_iter().map(|item| item.bytes).collect();
        prop_assert_eq!(sizes, bytes.iter().map(|bytes| bytes.len() as u64).collect::<Vec<_>>());
        prop_assert_eq!(Some(bytes), mbox::split(text.as_bytes()));
        mbox.acknowledge(&delete(&listing.items)).unwrap();
        prop_assert_eq!(fs::read(&path).unwrap(), Vec::<u8>::new());
    }
}
