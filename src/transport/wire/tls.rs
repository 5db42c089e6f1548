//! TLS 1.2 or newer, always verified: chain, dates and name or address of the server.

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

use native_tls::{Certificate, HandshakeError, Protocol, TlsConnector};

use super::peer::Peer;
use super::{Socket, Stream};
use crate::transport::Fault;

impl Stream {
    /// Begins TLS on a connection; `ca_file` is trusted besides the system's certificates.
    pub(crate) fn protect(socket: Socket, peer: &Peer, ca_file: Option<&Path>) -> Result<Self, Fault> {
        let connector = connector(peer, ca_file)?;
        let host = peer.host.trim_start_matches('[').trim_end_matches(']');
        match connector.connect(host, socket) {
            Ok(stream) => Ok(Self::Protected(Box::new(stream))),
            // The read time-out struck in the middle of the handshake.
            Err(HandshakeError::WouldBlock(_)) => Err(peer.io(io::ErrorKind::TimedOut.into())),
            Err(HandshakeError::Failure(error)) if is_timeout(&error) => {
                Err(peer.io(io::ErrorKind::TimedOut.into()))
            }
            Err(HandshakeError::Failure(error)) => Err(peer.tls(hint(&error.to_string(), ca_file), error)),
        }
    }
}

/// Whether the handshake failed because it came too slowly, which is no word on TLS.
fn is_timeout(error: &native_tls::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn connector(peer: &Peer, ca_file: Option<&Path>) -> Result<TlsConnector, Fault> {
    verifying(ca_file).map_err(|source| Fault::Tls {
        what: peer.to_string(),
        hint: ca_file.map(|path| format!("\"ca_file\" {path:?} must be a readable file of PEM certificates")),
        source: Some(source),
    })
}

/// What begins TLS, for those who bring a connection of their own.
///
/// # Errors
/// `ca_file` cannot be read or holds no certificates (PEM).
pub(crate) fn verifying(ca_file: Option<&Path>) -> Result<TlsConnector, super::Cause> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    if let Some(path) = ca_file {
        let certificates = Certificate::stack_from_pem(&fs::read(path)?)?;
        if certificates.is_empty() {
            return Err("no certificate is in it".into());
        }
        for certificate in certificates {
            builder.add_root_certificate(certificate);
        }
    }
    Ok(builder.build()?)
}

/// The advice for a failed handshake, by the words of OpenSSL's verification (`X509_verify_cert_error_string`).
fn hint(error: &str, ca_file: Option<&Path>) -> &'static str {
    let error = error.to_lowercase();
    if error.contains("mismatch") {
        "the certificate is for another name: set \"host\" to the name that it was made for"
    } else if error.contains("has expired") || error.contains("not yet valid") {
        "the server's certificate is not valid today: have it renewed, and check this host's clock"
    } else if error.contains("certificate verify failed") || error.contains("self-signed") {
        match ca_file {
            None => {
                "nobody known signed the server's certificate: name the signer's certificate in \"ca_file\""
            }
            Some(_) => "the server's certificate was signed neither by \"ca_file\" nor by anybody known",
        }
    } else if error.contains("wrong version number") || error.contains("packet length") {
        "the server does not speak TLS on this port: check \"port\" and whether \"tls\" should be \"starttls\""
    } else {
        "check \"port\" and \"tls\"; the server must speak TLS 1.2 or newer"
    }
}
