//! The mails that come in: the same for every store.

use jiff::Timestamp;

use crate::fill::Items;

/// So many come at once: a batch of the usual size.
pub const TOGETHER: usize = 200;

/// Mails in turns: one that opens a ticket, one that answers on a ticket of old.
pub struct Letters {
    /// The tickets that are answered on, which every store holds.
    pub answered: Items,
    /// So many are written.
    pub written: u64,
}

impl Letters {
    /// The mails of the next round.
    pub fn round(&mut self) -> Vec<Vec<u8>> {
        let first = self.written;
        self.written += TOGETHER as u64;
        (first..self.written).map(|number| self.letter(number)).collect()
    }

    fn letter(&self, number: u64) -> Vec<u8> {
        if number.is_multiple_of(2) { new(number) } else { self.answer(number) }
    }

    /// Of ten answers nine come on tickets of the last month, one on any before; no two are close to each other.
    fn answer(&self, number: u64) -> Vec<u8> {
        let Items { old_step, recent, recent_step, last } = self.answered;
        let nth = number / 2;
        let item = if nth.is_multiple_of(10) {
            old_step * (1 + nth / 10 * 7919 % ((recent - 1) / old_step))
        } else {
            recent + recent_step * (nth * 7919 % ((last - recent) / recent_step))
        };
        let (ticket, author, id) = (item / 5, item * 7919 % 200_000, old_id(item));
        format!(
            "From: Customer <customer-{author}@example.net>\r\nTo: support@example.org\r\n\
             Subject: Re: Printer {ticket} is on fire\r\nDate: {}\r\nMessage-ID: <{}>\r\nIn-Reply-To: <{id}>\r\n\
             References: <notice.{ticket}.{}> <{id}>\r\n\r\n\
             It still burns, for the {number}. time.\r\n\r\n> The printer in the hall has been burning since Monday.\r\n",
            today(),
            new_id(number),
            new_id(number),
        )
        .into_bytes()
    }
}

/// The Message-ID that an item has in the stores.
pub fn old_id(item: u64) -> String {
    format!("{}.{item}@old.example", scattered(item))
}

fn new_id(number: u64) -> String {
    format!("{}.{number}@new.example", scattered(number + 100_000_000))
}

/// The Date of a mail without which it would be an odd one, whose octets are kept.
fn today() -> String {
    Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// Numbers in no order.
fn scattered(number: u64) -> u64 {
    number * 2_654_435_761 % 4_294_967_296
}

/// Every fifth has a file.
fn new(number: u64) -> Vec<u8> {
    let head = format!(
        "From: Stranger {number} <stranger-{number}@example.com>\r\nTo: support@example.org\r\n\
         Subject: The door of room {number} is stuck\r\nDate: {}\r\nMessage-ID: <{}>\r\nMIME-Version: 1.0\r\n",
        today(),
        new_id(number)
    );
    let text = format!("Nobody gets into room {number}, and nobody out of it.\r\nPlease help.\r\n");
    if !number.is_multiple_of(5) {
        return format!("{head}Content-Type: text/plain\r\n\r\n{text}").into_bytes();
    }
    format!(
        "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\n\
         Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"door.bin\"\r\n\r\n\
         {}\r\n--b--\r\n",
        format!("{number} ").repeat(100)
    )
    .into_bytes()
}
