//! Spans of time as people say them.

use jiff::SignedDuration;

/// `45 s`, `5 min`, `3 h`, `12 days`: rounded down, and nothing that is below nothing.
pub fn age(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_one_unit_and_at_least_two_of_it() {
        let table = [
            (-5, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
            (86_400 * 400, "400 days"),
        ];
        for (seconds, said) in table {
            assert_eq!(age(SignedDuration::from_secs(seconds)), said);
        }
    }
}
