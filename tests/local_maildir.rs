//! Maildir against real directories: order, keys that outlive renames, dispositions told twice.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use helpdesk_mail::mailbox::{Mailbox, MailboxError, Maildir, Reader};
use helpdesk_mail::model::item::{Acknowledgement, Disposition, Extent, Fetched, ItemKey, Listed, Telling};
use tempfile::TempDir;

use crate::support::desk::Desk;
use crate::support::letter::Letter;
use crate::support::nobody::as_nobody;

fn maildir() -> (TempDir, Maildir) {
    let root = tempfile::tempdir().unwrap();
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(root.path().join("box").join(part)).unwrap();
    }
    let mut maildir = Maildir::new(&root.path().join("box"), 1000);
    maildir.open("box").unwrap();
    (root, maildir)
}

/// Writes a mail that arrived so many seconds after the epoch.
fn put(root: &TempDir, name: &str, seconds: u64) {
    let path = root.path().join("box").join(name);
    fs::write(&path, format!("Subject: {name}\n\n")).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn keys(items: &[Listed]) -> Vec<&str> {
    items.iter().map(|item| item.key.0.as_str()).collect()
}

fn fetched(items: &[Fetched]) -> Vec<&str> {
    items.iter().map(|item| item.listed.key.0.as_str()).collect()
}

fn tell(key: &str, disposition: Disposition) -> [Acknowledgement; 1] {
    [Acknowledgement { key: ItemKey(key.to_owned()), disposition, message_id: None, telling: Telling::First }]
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_oldest_comes_first_and_what_is_no_mail_is_left_out() {
    let (root, mut maildir) = maildir();
    put(&root, "new/3.host", 300);
    put(&root, "cur/1.host:2,S", 200);
    put(&root, "cur/2.host:2,FR", 100);
    put(&root, "new/0.host", 300);
    put(&root, "cur/4.host:2,ST", 50);
    put(&root, "cur/.hidden", 50);
    put(&root, "tmp/5.host", 50);
    fs::create_dir(root.path().join("box/cur/directory")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.path().join("box/new/link")).unwrap();
    let listing = maildir.list(None).unwrap();
    assert_eq!(keys(&listing.items), ["2.host", "1.host", "0.host", "3.host"]);
    assert_eq!(listing.there, 4);
    assert_eq!(listing.items[0].size, Some(26));
    assert_eq!(listing.items[0].arrived.unwrap().as_second(), 100);
    assert_eq!(maildir.watermark(None), None);
}

#[test]
fn an_item_is_found_again_under_another_name() {
    let (root, mut maildir) = maildir();
    put(&root, "new/1.host", 1);
    put(&root, "cur/2.host:2,", 2);
    put(&root, "new/3.host", 3);
    let listing = maildir.list(None).unwrap();
    let base = root.path().join("box");
    fs::rename(base.join("new/1.host"), base.join("cur/1.host:2,S")).unwrap();
    fs::rename(base.join("cur/2.host:2,"), base.join("cur/2.host:2,F")).unwrap();
    fs::remove_file(base.join("new/3.host")).unwrap();
    let found = maildir.fetch(&listing.items).unwrap();
    assert_eq!(fetched(&found), ["1.host", "2.host"]);
    assert_eq!(found[0].bytes, b"Subject: new/1.host\n\n");
    assert_eq!(found[0].extent, Extent::Whole);
    assert_eq!(keys(&maildir.list(None).unwrap().items), ["1.host", "2.host"]);
}

#[test]
fn of_a_large_message_the_beginning_is_read() {
    let (root, mut maildir) = maildir();
    fs::write(root.path().join("box/new/1.host"), vec![b'x'; 300 * 1024]).unwrap();
    let listing = maildir.list(None).unwrap();
    let found = maildir.fetch(&listing.items).unwrap();
    assert_eq!((found[0].bytes.len(), found[0].extent.clone()), (256 * 1024, Extent::Beginning));
}

#[test]
fn seen_keeps_the_other_flags_however_often_it_is_told() {
    let (root, mut maildir) = maildir();
    put(&root, "new/1.host", 1);
    put(&root, "cur/2.host:2,TF", 2);
    for _ in 0..3 {
        maildir.acknowledge(&tell("1.host", Disposition::Seen)).unwrap();
        maildir.acknowledge(&tell("2.host", Disposition::Seen)).unwrap();
        assert_eq!(names(&root.path().join("box/cur")), ["1.host:2,S", "2.host:2,FST"]);
    }
    assert_eq!(names(&root.path().join("box/new")), [""; 0]);
}

#[test]
fn deleting_twice_is_harmless() {
    let (root, mut maildir) = maildir();
    put(&root, "new/1.host", 1);
    put(&root, "cur/2.host:2,S", 2);
    maildir.list(None).unwrap();
    for _ in 0..2 {
        let told = maildir.acknowledge(&tell("1.host", Disposition::Delete)).unwrap();
        assert_eq!(told, [ItemKey("1.host".to_owned())]);
    }
    assert_eq!(keys(&maildir.list(None).unwrap().items), ["2.host"]);
}

#[test]
fn moving_goes_to_a_sub_folder_and_never_overwrites() {
    let (root, mut maildir) = maildir();
    let target = root.path().join("box/.Done.2026/cur");
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("2.host:2,"), "another").unwrap();
    put(&root, "new/1.host", 1);
    put(&root, "cur/2.host:2,", 2);
    for folder in ["Done/2026", ".Done.2026"] {
        for key in ["1.host", "2.host"] {
            maildir.acknowledge(&tell(key, Disposition::Move(folder.to_owned()))).unwrap();
        }
    }
    assert_eq!(names(&target), ["1.host:2,", "2.host.1:2,", "2.host:2,"]);
    assert_eq!(fs::read(target.join("2.host:2,")).unwrap(), b"another");
    assert_eq!(maildir.list(None).unwrap().there, 0);
}

#[test]
fn a_folder_that_is_not_there_is_refused_and_the_rest_is_told() {
    let (root, mut maildir) = maildir();
    put(&root, "new/1.host", 1);
    put(&root, "new/2.host", 2);
    for folder in ["Done", "../box", "a//b", "/etc"] {
        let error = maildir.acknowledge(&tell("1.host", Disposition::Move(folder.to_owned()))).unwrap_err();
        assert!(matches!(error, MailboxError::Folder { hint: Some(_), .. }), "{folder}: {error:?}");
    }
    let [refused] = tell("1.host", Disposition::Move("Done".to_owned()));
    let [told] = tell("2.host", Disposition::Delete);
    maildir.acknowledge(&[refused, told]).unwrap_err();
    assert_eq!(names(&root.path().join("box/new")), ["1.host"]);
}

#[test]
fn what_is_no_maildir_is_said_to_be_none() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    fs::create_dir(root.path().join("plain")).unwrap();
    for (name, word) in [("missing", "create it"), ("file", "directory"), ("plain", "sub-directories")] {
        let mut maildir = Maildir::new(&root.path().join(name), 1000);
        let error = maildir.open(name).unwrap_err();
        let MailboxError::Folder { hint: Some(hint), .. } = error else { panic!("{name}: {error:?}") };
        assert!(hint.contains(word), "{name}: {hint}");
    }
    assert!(matches!(maildir().1.open("other"), Err(MailboxError::Folder { .. })));
}

#[test]
fn looking_changes_nothing() {
    let (root, mut maildir) = maildir();
    put(&root, "new/1.host", 1);
    put(&root, "cur/2.host:2,S", 2);
    let before = crate::local_mbox::picture(root.path());
    let listing = maildir.list(None).unwrap();
    assert_eq!(maildir.fetch(&listing.items).unwrap().len(), 2);
    assert!(maildir.account().starts_with("maildir:/"));
    maildir.close().unwrap();
    assert_eq!(crate::local_mbox::picture(root.path()), before);
}

#[test]
fn ten_thousand_items_are_told_without_looking_again_for_each() {
    let (root, mut maildir) = maildir();
    for number in 0..10_000 {
        fs::write(root.path().join(format!("box/new/{number:05}.host")), "A: b\n\n").unwrap();
    }
    let listing = maildir.list(None).unwrap();
    let tell: Vec<_> = listing.items.iter().flat_map(|item| tell(&item.key.0, Disposition::Delete)).collect();
    for _ in 0..2 {
        assert_eq!(maildir.acknowledge(&tell).unwrap().len(), 10_000);
    }
    assert_eq!(maildir.list(None).unwrap().there, 0);
}

#[test]
fn a_file_that_cannot_be_read_fails_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (root, mut maildir) = maildir();
    put(&root, "new/1.host", 1);
    put(&root, "new/2.host", 2);
    let path = root.path().join("box/new/1.host");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    as_nobody(root.path(), || {
        let listing = maildir.list(None).unwrap();
        let found = maildir.fetch(&listing.items).unwrap();
        assert!(matches!(found[0].extent, Extent::Nothing { .. }), "{:?}", found[0].extent);
        assert_eq!(found[1].bytes, b"Subject: new/2.host\n\n");
        let new = root.path().join("box/new");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(maildir.list(None), Err(MailboxError::Folder { .. })));
        fs::set_permissions(&new, fs::Permissions::from_mode(0o500)).unwrap();
        assert!(matches!(
            maildir.acknowledge(&tell("2.host", Disposition::Delete)),
            Err(MailboxError::Folder { hint: Some(_), .. })
        ));
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700)).unwrap();
    });
}

#[test]
fn a_name_that_is_used_again_once_its_message_was_deleted_is_another_message() {
    let desk = Desk::with_maildir("on_success = \"delete\"");
    for id in ["a@x", "b@x", "b@x"] {
        desk.deliver("1", &Letter::new(id, "Mail").bytes());
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes().len(), 1);
        assert!(!desk.path("mail/new/1").exists());
    }
    assert_eq!(desk.run(&["ticket", "list", "--json"]).exits(0).json().len(), 2);
}

#[test]
fn a_name_without_room_for_flags_is_kept_and_no_trouble() {
    for name in ["x".repeat(255), "x".repeat(253)] {
        let (root, mut maildir) = maildir();
        put(&root, &format!("new/{name}"), 100);
        maildir.list(None).unwrap();
        for _ in 0..2 {
            let told = maildir.acknowledge(&tell(&name, Disposition::Seen)).unwrap();
            assert_eq!(told.len(), 1);
            assert_eq!(names(&root.path().join("box/cur")), [name.as_str()]);
        }
    }
}
