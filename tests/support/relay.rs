//! Proxies on loopback: real ones (microsocks, tinyproxy), stopped when dropped, and a small SOCKS 4 relay.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::ports;

/// A running proxy.
pub struct Relay {
    /// Its port on 127.0.0.1.
    pub port: u16,
    child: Child,
    directory: tempfile::TempDir,
}

impl Relay {
    /// SOCKS 5 without a user.
    pub fn socks5() -> Self {
        Self::start("microsocks", |_, port| {
            vec!["-i".into(), "127.0.0.1".into(), "-p".into(), port.to_string()]
        })
    }

    /// SOCKS 5 for the user `anna` with the password `p:w@1` alone.
    pub fn socks5_with_user() -> Self {
        Self::start("microsocks", |_, port| {
            ["-i", "127.0.0.1", "-p", &port.to_string(), "-u", "anna", "-P", "p:w@1"]
                .map(str::to_owned)
                .to_vec()
        })
    }

    /// HTTP CONNECT for the user `anna` with the password `pw1` alone.
    pub fn http() -> Self {
        Self::start("tinyproxy", |directory, port| {
            let file = directory.join("tinyproxy.conf");
            let log = directory.join("log");
            let text = format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nLogFile \"{}\"\nMaxClients 20\nAllow 127.0.0.1\nBasicAuth anna pw1\n",
                log.display()
            );
            fs::write(&file, text).unwrap();
            vec!["-d".to_owned(), "-c".to_owned(), file.display().to_string()]
        })
    }

    fn start(program: &str, arguments: impl Fn(&std::path::Path, u16) -> Vec<String>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = ports::free();
        let child = Command::new(program)
            .args(arguments(directory.path(), port))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("the tests need {program}: cargo xtask test installs it: {error}")
            });
        let mut relay = Self { port, child, directory };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(relay.child.try_wait().unwrap().is_none(), "{program} ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        relay
    }

    /// What it wrote into its log, if it has one.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A SOCKS 4 and 4a relay for one connection; whatever name it is told, it connects to this host. No package has one.
pub fn socks4() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, told) = channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut request = [0; 8];
        client.read_exact(&mut request).unwrap();
        let [4, 1, high, low, address @ ..] = request else { panic!("{request:?}") };
        let mut text = || {
            let mut text = Vec::new();
            let mut octet = [0];
            while client.read_exact(&mut octet).is_ok() && octet != [0] {
                text.extend(octet);
            }
            String::from_utf8(text).unwrap()
        };
        let user = text();
        let name = if address == [0, 0, 0, 1] { text() } else { Ipv4Addr::from(address).to_string() };
        let target = u16::from_be_bytes([high, low]);
        sender.send(format!("{user} {name}:{target}")).unwrap();
        let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
        client.write_all(&[0, 90, 0, 0, 0, 0, 0, 0]).unwrap();
        let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let upwards = std::thread::spawn(move || {
            let _ = std::io::copy(&mut up, &mut down);
            let _ = down.shutdown(Shutdown::Write);
        });
        let (mut from, mut to) = (server, client);
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
        upwards.join().unwrap();
    });
    (port, told)
}
