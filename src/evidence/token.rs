//! Tokens: Message-IDs and reply addresses of ours, signed so that nobody can make one up.
//!
//! A Message-ID is `hm1.TICKET.NONCE.MAC@DOMAIN`, a reply address `USER+TICKET-MAC@DOMAIN`; MAC is the first 80 bits
//! of an HMAC-SHA256 (RFC 2104) over everything else, in base32 (RFC 4648) of lower case, read in any case because
//! mail systems change it. `hm1` is the version of this form.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::address;
use crate::model::ids::{MessageId, TicketId};

use super::{recipient, subject};

/// Octets of the MAC that are written: 80 bits.
const MAC_OCTETS: usize = 10;

const VERSION: &str = "hm1";

/// Signs and checks with the store's secret.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(..)")
    }
}

impl Signer {
    /// A signer with this secret, which may have any length.
    pub fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// The Message-ID of a message of ours on `ticket`; `nonce` makes it unique.
    pub fn message_id(&self, ticket: TicketId, nonce: &str, domain: &str) -> Option<MessageId> {
        let mac = self.mac(&["message-id", &ticket.to_string(), nonce, domain]);
        MessageId::new(&format!("{VERSION}.{ticket}.{nonce}.{}@{domain}", encode(&mac)))
    }

    /// The address that answers about `ticket` may be sent to; `None` if `address` has no domain.
    pub fn reply_address(&self, address: &str, ticket: TicketId) -> Option<String> {
        let (user, domain) = address.rsplit_once('@')?;
        let mac = self.mac(&["address", &ticket.to_string(), &address::key(address)]);
        Some(format!("{user}+{ticket}-{}@{domain}", encode(&mac)))
    }

    /// The ticket of a Message-ID of ours; `None` for everybody else's and for forged ones.
    pub fn ticket_of_message_id(&self, id: &MessageId) -> Option<TicketId> {
        let (ticket, nonce, mac, domain) = parts(id)?;
        self.holds(&["message-id", &ticket.to_string(), nonce, domain], mac).then_some(ticket)
    }

    /// The ticket of a reply address of ours; `None` for everybody else's and for forged ones.
    pub fn ticket_of_address(&self, address: &str) -> Option<TicketId> {
        let (base, ticket, mac) = signed(address)?;
        self.holds(&["address", &ticket.to_string(), &address::key(&base)], mac).then_some(ticket)
    }

    fn over(&self, fields: &[&str]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for field in fields {
            // The length first, so that no two lists of fields are the same octets.
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.to_lowercase().as_bytes());
        }
        mac
    }

    fn mac(&self, fields: &[&str]) -> Vec<u8> {
        self.over(fields).finalize().into_bytes().iter().take(MAC_OCTETS).copied().collect()
    }

    fn holds(&self, fields: &[&str], mac: &str) -> bool {
        let octets = BASE32_NOPAD_NOCASE.decode(mac.as_bytes()).unwrap_or_default();
        octets.len() == MAC_OCTETS && self.over(fields).verify_truncated_left(&octets).is_ok()
    }
}

/// The ticket that a Message-ID of our form claims.
pub(super) fn claimed_by_message_id(id: &MessageId) -> Option<TicketId> {
    parts(id).map(|(ticket, ..)| ticket)
}

/// The ticket that an address of our form claims.
pub(super) fn claimed_by_address(address: &str) -> Option<TicketId> {
    signed(address).map(|(_, ticket, _)| ticket)
}

fn parts(id: &MessageId) -> Option<(TicketId, &str, &str, &str)> {
    let (local, domain) = id.as_str().rsplit_once('@')?;
    let mut fields = local.split('.');
    let version = fields.next()?;
    let (ticket, nonce, mac) = (fields.next()?, fields.next()?, fields.next()?);
    let is_ours = version.eq_ignore_ascii_case(VERSION) && fields.next().is_none() && is_mac(mac);
    is_ours.then_some((subject::number_of(ticket)?, nonce, mac, domain))
}

fn signed(address: &str) -> Option<(String, TicketId, &str)> {
    let (base, detail) = recipient::detail(address)?;
    let (ticket, mac) = detail.split_once('-')?;
    is_mac(mac).then_some((base, subject::number_of(ticket)?, mac))
}

fn is_mac(text: &str) -> bool {
    BASE32_NOPAD_NOCASE.decode(text.as_bytes()).is_ok_and(|octets| octets.len() == MAC_OCTETS)
}

fn encode(mac: &[u8]) -> String {
    BASE32_NOPAD.encode(mac).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(b"a secret for tests")
    }

    #[test]
    fn what_we_signed_leads_to_its_ticket_in_any_case() {
        let id = signer().message_id(TicketId(12), "k3x", "Example.org").unwrap();
        let address = signer().reply_address("support@example.org", TicketId(12)).unwrap();
        for id in [id.clone(), MessageId::new(&id.as_str().to_uppercase()).unwrap()] {
            assert_eq!(signer().ticket_of_message_id(&id), Some(TicketId(12)), "{id}");
        }
        for address in [address.clone(), address.to_uppercase()] {
            assert_eq!(signer().ticket_of_address(&address), Some(TicketId(12)), "{address}");
        }
        let written = signer().reply_address("hilfe@münchen.example", TicketId(12)).unwrap();
        let arrived = written.replace("münchen", "xn--mnchen-3ya");
        assert_eq!(signer().ticket_of_address(&arrived), Some(TicketId(12)), "{arrived}");
    }

    #[test]
    fn nothing_that_was_changed_is_believed() {
        let id = signer().message_id(TicketId(12), "k3x", "example.org").unwrap().to_string();
        let address = signer().reply_address("support@example.org", TicketId(12)).unwrap();
        let forged_ids =
            [id.replace(".12.", ".13."), id.replace("k3x", "k3y"), id.replace("example.org", "evil.example")];
        for forged in forged_ids {
            assert_eq!(signer().ticket_of_message_id(&MessageId::new(&forged).unwrap()), None, "{forged}");
        }
        let forged_addresses = [
            address.replace("+12-", "+13-"),
            address.replace("support", "sales"),
            "support+12-aaaaaaaaaaaaaaaa@example.org".to_owned(),
            "support+12-@example.org".to_owned(),
            "support+12@example.org".to_owned(),
        ];
        for forged in forged_addresses {
            assert_eq!(signer().ticket_of_address(&forged), None, "{forged}");
        }
        assert_eq!(Signer::new(b"another").ticket_of_address(&address), None);
    }
}
