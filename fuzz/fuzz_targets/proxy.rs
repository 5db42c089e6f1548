//! Whatever a proxy answers, each handshake ends, and what it takes does not depend on how the answer is cut.
//!
//! The first octet chooses the handshake, the target and whether there is a user; the rest is what the proxy says.
#![no_main]

#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/transport/wire/proxy/handshake.rs"]
mod handshake;

use std::io::{self, Read, Write};

use handshake::{Login, NoWay, Target};
use libfuzzer_sys::fuzz_target;

/// A proxy that gives at most so many octets at once.
struct Proxy<'a> {
    says: &'a [u8],
    at_once: usize,
}

impl Read for Proxy<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.says.len().min(buffer.len()).min(self.at_once);
        let (now, later) = self.says.split_at(octets);
        buffer[..octets].copy_from_slice(now);
        self.says = later;
        Ok(octets)
    }
}

impl Write for Proxy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let [choice, says @ ..] = data else { return };
    let target = match choice & 3 {
        0 => Target::Address([192, 0, 2, 1].into(), 993),
        1 => Target::Address([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1].into(), 993),
        _ => Target::Name("imap.example.org".to_owned(), 993),
    };
    let login = (choice & 4 != 0).then_some(Login { user: "anna", password: "s3cret" });
    let met = |at_once| {
        let mut proxy = Proxy { says, at_once };
        let result = match choice >> 3 & 3 {
            0 => handshake::socks4(&mut proxy, &target, login),
            1 => handshake::socks5(&mut proxy, &target, login),
            _ => handshake::http(&mut proxy, &target, login),
        };
        let told = result.map_err(|why| match why {
            NoWay::Io(error) => format!("{:?}", error.kind()),
            why => why.to_string(),
        });
        if let Err(text) = &told {
            assert!(text.len() < 1000 && !text.contains(char::is_control), "{text}");
            assert!(login.is_none() || !text.contains("s3cret"), "{text}");
        }
        (told.is_ok(), told.err(), proxy.says.len())
    };
    assert_eq!(met(1), met(usize::MAX));
});
