//! A small IMAP server with five mails that misbehaves in one way, for as many sessions as there are.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use super::letter::Letter;

/// What is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// It breaks off in the middle of the message with this UID, in every session.
    BreaksAt(u32),
    /// It breaks off in the middle of the message with this UID, in the first session.
    BreaksOnceAt(u32),
    /// Likewise, and sends the next client away.
    BreaksOnceAtAndIsAway(u32),
    /// It leaves the message with this UID out of every answer that asks for several.
    LeavesOut(u32),
}

/// Starts the server and gives its port; it ends with the process.
pub fn start(oddity: Oddity) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (session, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            // A client that went away is no failure of the server.
            let _ = match (oddity, session) {
                (Oddity::BreaksOnceAtAndIsAway(_), 1) => (&stream).write_all(b"* BYE later\r\n"),
                (Oddity::BreaksOnceAt(uid) | Oddity::BreaksOnceAtAndIsAway(uid), 0) => {
                    serve(&stream, Oddity::BreaksAt(uid))
                }
                _ => serve(&stream, oddity),
            };
        }
    });
    port
}

fn serve(mut stream: &TcpStream, oddity: Oddity) -> std::io::Result<()> {
    stream.write_all(b"* OK odd\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let words: Vec<String> = command.to_uppercase().split(' ').map(str::to_owned).collect();
        match words[0].as_str() {
            "CAPABILITY" => stream.write_all(b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n")?,
            "SELECT" | "EXAMINE" => {
                stream.write_all(b"* 5 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 6] x\r\n")?;
            }
            "UID" if words[1] == "FETCH" && !fetch(stream, &words, oddity)? => return Ok(()),
            _ => {}
        }
        stream.write_all(format!("{tag} OK done\r\n").as_bytes())?;
    }
    Ok(())
}

/// Answers UID FETCH; false if the session is to break off.
fn fetch(mut stream: &TcpStream, words: &[String], oddity: Oddity) -> std::io::Result<bool> {
    let uids = uids(&words[2]);
    for uid in &uids {
        let mail = Letter::new(&format!("{uid}@odd"), &format!("Mail {uid}")).bytes();
        let head = format!("* {uid} FETCH (UID {uid}");
        if words[3..].iter().any(|word| word.contains("BODY.PEEK[]")) {
            if oddity == Oddity::LeavesOut(*uid) && uids.len() > 1 {
                continue;
            }
            stream.write_all(format!("{head} BODY[] {{{}}}\r\n", mail.len()).as_bytes())?;
            if oddity == Oddity::BreaksAt(*uid) {
                stream.write_all(&mail[..10])?;
                return Ok(false);
            }
            stream.write_all(&mail)?;
            stream.write_all(b")\r\n")?;
        } else {
            let more = format!("{head} RFC822.SIZE {} FLAGS ())\r\n", mail.len());
            stream.write_all(more.as_bytes())?;
        }
    }
    Ok(true)
}

fn uids(set: &str) -> Vec<u32> {
    let number = |text: &str| if text == "*" { 5 } else { text.parse::<u32>().unwrap().min(5) };
    set.split(',')
        .flat_map(|part| match part.split_once(':') {
            Some((from, to)) => (number(from)..=number(to)).collect::<Vec<_>>(),
            None => vec![number(part)],
        })
        .collect()
}
