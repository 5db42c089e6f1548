//! Output: what commands write to standard output, as JSON lines or for people.
//!
//! A reader that goes away (`| head`) ends the output quietly and changes nothing else: the work goes on and the exit
//! code is what it would have been. Any other trouble with writing is kept and told at the end.

pub mod audit;
pub mod escape;
pub mod event_hearer;
pub mod hearer;
pub mod json;
pub mod listener;
pub(crate) mod progress;
pub mod style;
pub mod table;
pub mod words;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::model::trouble::{ErrorCode, Trouble};

use super::args::Color;
use style::Palette;

/// For whom output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// People.
    Human,
    /// Programs: one JSON object per line.
    Json,
}

/// Whether a person sits before the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// A terminal.
    Terminal,
    /// A file or a pipe.
    Pipe,
}

/// Standard output, or what stands for it in a test.
pub struct Out {
    to: Box<dyn Write>,
    state: State,
    /// Where it leads.
    pub seat: Seat,
    /// Its colours.
    pub palette: Palette,
}

enum State {
    Open,
    /// The reader went away.
    Closed,
    Broken(io::Error),
}

impl Out {
    /// Standard output.
    pub fn stdout(color: Color) -> Self {
        let seat = if io::stdout().is_terminal() { Seat::Terminal } else { Seat::Pipe };
        let palette = style::of(color, seat);
        Self { to: Box::new(io::stdout()), state: State::Open, seat, palette }
    }

    /// Writes into something else, without colours.
    pub fn to(to: Box<dyn Write>) -> Self {
        Self { to, state: State::Open, seat: Seat::Pipe, palette: Palette::plain() }
    }

    /// Writes a line; what is in it is written as it is.
    pub fn line(&mut self, line: &str) {
        self.bytes(format!("{line}\n").as_bytes());
    }

    /// Writes a JSON object as a line.
    pub fn json(&mut self, value: &Value) {
        self.line(&value.to_string());
    }

    /// Writes octets.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if matches!(self.state, State::Open)
            && let Err(error) = self.to.write_all(bytes)
        {
            self.state = State::after(error);
        }
    }

    /// Hands everything on and tells whether all of it was written.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::OutputIo`] if something else than the reader's leaving kept it from being written.
    pub fn finish(&mut self) -> Result<(), Trouble> {
        if matches!(self.state, State::Open)
            && let Err(error) = self.to.flush()
        {
            self.state = State::after(error);
        }
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Open | State::Closed => Ok(()),
            State::Broken(error) => {
                Err(Trouble::new(ErrorCode::OutputIo, "standard output cannot be written").because(error))
            }
        }
    }
}

impl State {
    fn after(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Broken(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fails(io::ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_trouble() {
        let mut out = Out::to(Box::new(Fails(io::ErrorKind::BrokenPipe)));
        out.line("x");
        assert!(out.finish().is_ok());
    }

    #[test]
    fn a_full_disk_is() {
        let mut out = Out::to(Box::new(Fails(io::ErrorKind::StorageFull)));
        out.line("x");
        assert_eq!(out.finish().unwrap_err().code, ErrorCode::OutputIo);
    }
}
