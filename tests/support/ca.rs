//! Makes a certification authority and server certificates: good, expired, for another name.

use std::path::{Path, PathBuf};

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flaw {
    /// Nothing: it is for `localhost` and `127.0.0.1`, today.
    #[default]
    None,
    /// It ended yesterday.
    Expired,
    /// It is for `elsewhere.example`.
    WrongName,
}

/// A certification authority whose files lie in a directory.
pub struct Ca {
    directory: PathBuf,
    certificate: X509,
    key: PKey<Private>,
}

/// A server's files, PEM.
pub struct ServerFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Ca {
    /// Makes an authority; its certificate lies at [`Ca::file`].
    pub fn new(directory: &Path) -> Self {
        let key = key();
        let name = name("helpdesk-mail test authority");
        let mut builder = builder(&name, &name, &key, 1, (-2, 30));
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        builder.append_extension(KeyUsage::new().key_cert_sign().crl_sign().build().unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let ca = Self { directory: directory.to_owned(), certificate: builder.build(), key };
        std::fs::write(ca.file(), ca.certificate.to_pem().unwrap()).unwrap();
        ca
    }

    /// The authority's certificate, for `ca_file`.
    pub fn file(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Makes a server's certificate.
    pub fn server(&self, flaw: Flaw) -> ServerFiles {
        let key = key();
        let days = if flaw == Flaw::Expired { (-2, -1) } else { (-1, 30) };
        let mut builder =
            builder(&name("helpdesk-mail test server"), self.certificate.subject_name(), &key, 2, days);
        let mut names = SubjectAlternativeName::new();
        match flaw {
            Flaw::None | Flaw::Expired => names.dns("localhost").ip("127.0.0.1").ip("127.0.0.2"),
            Flaw::WrongName => names.dns("elsewhere.example"),
        };
        let names = names.build(&builder.x509v3_context(Some(&self.certificate), None)).unwrap();
        builder.append_extension(names).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        let file = |end: &str| self.directory.join(format!("server-{flaw:?}.{end}"));
        let files = ServerFiles { certificate: file("pem"), key: file("key") };
        std::fs::write(&files.certificate, builder.build().to_pem().unwrap()).unwrap();
        std::fs::write(&files.key, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        files
    }
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn name(common: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common).unwrap();
    name.build()
}

fn builder(
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    serial: u32,
    (from, to): (i64, i64),
) -> X509Builder {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let day = |days: i64| Asn1Time::from_unix(now + days * 86_400).unwrap();
    let serial = Asn1Integer::from_bn(&BigNum::from_u32(serial).unwrap()).unwrap();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&day(from)).unwrap();
    builder.set_not_after(&day(to)).unwrap();
    builder
}
