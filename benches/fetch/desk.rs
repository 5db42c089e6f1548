//! A configuration and a store, with the settings that one gets without asking.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use helpdesk_mail::mailbox::Tls;
use rusqlite::Connection;

use crate::measured::{self, Cost};
use crate::server::{Protocol, Server, Way, user};

/// The directory of a mailbox that is fetched in one way.
pub struct Desk {
    directory: PathBuf,
}

impl Desk {
    pub fn new(directory: &Path, server: &Server, way: Way, port: u16, count: u64) -> Result<Self> {
        let desk = Self { directory: directory.to_owned() };
        fs::create_dir_all(directory)?;
        let protocol = match way.protocol {
            Protocol::Imap => "imap",
            Protocol::Pop3 => "pop3",
        };
        let tls = match way.tls {
            Tls::None | Tls::StartTls => "tls = \"none\"".to_owned(),
            Tls::Implicit => format!("tls = \"implicit\"\nca_file = {:?}", server.ca_file()),
        };
        let user = user(count);
        let text = format!(
            "[store]\nurl = \"sqlite:desk.db\"\n[queue.support]\ntitle = \"Support\"\naddress = \"support@example.org\"\n\
             [mailbox.support]\ntype = \"{protocol}\"\nhost = \"127.0.0.1\"\nport = {port}\n{tls}\n\
             username = \"{user}\"\npassword = \"secret\"\nqueue = \"support\"\n"
        );
        desk.write(&text)?;
        Ok(desk)
    }

    /// Keeps the raw octets of all mails, too.
    pub fn keep_raw(&self) -> Result<()> {
        let text = fs::read_to_string(self.directory.join("desk.toml"))?;
        self.write(&text.replacen("[store]\n", "[store]\nkeep_raw = \"all\"\n", 1))
    }

    fn write(&self, text: &str) -> Result<()> {
        let file = self.directory.join("desk.toml");
        fs::write(&file, text)?;
        Ok(fs::set_permissions(&file, Permissions::from_mode(0o600))?)
    }

    pub fn store(&self) -> PathBuf {
        self.directory.join("desk.db")
    }

    /// Begins with a store like another, or with none; the account is then known by this port.
    pub fn begin_with(&self, store: Option<&Path>, port: u16) -> Result<()> {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.directory.join(format!("desk.db{end}")));
        }
        if let Some(store) = store {
            fs::copy(store, self.store())?;
            move_to(&self.store(), port)?;
            // What was copied is on the disk before anything is measured.
            fs::File::open(self.store())?.sync_all()?;
        }
        Ok(())
    }

    pub fn fetch(&self, further: &[&str]) -> Result<Cost> {
        let config = self.directory.join("desk.toml").display().to_string();
        let mut words = vec!["--config".to_owned(), config, "fetch".to_owned()];
        words.extend(further.iter().map(|word| (*word).to_owned()));
        measured::run(env!("CARGO_BIN_EXE_helpdesk-mail"), &words)
    }
}

/// Lets a store speak of the same account at another port, as it would had all been fetched there.
fn move_to(store: &Path, port: u16) -> Result<()> {
    let mut connection = Connection::open(store)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let transaction = connection.transaction()?;
    let mut tables = transaction.prepare(
        "SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' AND c.name = 'account'",
    )?;
    let names = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    drop(tables);
    for name in names {
        let sql = format!(
            "UPDATE \"{name}\" SET account = substr(account, 1, instr(account, '@127.0.0.1:') + 10) || ?1"
        );
        transaction.execute(&sql, [port.to_string()])?;
    }
    Ok(transaction.commit()?)
}
