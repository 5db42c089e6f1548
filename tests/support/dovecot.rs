//! A private Dovecot (2.3 or 2.4) with a directory and ports of its own; stopped when dropped.
//!
//! ```ignore
//! let server = Dovecot::start();
//! server.deliver("support", "INBOX", b"Subject: x\r\n\r\nhello\r\n");
//! let text = server.mailbox_toml("support", Tls::Implicit);
//! ```
//!
//! Users exist as soon as they have a password: `support` has `secret`. It runs as root or as anybody. To Dovecot a
//! connection from the server's own address is as good as TLS; connect to [`Dovecot::FAR`] to be a stranger.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use helpdesk_mail::mailbox::Tls;
use rustix::process::{Pid, Signal, kill_process_group};

use super::ca::{Ca, Flaw};
use super::ports;
use super::raw::Raw;

/// What a server is to be like.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is wrong with its certificate.
    pub flaw: Flaw,
    /// Whether strangers must use TLS before they log in (LOGINDISABLED).
    pub tls_required: bool,
    /// Whether STARTTLS and TLS are there at all.
    pub no_tls: bool,
    /// Replaces the capabilities after login (`imap_capability`).
    pub capability: Option<&'static str>,
    /// Whether POP3 offers APOP.
    pub apop: bool,
    /// Whether other servers may ask it who logs in, at [`Dovecot::sasl`].
    pub sasl: bool,
    /// The port of the endpoint that it asks about access tokens; then it takes XOAUTH2 and OAUTHBEARER.
    pub introspection: Option<u16>,
    /// Whether it is as quick as it can be: nothing said is recorded, nothing written is flushed.
    pub quick: bool,
}

/// A running server.
pub struct Dovecot {
    /// Its port for plain IMAP and STARTTLS.
    pub port: u16,
    /// Its port for IMAP over TLS.
    pub tls_port: u16,
    /// Its port for plain POP3 and STLS.
    pub pop3_port: u16,
    /// Its port for POP3 over TLS.
    pub pop3s_port: u16,
    directory: tempfile::TempDir,
    ca: Ca,
    child: Child,
    passwords: Mutex<BTreeMap<String, String>>,
}

impl Dovecot {
    /// What each session says first, once it is logged in.
    pub const HELLO: [&'static str; 1] =
        [concat!("ID (\"name\" \"helpdesk-mail\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")")];

    /// An address of this host that the server takes for a stranger's.
    pub const FAR: &'static str = "127.0.0.2";

    /// Starts a server with the user `support` and the password `secret`.
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Starts a server that is special.
    pub fn start_with(options: Options) -> Self {
        // Between choosing a port and listening on it another test may take it.
        let mut tries = 3;
        loop {
            tries -= 1;
            match Self::try_start(&options) {
                Ok(server) => return server,
                Err(log) if tries > 0 && log.contains("already in use") => {}
                Err(log) => panic!("{log}"),
            }
        }
    }

    fn try_start(options: &Options) -> Result<Self, String> {
        let version = version();
        let directory = tempfile::Builder::new().prefix("helpdesk-dovecot").tempdir().unwrap();
        open_to_all(directory.path(), 0o755);
        for name in ["mail", "rawlog", "rawlog-pop3"] {
            fs::create_dir(directory.path().join(name)).unwrap();
            open_to_all(&directory.path().join(name), 0o777);
        }
        let ca = Ca::new(directory.path());
        let files = ca.server(options.flaw);
        let [port, tls_port, pop3_port, pop3s_port] = std::array::from_fn(|_| ports::free());
        let plan = Plan {
            directory: directory.path(),
            port,
            tls_port,
            pop3_port,
            pop3s_port,
            certificate: files.certificate,
            key: files.key,
            options,
        };
        let text = if version.starts_with("2.3") { plan.for_2_3() } else { plan.for_2_4(&version) };
        let file = directory.path().join("dovecot.conf");
        fs::write(&file, text).unwrap();
        fs::write(directory.path().join("passwords"), "").unwrap();
        open_to_all(&directory.path().join("passwords"), 0o644);
        let child = Command::new(program())
            .args(["-F", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.path().join("stderr")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let passwords = Mutex::default();
        let mut server = Self { port, tls_port, pop3_port, pop3s_port, directory, ca, child, passwords };
        server.write_passwords(&[("support", "secret")]);
        server.wait().map(|()| server)
    }

    /// Sets users' passwords; a user without one does not exist.
    pub fn set_passwords(&self, changes: &[(&str, &str)]) {
        self.write_passwords(changes);
        // Dovecot looks at the file once a second.
        std::thread::sleep(Duration::from_millis(2100));
    }

    fn write_passwords(&self, changes: &[(&str, &str)]) {
        let mut passwords = self.passwords.lock().unwrap();
        passwords.extend(changes.iter().map(|(user, password)| (user.to_string(), password.to_string())));
        let lines = passwords.iter().fold(String::new(), |mut lines, (user, password)| {
            let password = base64::engine::general_purpose::STANDARD.encode(password);
            writeln!(lines, "{user}:{{PLAIN.b64}}{password}::::::").unwrap();
            lines
        });
        drop(passwords);
        let (file, new) =
            (self.directory.path().join("passwords"), self.directory.path().join("passwords.new"));
        fs::write(&new, lines).unwrap();
        open_to_all(&new, 0o644);
        fs::rename(new, file).unwrap();
    }

    /// The certificate to trust, for `ca_file`.
    pub fn ca_file(&self) -> PathBuf {
        self.ca.file()
    }

    /// The socket at which other servers ask who logs in.
    pub fn sasl(&self) -> PathBuf {
        self.directory.path().join("sasl")
    }

    /// The directory that the directories of all users lie in.
    pub fn mail(&self) -> PathBuf {
        self.directory.path().join("mail")
    }

    /// The authority that signed its certificate.
    pub fn ca(&self) -> &Ca {
        &self.ca
    }

    /// Appends a message to a folder.
    pub fn deliver(&self, user: &str, folder: &str, message: &[u8]) {
        self.session(user).append(folder, "", message);
    }

    /// Places a message into INBOX as a file, with what APPEND would not take.
    pub fn place(&self, user: &str, name: &str, message: &[u8]) {
        // The first session makes the Maildir.
        self.session(user).run("SELECT INBOX");
        let file = self.directory.path().join("mail").join(user).join("Maildir/new").join(name);
        fs::write(&file, message).unwrap();
        open_to_all(&file, 0o644);
    }

    /// Creates a folder, its name as it is on the wire.
    pub fn create_folder(&self, user: &str, folder: &str) {
        self.session(user).run(&format!("CREATE \"{folder}\""));
    }

    /// The UIDs and flags of a folder, as `5 \Seen`.
    pub fn flags(&self, user: &str, folder: &str) -> Vec<String> {
        let mut session = self.session(user);
        let there = session.run(&format!("EXAMINE \"{folder}\""));
        if there.iter().any(|line| line == "* 0 EXISTS") {
            return Vec::new();
        }
        let lines = session.run("UID FETCH 1:* (UID FLAGS)");
        let mut flags: Vec<(u32, String)> = lines
            .iter()
            .filter_map(|line| line.split_once("(UID ")?.1.strip_suffix("))")?.split_once(" FLAGS ("))
            .map(|(uid, flags)| {
                let flags: Vec<&str> = flags.split(' ').filter(|flag| *flag != "\\Recent").collect();
                (uid.parse().unwrap(), format!("{uid} {}", flags.join(" ")).trim_end().to_owned())
            })
            .collect();
        flags.sort();
        flags.into_iter().map(|(_, text)| text).collect()
    }

    /// Where the mail of a user lies.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.directory.path().join("mail").join(user).join("Maildir")
    }

    /// A session of the test's own, without TLS.
    pub fn session(&self, user: &str) -> Raw {
        let password = self.passwords.lock().unwrap()[user].clone();
        Raw::login(self.port, user, &password)
    }

    /// Forgets which commands were given.
    pub fn forget_commands(&self) {
        for file in [self.rawlogs("rawlog"), self.rawlogs("rawlog-pop3")].concat() {
            fs::remove_file(file).unwrap();
        }
    }

    /// The commands that all sessions gave after login since [`Self::forget_commands`], without tags.
    pub fn commands(&self) -> Vec<String> {
        self.given("rawlog")
            .lines()
            // "1700000000.123456 a3 UID FETCH ...", or without a time where it came with the line before.
            .filter_map(|line| {
                let is_time = |word: &str| word.parse::<f64>().is_ok();
                let line =
                    line.split_once(' ').filter(|(word, _)| is_time(word)).map_or(line, |(_, rest)| rest);
                Some(line.split_once(' ')?.1.to_owned())
            })
            .collect()
    }

    /// The commands that all POP3 sessions gave after login since [`Self::forget_commands`].
    pub fn pop3_commands(&self) -> Vec<String> {
        self.given("rawlog-pop3")
            .lines()
            .filter_map(|line| Some(line.split_once(' ')?.1))
            .map(str::to_owned)
            .collect()
    }

    fn given(&self, directory: &str) -> String {
        let mut files = self.rawlogs(directory);
        files.retain(|file| file.extension().is_some_and(|end| end == "in"));
        files.sort();
        files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
    }

    /// What the server logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// How many sessions were logged in so far, the tests' own among them.
    pub fn logins(&self) -> usize {
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap();
        log.lines().filter(|line| line.contains("imap-login: Info: Login: ")).count()
    }

    /// The TOML of a mailbox section, for the program.
    pub fn mailbox_toml(&self, user: &str, tls: Tls) -> String {
        let (port, word) = match tls {
            Tls::Implicit => (self.tls_port, "implicit"),
            Tls::StartTls => (self.port, "starttls"),
            Tls::None => (self.port, "none"),
        };
        let password = self.passwords.lock().unwrap()[user].clone();
        let ca_file =
            if tls == Tls::None { String::new() } else { format!("ca_file = {:?}\n", self.ca_file()) };
        format!(
            "type = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"{word}\"\n{ca_file}\
             username = {user:?}\npassword = {password:?}\n"
        )
    }

    /// The same for POP3.
    pub fn pop3_toml(&self, user: &str, tls: Tls) -> String {
        let port = if tls == Tls::Implicit { self.tls_port } else { self.port };
        let pop3 = if tls == Tls::Implicit { self.pop3s_port } else { self.pop3_port };
        self.mailbox_toml(user, tls)
            .replace("type = \"imap\"", "type = \"pop3\"")
            .replace(&format!("port = {port}\n"), &format!("port = {pop3}\n"))
    }

    fn rawlogs(&self, directory: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.directory.path().join(directory)).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }

    fn wait(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let ended = self.child.try_wait().unwrap();
            let log = || {
                let read =
                    |name: &str| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
                format!("{}{}", read("stderr"), read("log"))
            };
            if ended.is_some() {
                return Err(format!("dovecot ended: {}", log()));
            }
            assert!(Instant::now() < deadline, "dovecot does not answer: {}", log());
            let mut greeting = [0; 4];
            let answers = TcpStream::connect(("127.0.0.1", self.port)).is_ok_and(|mut stream| {
                stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
                    && stream.read_exact(&mut greeting).is_ok()
            });
            if answers && greeting == *b"* OK" {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        // Asked politely, it takes seconds; nothing of it is needed any more. Its children share its group.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the configuration file is made from.
struct Plan<'a> {
    directory: &'a Path,
    port: u16,
    tls_port: u16,
    pop3_port: u16,
    pop3s_port: u16,
    certificate: PathBuf,
    key: PathBuf,
    options: &'a Options,
}

impl Plan<'_> {
    /// What both versions understand.
    fn common(&self) -> String {
        let directory = self.directory.display();
        let root = rustix::process::geteuid().is_root();
        let user = if root { String::new() } else { me("-un") };
        let mut text = format!(
            "base_dir = {directory}/run\nstate_dir = {directory}/state\nlog_path = {directory}/log\n\
             protocols = imap pop3\nlisten = 127.0.0.1, {}\nfirst_valid_uid = 1\n\
             mail_max_userip_connections = 100\nauth_mechanisms = plain login{}{}\n",
            Dovecot::FAR,
            if self.options.apop { " apop" } else { "" },
            if self.options.introspection.is_some() { " xoauth2 oauthbearer" } else { "" },
        );
        let chroots = ["anvil", "stats", "imap-login"];
        if !root {
            let group = me("-gn");
            write!(text, "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n")
                .unwrap();
            for service in &chroots[..2] {
                write!(text, "service {service} {{\n  chroot =\n}}\n").unwrap();
            }
        }
        let (port, tls_port) = (self.port, self.tls_port);
        write!(
            text,
            "service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  \
             inet_listener imaps {{\n    port = {tls_port}\n    ssl = yes\n  }}\n}}\n\
             service imap {{\n  process_min_avail = 1\n}}\nprotocol imap {{\n  rawlog_dir = {directory}/rawlog\n}}\n"
        )
        .unwrap();
        let (port, tls_port) = (self.pop3_port, self.pop3s_port);
        write!(
            text,
            "service pop3-login {{\n  chroot =\n  inet_listener pop3 {{\n    port = {port}\n  }}\n  \
             inet_listener pop3s {{\n    port = {tls_port}\n    ssl = yes\n  }}\n}}\n\
             protocol pop3 {{\n  rawlog_dir = {directory}/rawlog-pop3\n}}\n"
        )
        .unwrap();
        if self.options.sasl {
            write!(text, "service auth {{\n  unix_listener {directory}/sasl {{\n    mode = 0666\n  }}\n}}\n")
                .unwrap();
        }
        let ssl = match (self.options.no_tls, self.options.tls_required) {
            (true, _) => "no",
            (false, true) => "required",
            (false, false) => "yes",
        };
        writeln!(text, "ssl = {ssl}").unwrap();
        if self.options.quick {
            text.push_str("mail_fsync = never\nprotocol imap {\n  rawlog_dir =\n}\nprotocol pop3 {\n  rawlog_dir =\n}\n");
        }
        if let Some(capability) = self.options.capability {
            writeln!(text, "imap_capability = {capability}").unwrap();
        }
        text
    }

    /// Who owns the mail: the user who runs the test, or nobody, since Dovecot serves no mail of root's.
    fn owner(&self) -> (String, String) {
        if rustix::process::geteuid().is_root() {
            ("65534".to_owned(), "65534".to_owned())
        } else {
            (me("-u"), me("-g"))
        }
    }

    fn for_2_3(&self) -> String {
        let ((uid, gid), directory) = (self.owner(), self.directory.display());
        let clear = if self.options.tls_required { "yes" } else { "no" };
        format!(
            "{}{}ssl_cert = <{}\nssl_key = <{}\ndisable_plaintext_auth = {clear}\n\
             passdb {{\n  driver = passwd-file\n  args = username_format=%u {directory}/passwords\n}}\n\
             userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={directory}/mail/%u\n}}\n\
             mail_location = maildir:~/Maildir\n",
            self.common(),
            self.oauth2_for_2_3(),
            self.certificate.display(),
            self.key.display(),
        )
    }

    fn oauth2_for_2_3(&self) -> String {
        let Some(port) = self.options.introspection else { return String::new() };
        let file = self.directory.join("oauth2.conf");
        let text = format!(
            "introspection_mode = post\nintrospection_url = http://127.0.0.1:{port}/introspect\n\
             username_attribute = username\nactive_attribute = active\nactive_value = true\n"
        );
        fs::write(&file, text).unwrap();
        open_to_all(&file, 0o644);
        let file = file.display();
        // Each refused login would make the next one wait longer, beyond any time-out.
        format!(
            "service anvil {{\n  unix_listener anvil-auth-penalty {{\n    mode = 0\n  }}\n}}\n\
             passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {file}\n}}\n"
        )
    }

    fn oauth2_for_2_4(&self) -> String {
        let Some(port) = self.options.introspection else { return String::new() };
        format!(
            "oauth2 {{\n  introspection_mode = post\n  introspection_url = http://127.0.0.1:{port}/introspect\n  \
             username_attribute = username\n  active_attribute = active\n  active_value = true\n}}\n"
        )
    }

    fn for_2_4(&self, version: &str) -> String {
        let ((uid, gid), directory) = (self.owner(), self.directory.display());
        let clear = if self.options.tls_required { "no" } else { "yes" };
        let version = version.split([' ', '-']).next().unwrap();
        format!(
            "dovecot_config_version = {version}\ndovecot_storage_version = {version}\n{}{}\
             ssl_server_cert_file = {}\nssl_server_key_file = {}\nauth_allow_cleartext = {clear}\n\
             passdb passwd-file {{\n  passwd_file_path = {directory}/passwords\n}}\n\
             userdb static {{\n  fields {{\n    uid = {uid}\n    gid = {gid}\n    \
             home = {directory}/mail/%{{user}}\n  }}\n}}\nmail_driver = maildir\nmail_path = ~/Maildir\n",
            self.common(),
            self.oauth2_for_2_4(),
            self.certificate.display(),
            self.key.display(),
        )
    }
}

fn program() -> PathBuf {
    ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .expect("the tests need a real IMAP and POP3 server: apt-get install dovecot-imapd dovecot-pop3d")
}

fn version() -> String {
    let output = Command::new(program()).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn me(option: &str) -> String {
    let output = Command::new("id").arg(option).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(super) fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
