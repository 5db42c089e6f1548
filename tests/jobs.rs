//! Several mailboxes at once: one that hangs delays none, and what is told stays in order.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

fn mailbox(server: &Dovecot, name: &str, folder: &str) -> String {
    let account = server.mailbox_toml("support", Tls::None);
    format!("[mailbox.{name}]\nqueue = \"support\"\n{account}folder = \"{folder}\"\n")
}

#[test]
fn a_mailbox_that_hangs_delays_no_other_and_is_told_of_in_its_place() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Dovecot::start();
    server.deliver("support", "INBOX", &Letter::new("a@x", "Mail").bytes());
    let port = format!("port = {}\n", hanging.local_addr().unwrap().port());
    let hangs = mailbox(&server, "hangs", "INBOX").replace(&format!("port = {}\n", server.port), &port);
    let desk = Desk::configured(&format!("{QUEUE}{hangs}{}", mailbox(&server, "works", "INBOX")));
    let mut command = desk.command(&["fetch", "--json"]);
    let run = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (connection, _) = hanging.accept().unwrap();
    while desk.run(&["ticket", "list", "--json"]).json().is_empty() {
        std::thread::sleep(Duration::from_millis(50));
    }
    // Only now does the first mailbox come to an end.
    drop(connection);
    let run = Run::of(run.wait_with_output().unwrap()).exits(69);
    let told: Vec<String> =
        run.json().iter().map(|line| format!("{} {}", line["type"], line["mailbox"])).collect();
    let expected =
        ["\"message\" \"works\"", "\"mailbox\" \"hangs\"", "\"mailbox\" \"works\"", "\"summary\" null"];
    assert_eq!(told, expected);
}

#[test]
fn many_mailboxes_at_once_lose_and_double_nothing() {
    let server = Dovecot::start();
    let folders: Vec<String> = (0..8).map(|n| format!("Box{n}")).collect();
    for folder in &folders {
        server.create_folder("support", folder);
        for n in 0..5 {
            server.deliver("support", folder, &Letter::new(&format!("{n}@{folder}"), folder).bytes());
        }
    }
    let mailboxes: String = folders.iter().map(|folder| mailbox(&server, folder, folder)).collect();
    let desk = Desk::configured(&format!("{QUEUE}{mailboxes}"));
    let run = desk.run(&["fetch", "--json", "--jobs", "8"]).exits(0);
    let order: Vec<String> = run.lines("message").iter().map(|line| line["mailbox"].to_string()).collect();
    let expected: Vec<String> = folders.iter().flat_map(|folder| vec![format!("\"{folder}\""); 5]).collect();
    assert_eq!(order, expected);
    let mut titles: Vec<String> = desk
        .run(&["ticket", "list", "--json"])
        .json()
        .iter()
        .map(|ticket| ticket["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    let expected: Vec<String> = folders.iter().flat_map(|folder| vec![folder.clone(); 5]).collect();
    assert_eq!(titles, expected);
}

#[test]
fn a_server_is_connected_to_while_the_store_opens_and_hears_nothing_before() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mailbox = |keys: &str| {
        format!(
            "{QUEUE}[mailbox.far]\nqueue = \"support\"\ntype = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             username = \"u\"\npassword = \"secret\"\n{keys}\n"
        )
    };
    let desk = Desk::with_maildir("");
    desk.run(&["fetch"]).exits(0);
    let mut other = rusqlite::Connection::open(desk.path("desk.db")).unwrap();
    let begin = |desk: &Desk| {
        let mut command = desk.command(&["fetch", "--json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };

    // Another program writes: the run cannot begin.
    let writing = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    desk.configure(&mailbox(""));
    let run = begin(&desk);
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"* OK [CAPABILITY IMAP4rev1] ready\r\n").unwrap();
    server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut octets = [0; 7];
    server.read(&mut octets).unwrap_err();
    drop(writing);
    server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    server.read_exact(&mut octets).unwrap();
    assert_eq!(&octets, b"a1 LOGI");
    drop(server);
    Run::of(run.wait_with_output().unwrap()).exits(69);

    // One that may not be due is not connected to before that is known.
    let writing = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    desk.configure(&mailbox("interval = \"1h\""));
    let run = begin(&desk);
    std::thread::sleep(Duration::from_millis(500));
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(writing);
    let run = Run::of(run.wait_with_output().unwrap()).exits(0);
    assert_eq!(run.lines("mailbox")[0]["status"], "not-due");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
