//! What backs that a line was written by a mail program: an address, or a date as mails bear it.
//!
//! People write `On 3 November Bob wrote:` as well; no one but a program adds the year and the minute.

/// An address of mail.
pub(super) fn has_address(line: &str) -> bool {
    line.split('@').zip(line.split('@').skip(1)).any(|(before, behind)| {
        before.chars().next_back().is_some_and(char::is_alphanumeric)
            && behind.chars().next().is_some_and(char::is_alphanumeric)
    })
}

/// A day, a month, a year and a time of day, of whatever language and script.
pub(super) fn has_full_date(line: &str) -> bool {
    let digits = line.chars().filter(|letter| letter.is_numeric()).count();
    // `2/11/26 9:00`
    digits >= 8 && line.split(|letter: char| !letter.is_numeric() && !is_joint(letter)).any(is_time)
}

fn is_joint(letter: char) -> bool {
    matches!(letter, ':' | '：' | '.' | '/' | '-' | 'h' | '時' | '시' | '时')
}

/// `10:00`, `9:00:00`, `10.00`, `10h00`, `10時00分`.
fn is_time(word: &str) -> bool {
    let word = word.trim_end_matches(is_joint);
    let mut parts = word.split([':', '：', '.', 'h', '時', '시', '时']);
    let numbers = |part: &str| part.chars().filter(|letter| letter.is_numeric()).count();
    let is_number =
        |part: &str, least: usize| (least..=2).contains(&numbers(part)) && part.chars().all(char::is_numeric);
    let (Some(hour), Some(minute)) = (parts.next(), parts.next()) else { return false };
    let second = parts.next().is_none_or(|second| is_number(second, 2));
    // A day and a month in figures is no time: `27.11`.
    let is_hour = hour.parse::<u8>().map_or(true, |hour| hour < 24);
    is_number(hour, 1) && is_number(minute, 2) && second && is_hour && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_mails_have_a_year_and_a_time() {
        for line in [
            "On Mon, 2 Nov 2026 at 10:00, Alice wrote:",
            "On 11/26/2026 10:00:00 AM",
            "27.11.2026 10:00",
            "Den fre. 27. nov. 2026 kl. 10.00 skrev",
            "١٠:٠٠ ص ٢٧ نوفمبر ٢٠٢٦",
            "2026年11月27日(金) 10:00",
            "2026-11-27 09:00+01:00",
            "2/11/2026 9:00",
            "Em 27/11/2026 10h00",
            "2026年11月27日 10時00分",
        ] {
            assert!(has_full_date(line), "{line}");
        }
        for line in
            ["On 3 November", "On 3 November 2026", "at 10:00", "am 27.11.2026", "Nr. 27.11.20261234", ""]
        {
            assert!(!has_full_date(line), "{line}");
        }
    }

    #[test]
    fn addresses_have_two_sides() {
        assert!(has_address("Alice <alice@example.org> wrote:"));
        assert!(!has_address("two @ 3 euros") && !has_address("@home") && !has_address(""));
    }
}
