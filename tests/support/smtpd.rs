//! A private Postfix with a directory and ports of its own, which delivers to a Dovecot and asks it who logs in.
//!
//! ```ignore
//! let server = Smtpd::start();
//! let mail = server.delivered("support", 1);
//! ```
//!
//! Mail for `USER@example.org` goes to that user of the Dovecot: `support`, whose password is `secret`, `anna` and
//! `ännä`. Others are refused by 550. Postfix runs as root alone, and so do tests that use it.

use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use helpdesk_mail::outbox::Smtp;
use helpdesk_mail::transport::{Login, Password, Plaintext, Tls};
use rustix::process::{Pid, Signal, kill_process_group};

use super::ca::Flaw;
use super::dovecot::{self, Dovecot, open_to_all};
use super::ports;

/// What a server is to be like.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is wrong with its certificate.
    pub flaw: Flaw,
    /// Further lines of main.cf.
    pub lines: &'static str,
    /// The port of the endpoint that tells about access tokens.
    pub introspection: Option<u16>,
}

/// A running server.
pub struct Smtpd {
    /// Its port for plain SMTP and STARTTLS.
    pub port: u16,
    /// Its port for SMTP over TLS.
    pub tls_port: u16,
    /// Where the mail arrives.
    pub dovecot: Dovecot,
    directory: tempfile::TempDir,
    child: Child,
}

impl Smtpd {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Starts a server that is special.
    pub fn start_with(options: Options) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "Postfix must be started by root: run this test as root"
        );
        let mut tries = 3;
        loop {
            tries -= 1;
            match Self::try_start(&options) {
                Ok(server) => return server,
                // Something else on this machine may have taken the port. Postfix ends without a word then.
                Err(log) if tries > 0 && (log.is_empty() || log.contains("in use")) => {}
                Err(log) => panic!("postfix ended: {log}"),
            }
        }
    }

    fn try_start(options: &Options) -> Result<Self, String> {
        let dovecot = Dovecot::start_with(dovecot::Options {
            sasl: true,
            introspection: options.introspection,
            ..dovecot::Options::default()
        });
        let directory = tempfile::Builder::new().prefix("helpdesk-postfix").tempdir().unwrap();
        open_to_all(directory.path(), 0o755);
        let [port, tls_port] = std::array::from_fn(|_| ports::free());
        let conf = directory.path().join("conf");
        fs::create_dir(&conf).unwrap();
        fs::write(conf.join("main.cf"), main_cf(directory.path(), &dovecot, options)).unwrap();
        fs::write(conf.join("master.cf"), master_cf(port, tls_port)).unwrap();
        make_spool(directory.path());
        let child = Command::new(program("master"))
            .arg("-c")
            .arg(&conf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { port, tls_port, dovecot, directory, child };
        server.wait().map(|()| server)
    }

    /// The user `support`, by this protection.
    pub fn smtp(&self, tls: Tls) -> Smtp {
        let login = Login::Password(Password::Literal("secret".into()));
        Smtp {
            host: "127.0.0.1".to_owned(),
            port: if tls == Tls::Implicit { self.tls_port } else { self.port },
            tls,
            plaintext: Plaintext::LoopbackOnly,
            ca_file: Some(self.dovecot.ca_file()),
            login: Some(("support".to_owned(), login)),
            timeout: Duration::from_secs(20),
            proxy: None,
        }
    }

    /// Waits until so many mails have come for a user, and gives them in the order of their Message-IDs.
    pub fn delivered(&self, user: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let mut mails = self.mails(user);
            if mails.len() >= count {
                let id = |mail: &String| {
                    mail.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned)
                };
                mails.sort_by_key(id);
                return mails;
            }
            assert!(Instant::now() < deadline, "only {} of {count} mails came: {}", mails.len(), self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The mails that lie there for a user now.
    pub fn mails(&self, user: &str) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.dovecot.maildir(user).join("new")) else { return Vec::new() };
        files
            .map(|file| String::from_utf8_lossy(&fs::read(file.unwrap().path()).unwrap()).into_owned())
            .collect()
    }

    /// What the server logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Waits until so many lines of the log hold a text.
    pub fn logged(&self, text: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.log().matches(text).count() < count {
            assert!(Instant::now() < deadline, "{text:?} is not in {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until nobody is connected any more and all that was taken is delivered.
    pub fn settled(&self) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.is_settled() {
            assert!(Instant::now() < deadline, "mail does not arrive: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_settled(&self) -> bool {
        let log = self.log();
        let count = |text: &str| log.matches(text).count();
        let waiting = |name: &&str| {
            let directory = self.directory.path().join("spool").join(name);
            fs::read_dir(directory).unwrap().next().is_some()
        };
        count("]: connect from") == count("]: disconnect from")
            && !["maildrop", "incoming", "active", "deferred"].iter().any(waiting)
    }

    fn wait(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = |it: &Self| {
                let read =
                    |name: &str| fs::read_to_string(it.directory.path().join(name)).unwrap_or_default();
                format!("{}{}", read("stderr"), read("log"))
            };
            if self.child.try_wait().unwrap().is_some() {
                return Err(log(self));
            }
            assert!(Instant::now() < deadline, "postfix does not answer: {}", log(self));
            let mut greeting = [0; 4];
            let answers = TcpStream::connect(("127.0.0.1", self.port)).is_ok_and(|mut stream| {
                stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
                    && stream.read_exact(&mut greeting).is_ok()
            });
            if answers && greeting == *b"220 " {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        // It makes a group of its own, which its children share.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main_cf(directory: &Path, dovecot: &Dovecot, options: &Options) -> String {
    let files = dovecot.ca().server(options.flaw);
    let (directory, daemons) =
        (directory.display(), program("master").parent().unwrap().display().to_string());
    format!(
        "compatibility_level = 3.6\nqueue_directory = {directory}/spool\ndata_directory = {directory}/data\n\
         daemon_directory = {daemons}\nmail_owner = postfix\nsetgid_group = postdrop\n\
         maillog_file = {directory}/log\nmaillog_file_prefixes = {directory}\n\
         inet_interfaces = all\ninet_protocols = ipv4\nmyhostname = mx.example.org\nmydestination =\nmynetworks =\n\
         virtual_mailbox_domains = example.org, xn--bcher-kva.example\nvirtual_mailbox_base = {}\n\
         virtual_mailbox_maps = inline:{{ {{ support@example.org = support/Maildir/ }}, \
         {{ anna@example.org = anna/Maildir/ }}, {{ ännä@example.org = ännä/Maildir/ }}, \
         {{ anna@xn--bcher-kva.example = anna/Maildir/ }} }}\n\
         virtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\nvirtual_minimum_uid = 100\n\
         smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination\n\
         smtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\nsmtpd_tls_security_level = may\n\
         smtpd_tls_loglevel = 1\nsmtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {}\n\
         smtpd_client_connection_count_limit = 0\nsmtpd_error_sleep_time = 0\nsmtputf8_enable = yes\n{}\n",
        dovecot.mail().display(),
        files.certificate.display(),
        files.key.display(),
        dovecot.sasl().display(),
        options.lines,
    )
}

fn master_cf(port: u16, tls_port: u16) -> String {
    let mut text = format!(
        "postlog unix-dgram n - n - 1 postlogd\n127.0.0.1:{port} inet n - n - - smtpd\n\
         127.0.0.1:{tls_port} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n\
         cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\n\
         rewrite unix - - n - - trivial-rewrite\nvirtual unix - n n - - virtual\n"
    );
    for name in ["bounce", "defer", "trace"] {
        text += &format!("{name} unix - - n - 0 bounce\n");
    }
    for (name, program) in
        [("error", "error"), ("retry", "error"), ("proxymap", "proxymap"), ("smtp", "smtp")]
    {
        text += &format!("{name} unix - - n - - {program}\n");
    }
    for name in ["verify", "anvil", "scache"] {
        text += &format!("{name} unix - - n - 1 {name}\n");
    }
    text
}

/// What `postfix check` would make, but in no time.
fn make_spool(directory: &Path) {
    let (postfix, postdrop) = (id("/etc/passwd", "postfix"), id("/etc/group", "postdrop"));
    let make = |name: &str, mode: u32, owner: Option<u32>, group: Option<u32>| {
        let path = directory.join(name);
        fs::create_dir(&path).unwrap();
        chown(&path, owner, group).unwrap();
        open_to_all(&path, mode);
    };
    make("data", 0o700, Some(postfix), None);
    make("spool", 0o755, None, None);
    make("spool/pid", 0o755, None, None);
    for name in [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
        "trace",
    ] {
        make(&format!("spool/{name}"), 0o700, Some(postfix), None);
    }
    make("spool/maildrop", 0o730, Some(postfix), Some(postdrop));
    make("spool/public", 0o710, Some(postfix), Some(postdrop));
}

/// The number of a user or group.
fn id(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    line.and_then(|line| line.split(':').nth(2)).expect("the package postfix makes it").parse().unwrap()
}

fn program(name: &str) -> PathBuf {
    ["/usr/lib/postfix/sbin", "/usr/libexec/postfix"]
        .into_iter()
        .map(|directory| Path::new(directory).join(name))
        .find(|path| path.exists())
        .expect("the tests need a real SMTP server: apt-get install postfix")
}
