//! A directory of mails against real files: names and hashes, order, dispositions told twice.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use helpdesk_mail::mailbox::{Directory, Mailbox, MailboxError, Reader};
use helpdesk_mail::model::item::{Acknowledgement, Disposition, Extent, ItemKey, Telling};
use tempfile::TempDir;

use crate::support::desk::Desk;
use crate::support::letter::Letter;
use crate::support::nobody::as_nobody;

/// SHA-256 of `A: b\n\n`.
const DIGEST: &str = "e6cfa255438448285be0e8859d3d28c97817d7f96ee0da2ef0523cb9c52681ac";

fn directory(files: &[&str]) -> (TempDir, Directory) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("mail")).unwrap();
    for file in files {
        fs::write(root.path().join("mail").join(file), "A: b\n\n").unwrap();
    }
    let mut directory = Directory::new(&root.path().join("mail"), 1000);
    directory.open("mail").unwrap();
    (root, directory)
}

fn keys(directory: &mut Directory) -> Vec<String> {
    directory.list(None).unwrap().items.into_iter().map(|item| item.key.0).collect()
}

fn tell(key: &str, disposition: Disposition) -> [Acknowledgement; 1] {
    [Acknowledgement { key: ItemKey(key.to_owned()), disposition, message_id: None, telling: Telling::Again }]
}

fn key(name: &str) -> String {
    format!("{name}:{DIGEST}")
}

#[test]
fn files_come_in_the_order_of_their_names() {
    let (root, mut directory) = directory(&["2.eml", "10.eml", "1.eml", ".hidden"]);
    let mail = root.path().join("mail");
    fs::create_dir(mail.join("done")).unwrap();
    fs::write(mail.join("done/0.eml"), "").unwrap();
    std::os::unix::fs::symlink("1.eml", mail.join("0-link.eml")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(mail.join("0-fifo")).status().unwrap().success());
    assert_eq!(keys(&mut directory), [key("1.eml"), key("10.eml"), key("2.eml")]);
    let listing = directory.list(None).unwrap();
    assert_eq!((listing.there, listing.items[0].size), (3, Some(6)));
    let fetched = directory.fetch(&listing.items).unwrap();
    assert_eq!(fetched.len(), 3);
    assert_eq!((fetched[0].bytes.as_slice(), fetched[0].extent.clone()), (&b"A: b\n\n"[..], Extent::Whole));
}

#[test]
fn a_name_that_is_not_utf_8_can_be_fetched_and_removed() {
    let (root, mut directory) = directory(&[]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.eml");
    fs::write(root.path().join("mail").join(name), "A: b\n\n").unwrap();
    assert_eq!(keys(&mut directory), [key("caf\\xE9.eml")]);
    let listing = directory.list(None).unwrap();
    assert_eq!(directory.fetch(&listing.items).unwrap().len(), 1);
    directory.acknowledge(&tell(&key("caf\\xE9.eml"), Disposition::Delete)).unwrap();
    assert_eq!(keys(&mut directory), [""; 0]);
}

#[test]
fn a_file_that_changed_is_another_item() {
    let (root, mut directory) = directory(&["1.eml", "2.eml"]);
    let listing = directory.list(None).unwrap();
    fs::write(root.path().join("mail/1.eml"), "changed").unwrap();
    let fetched = directory.fetch(&listing.items).unwrap();
    assert_eq!(fetched.iter().map(|item| &item.listed).collect::<Vec<_>>(), [&listing.items[1]]);
    directory.acknowledge(&tell(&key("1.eml"), Disposition::Delete)).unwrap();
    assert_eq!(fs::read(root.path().join("mail/1.eml")).unwrap(), b"changed");
}

#[test]
fn deleting_twice_is_harmless() {
    let (_root, mut directory) = directory(&["1.eml", "2.eml"]);
    for _ in 0..2 {
        assert_eq!(
            directory.acknowledge(&tell(&key("1.eml"), Disposition::Delete)).unwrap(),
            [ItemKey(key("1.eml"))]
        );
        assert_eq!(keys(&mut directory), [key("2.eml")]);
    }
}

#[test]
fn moving_goes_to_a_sub_directory_and_never_overwrites() {
    let (root, mut directory) = directory(&["1.eml"]);
    let done = root.path().join("mail/done");
    fs::create_dir(&done).unwrap();
    fs::write(done.join("1.eml"), "another").unwrap();
    directory.target("done").unwrap();
    for _ in 0..2 {
        directory.acknowledge(&tell(&key("1.eml"), Disposition::Move("done".to_owned()))).unwrap();
    }
    assert_eq!(fs::read(done.join("1.eml")).unwrap(), b"another");
    assert_eq!(fs::read(done.join("1.eml.1")).unwrap(), b"A: b\n\n");
    assert_eq!(keys(&mut directory), [""; 0]);
}

#[test]
fn what_a_directory_cannot_do_is_refused() {
    let (root, mut directory) = directory(&["1.eml"]);
    std::os::unix::fs::symlink("..", root.path().join("mail/out")).unwrap();
    let moves = ["missing", "..", "a/b", "out", "1.eml"].map(|name| Disposition::Move(name.to_owned()));
    for disposition in moves.into_iter().chain([Disposition::Seen]) {
        let error = directory.acknowledge(&tell(&key("1.eml"), disposition.clone())).unwrap_err();
        assert!(matches!(error, MailboxError::Folder { hint: Some(_), .. }), "{disposition}: {error:?}");
        if let Disposition::Move(folder) = &disposition {
            assert!(matches!(directory.target(folder), Err(MailboxError::Folder { hint: Some(_), .. })));
        }
    }
    assert_eq!(keys(&mut directory), [key("1.eml")]);
    for name in ["missing", "mail/1.eml"] {
        let mut directory = Directory::new(&root.path().join(name), 1000);
        let folder = directory.folders()[0].clone();
        assert!(matches!(directory.open(&folder), Err(MailboxError::Folder { hint: Some(_), .. })));
    }
}

#[test]
fn of_a_large_file_the_beginning_is_read() {
    let (root, mut directory) = directory(&[]);
    fs::write(root.path().join("mail/1.eml"), vec![b'x'; 300 * 1024]).unwrap();
    let listing = directory.list(None).unwrap();
    let fetched = directory.fetch(&listing.items).unwrap();
    assert_eq!((fetched[0].bytes.len(), fetched[0].extent.clone()), (256 * 1024, Extent::Beginning));
}

#[test]
fn looking_changes_nothing() {
    let (root, mut directory) = directory(&["1.eml", "2.eml"]);
    let before = crate::local_mbox::picture(root.path());
    let listing = directory.list(None).unwrap();
    assert_eq!(directory.fetch(&listing.items).unwrap().len(), 2);
    assert_eq!(directory.account(), format!("directory:{}", root.path().join("mail").display()));
    directory.close().unwrap();
    assert_eq!(crate::local_mbox::picture(root.path()), before);
}

#[test]
fn a_file_that_cannot_be_read_fails_alone_and_is_never_deleted() {
    use std::os::unix::fs::PermissionsExt;
    let (root, mut directory) = directory(&["1.eml", "2.eml"]);
    let path = root.path().join("mail/1.eml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    as_nobody(root.path(), || {
        let listing = directory.list(None).unwrap();
        assert_eq!(listing.items[0].key.0, "1.eml:unreadable");
        let fetched = directory.fetch(&listing.items).unwrap();
        assert!(matches!(fetched[0].extent, Extent::Nothing { .. }), "{:?}", fetched[0].extent);
        assert_eq!(fetched[1].bytes, b"A: b\n\n");
        directory.acknowledge(&tell("1.eml:unreadable", Disposition::Delete)).unwrap();
        assert!(path.exists());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(directory.fetch(&listing.items).unwrap().len(), 1);
        assert_eq!(keys(&mut directory), [key("1.eml"), key("2.eml")]);
    });
}

#[test]
fn a_file_that_can_be_read_at_last_leaves_no_deferred_row_behind() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("[mailbox.support]\ntype = \"directory\"\nqueue = \"support\"\npath = \"mail\"\n");
    let path = desk.path("mail/1.eml");
    fs::create_dir(desk.path("mail")).unwrap();
    fs::write(&path, Letter::new("a@x", "Locked").bytes()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    as_nobody(&desk.path(""), || {
        assert_eq!(desk.run(&["fetch", "--json"]).exits(75).outcomes(), ["deferred/temporary -"]);
        assert_eq!(desk.run(&["outcomes", "--outcome", "deferred", "--json"]).json().len(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        desk.run(&["fetch", "--dry-run"]).exits(0);
        assert_eq!(desk.run(&["outcomes", "--json"]).json()[0]["outcome"], "deferred");
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-1"]);
        let outcomes = desk.run(&["outcomes", "--json"]).json();
        assert_eq!((outcomes.len(), &outcomes[0]["outcome"]), (1, &"created".into()));
    });
}
