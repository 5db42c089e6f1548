//! The template: valid as it stands and line by line, with every key and the defaults in it.

use super::super::keys::{KEYS, Key, Section};
use super::super::template;
use super::{problems, read};

/// The sections, each with its header, also one that is commented out.
fn blocks() -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in template().lines() {
        if line.starts_with('[') || line.starts_with("#[") {
            blocks.push(String::new());
        }
        let last = blocks.last_mut().expect("there is one");
        last.push_str(line);
        last.push('\n');
    }
    blocks
}

/// Key and value of a line, whether it is commented out or not.
fn setting(line: &str) -> Option<(&str, &str)> {
    let bare = line.strip_prefix('#').unwrap_or(line);
    bare.split_once(" = ").filter(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

fn stands_in(key: &Key, block: &str) -> bool {
    let header = block.lines().next().unwrap_or_default().trim_start_matches('#');
    let words: Vec<&str> = header.trim_start_matches('[').trim_end_matches(']').split('.').collect();
    match (key.section, words.as_slice()) {
        // A back end has the keys of [outbox], where they are shown.
        (Section::Backend, ["outbox", "backend", _]) => true,
        (Section::Backend, ["outbox"]) => key.name != "type",
        (Section::Mailbox | Section::Queue, [first, _]) => *first == key.section.name(),
        (section, [first, _, part]) => {
            section.parents().first().is_some_and(|parent| parent.name() == *first) && *part == section.name()
        }
        (section, [only]) => section.parents().is_empty() && *only == section.name(),
        _ => false,
    }
}

#[test]
fn it_is_valid() {
    let settings = read(template()).unwrap_or_else(|invalid| panic!("{invalid}"));
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    assert_eq!((settings.plan.queues.len(), settings.plan.mailboxes.len()), (1, 1));
}

#[test]
fn every_known_key_stands_in_it_and_no_other() {
    let blocks = blocks();
    for key in KEYS {
        let within_a_rule = matches!(key.section, Section::When | Section::Then);
        let inline = blocks.iter().filter(|block| block.starts_with("#[[rule]]")).any(|block| {
            let lines = block.lines().filter(|line| line.starts_with(&format!("#{} = ", key.section.name())));
            lines.into_iter().any(|line| line.contains(&format!(" {} = ", key.name)))
        });
        let there = within_a_rule && inline
            || blocks
                .iter()
                .filter(|block| stands_in(key, block))
                .flat_map(|block| block.lines().filter_map(setting))
                .any(|(name, _)| name == key.name);
        assert!(there, "[{}] {}", key.section.name(), key.name);
    }
}

#[test]
fn each_line_that_is_commented_out_may_be_used() {
    let mut tried = 0;
    for block in blocks() {
        if block.starts_with("#[mailbox.modern.oauth]") {
            tried += uses_of_oauth(&block);
            continue;
        }
        if block.starts_with("#[mailbox.modern]") {
            continue;
        }
        if block.starts_with("#[outbox]") {
            tried += uses_of_outbox(&block);
            continue;
        }
        if block.contains("\n#url = ") {
            tried += uses_of_webhook(&block);
            continue;
        }
        if block.starts_with("#[") {
            let used = block.replace("\n#", "\n").replacen('#', "", 1);
            let used: Vec<&str> =
                used.lines().filter(|line| line.starts_with('[') || setting(line).is_some()).collect();
            let before = if block.starts_with("#[outbox.") { "[outbox]\nhost = 'h'\n" } else { "" };
            let used = format!("{before}{}\n", used.join("\n"));
            assert_eq!(problems(&template().replace(&block, &used)), "", "{block}");
            tried += 1;
            continue;
        }
        for line in block.lines().filter(|line| line.starts_with('#') && setting(line).is_some()) {
            let used = block.replace(line, line.trim_start_matches('#'));
            let mut text = template().replace(&block, &used);
            let of_a_server = ["#password", "#ca_file"].iter().any(|key| line.starts_with(key));
            if block.starts_with("[store]") && of_a_server {
                text =
                    text.replace("sqlite:helpdesk-mail.db", "postgresql://helpdesk@db.example.org/helpdesk");
            } else if line.starts_with("#password") {
                text = text.replace("\npassword_file", "\n#password_file");
            }
            assert_eq!(problems(&text), "", "{line}");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
}

/// Each line of an OAuth section, used in its mailbox with what it cannot do without.
fn uses_of_oauth(block: &str) -> usize {
    let used = |line: &str| line.trim_start_matches('#').to_owned() + "\n";
    let mailbox: String = blocks()
        .iter()
        .filter(|block| block.starts_with("#[mailbox.modern]"))
        .flat_map(|block| block.lines().filter(|line| line.starts_with("#[") || setting(line).is_some()))
        .map(used)
        .collect();
    let lines: Vec<&str> = block.lines().filter(|line| setting(line).is_some()).collect();
    for line in &lines {
        let mut text = format!("{}\n{mailbox}[mailbox.modern.oauth]\n{}", template(), used(line));
        let needed = ["#token_url", "#client_id", "#client_secret_file"];
        for needed in needed.into_iter().filter(|_| !line.starts_with("#token_command")) {
            let has_it = line.starts_with(needed.trim_end_matches("_file"));
            text.extend(lines.iter().find(|line| line.starts_with(needed) && !has_it).map(|line| used(line)));
        }
        assert_eq!(problems(&text), "", "{line}");
    }
    lines.len()
}

/// Each line of a hook with a URL, used with what it cannot do without.
fn uses_of_webhook(block: &str) -> usize {
    let lines: Vec<&str> = block.lines().filter(|line| setting(line).is_some()).collect();
    for line in &lines {
        let (name, _) = setting(line).expect("it was one");
        let secret = if name.starts_with("secret") { "" } else { "secret_file = 's'\n" };
        let needed = [("event", "event = 'post-process'\n"), ("url", "url = 'https://h/'\n")];
        let needed: String = needed.iter().filter(|(key, _)| *key != name).map(|(_, line)| *line).collect();
        let used = line.trim_start_matches('#');
        let text = format!("{}\n[[hook]]\n{needed}{secret}{used}\n", template());
        assert_eq!(problems(&text), "", "{line}");
    }
    lines.len()
}

/// Each line of [outbox], used with what it cannot do without.
fn uses_of_outbox(block: &str) -> usize {
    let lines: Vec<&str> = block.lines().filter(|line| setting(line).is_some()).collect();
    for line in &lines {
        let (name, _) = setting(line).expect("it was one");
        let needed = match name {
            "path" => "backend = 'file'",
            "backend" | "username" => "host = 'h'\nusername = 'u'\npassword_file = 'p'",
            "auth" => "host = 'h'\nusername = 'u'\npassword_file = 'p'",
            "host" => "",
            name if name.starts_with("password") => "host = 'h'\nusername = 'u'",
            _ => "host = 'h'",
        };
        let needed: String = needed
            .lines()
            .filter(|it| !it.starts_with(&format!("{name} ")))
            .map(|it| format!("{it}\n"))
            .collect();
        let text = format!("{}\n[outbox]\n{needed}{}\n", template(), line.trim_start_matches('#'));
        assert_eq!(problems(&text), "", "{line}");
    }
    lines.len()
}

#[test]
fn what_is_commented_out_is_the_default_where_there_is_one() {
    for block in blocks().iter().filter(|block| block.starts_with('[')) {
        for (name, value) in block.lines().filter(|line| line.starts_with('#')).filter_map(setting) {
            let key = KEYS.iter().find(|key| stands_in(key, block) && key.name == name).expect("a known key");
            let words = ["none", "required", "the queue's", "that of [outbox]"];
            if !words.contains(&key.default) && name != "agents" {
                let default = key.default.split(';').next().unwrap_or_default();
                assert_eq!(value, default, "{name}");
            }
        }
    }
}
