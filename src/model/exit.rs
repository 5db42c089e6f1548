//! Exit codes: the table of the contract, section 2.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Everything was fetched and every message settled.
    Ok,
    /// Something waits for a person.
    Attention,
    /// The command line is wrong.
    Usage,
    /// The input is not a message.
    Data,
    /// A named file does not exist or cannot be read.
    NoInput,
    /// A mailbox could not be reached or broke off.
    Unavailable,
    /// A bug.
    Internal,
    /// A file would be overwritten.
    CantCreate,
    /// The store or a file could not be written.
    Io,
    /// Try again later.
    Temporary,
    /// The credentials were refused.
    Refused,
    /// The configuration is missing or wrong.
    Config,
}

impl Exit {
    /// All codes, by number.
    pub const ALL: [Self; 12] = [
        Self::Ok,
        Self::Attention,
        Self::Usage,
        Self::Data,
        Self::NoInput,
        Self::Unavailable,
        Self::Internal,
        Self::CantCreate,
        Self::Io,
        Self::Temporary,
        Self::Refused,
        Self::Config,
    ];

    /// The number, after `sysexits.h`.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Attention => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::CantCreate => 73,
            Self::Io => 74,
            Self::Temporary => 75,
            Self::Refused => 77,
            Self::Config => 78,
        }
    }

    /// The name in the contract's table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Attention => "attention",
            Self::Usage => "usage",
            Self::Data => "data",
            Self::NoInput => "no input",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::CantCreate => "can't create",
            Self::Io => "I/O",
            Self::Temporary => "temporary",
            Self::Refused => "refused",
            Self::Config => "configuration",
        }
    }

    /// The one of two that is given where both apply: 70, 74, 77, 69, 75, 1, 0.
    ///
    /// What ends a command before a run (64, 65, 66, 73, 78) stands before all.
    pub fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// What a mail server hears: 0 if the message is ours now, also in quarantine, else 75, so that it keeps its copy.
    pub fn for_a_mail_server(self) -> Self {
        match self {
            Self::Ok | Self::Attention => Self::Ok,
            Self::Usage
            | Self::Data
            | Self::NoInput
            | Self::Unavailable
            | Self::Internal
            | Self::CantCreate
            | Self::Io
            | Self::Temporary
            | Self::Refused
            | Self::Config => Self::Temporary,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Attention => 1,
            Self::Temporary => 2,
            Self::Unavailable => 3,
            Self::Refused => 4,
            Self::Io => 5,
            Self::Internal => 6,
            Self::Usage | Self::Data | Self::NoInput | Self::CantCreate | Self::Config => 7,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_of_two_is_the_one_further_forward_in_the_contract() {
        let order = [
            Exit::Internal,
            Exit::Io,
            Exit::Refused,
            Exit::Unavailable,
            Exit::Temporary,
            Exit::Attention,
            Exit::Ok,
        ];
        for (i, first) in order.iter().enumerate() {
            for second in &order[i..] {
                assert_eq!(first.worse(*second), *first);
                assert_eq!(second.worse(*first), *first);
            }
        }
    }
}
