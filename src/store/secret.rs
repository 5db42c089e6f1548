//! The secret that reply addresses and Message-IDs are signed with.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::engine::{Engine, Value, first};
use super::{Config, Store, StoreError};

const KEY: &str = "token_secret";

/// A file with less cannot hold 128 bits.
const LEAST: usize = 16;

/// A secret is short; a device or a mailbox named by mistake is not read to its end.
const MOST: u64 = 64 * 1024;

pub(super) const SELECT_META: &str = "
SELECT value
FROM meta
WHERE key = ?1";

pub(super) const INSERT_META: &str = "
INSERT INTO meta (key, value)
VALUES (?1, ?2)
ON CONFLICT (key) DO NOTHING";

const DELETE_META: &str = "
DELETE FROM meta
WHERE key = ?1";

impl Store {
    /// Sees whether a store can be made or used with this configuration, as far as that is known without touching it.
    ///
    /// # Errors
    /// `Unavailable` if its directory is not there or cannot be written, `Secret` for a `token_secret_file`.
    pub fn rehearse(config: &Config) -> Result<(), StoreError> {
        let unavailable =
            |error: io::Error| StoreError::Unavailable { place: config.shown(), source: error.into() };
        let Some(file) = config.file() else { return Self::look(config).map(drop) };
        let path = std::path::absolute(file).map_err(unavailable)?;
        let directory = path.parent().unwrap_or(Path::new("/"));
        std::fs::metadata(directory).map_err(unavailable)?;
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK)
            .map_err(|error| unavailable(error.into()))?;
        config.token_secret_file.as_deref().map_or(Ok(()), |file| from_file(file).map(drop))
    }

    /// The secret: what `token_secret_file` holds, else the one that was made with the store.
    pub fn token_secret(&mut self) -> Result<[u8; 32], StoreError> {
        match &self.token_secret_file {
            Some(path) => from_file(path),
            None => match kept(self.engine.as_mut())? {
                Some(secret) => secret.try_into().map_err(|_| StoreError::Schema {
                    place: self.engine.place().to_owned(),
                    what: "its signing secret is not 32 octets long".to_owned(),
                }),
                None => Err(StoreError::Missing { what: "signing secret in the store".to_owned() }),
            },
        }
    }
}

/// Makes the secret of a new store.
pub(super) fn make(engine: &mut dyn Engine) -> Result<(), StoreError> {
    if kept(engine)?.is_some() {
        return Ok(());
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| StoreError::Unavailable {
        place: engine.place().to_owned(),
        source: error.to_string().into(),
    })?;
    engine.execute(INSERT_META, &[Value::Text(KEY), Value::Blob(&secret)]).map(drop)
}

/// The secret that was made with the store.
pub(super) fn kept(engine: &mut dyn Engine) -> Result<Option<Vec<u8>>, StoreError> {
    first(engine.query(SELECT_META, &[Value::Text(KEY)])?).map(|mut row| row.take(0)).transpose()
}

/// Removes the secret of a store that nobody has signed with.
pub(super) fn forget(engine: &mut dyn Engine) -> Result<(), StoreError> {
    engine.execute(DELETE_META, &[Value::Text(KEY)]).map(drop)
}

/// Hashes what the file holds, so that text of any length makes a key; a line end after it does not count.
fn from_file(path: &Path) -> Result<[u8; 32], StoreError> {
    let place = path.display().to_string();
    let mut octets = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST).read_to_end(&mut octets))
        .map_err(|error| StoreError::Secret { place: place.clone(), source: error.into() })?;
    let secret = octets.trim_ascii_end();
    if secret.len() < LEAST {
        let source = format!("it holds fewer than {LEAST} octets").into();
        return Err(StoreError::Secret { place, source });
    }
    Ok(Sha256::digest(secret).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    #[test]
    fn the_secret_is_made_once_and_kept() {
        let place = sample::Place::new();
        let first = place.open().token_secret().unwrap();
        assert_eq!(place.open().token_secret().unwrap(), first);
        assert_ne!(sample::Place::new().open().token_secret().unwrap(), first);
    }

    #[test]
    fn a_secret_file_counts_without_its_line_end_and_must_not_be_short() {
        let mut place = sample::Place::new();
        let path = place.directory.path().join("secret");
        place.config.token_secret_file = Some(path.clone());
        let mut store = place.open();
        assert!(matches!(store.token_secret(), Err(StoreError::Secret { .. })));
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let secret = store.token_secret().unwrap();
        std::fs::write(&path, "0123456789abcdef").unwrap();
        assert_eq!(store.token_secret().unwrap(), secret);
        std::fs::write(&path, "0123456789abcde\n").unwrap();
        let error = store.token_secret().unwrap_err();
        assert!(!error.to_string().contains("0123"), "{error}");
        assert!(matches!(error, StoreError::Secret { .. }));
    }
}
