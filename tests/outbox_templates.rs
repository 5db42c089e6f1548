//! Templates from the command line: looked at, copied, changed, checked.

use std::fs;

use crate::support::desk::{Desk, Run};

const QUEUES: &str =
    "[queue.support]\ntitle = \"Hilfe & Rat\"\naddress = \"hilfe@example.org\"\n[queue.sales]\n";

/// A desk with these templates.
fn desk(files: &[(&str, &str)]) -> Desk {
    let desk =
        Desk::configured(&format!("{QUEUES}[outbox]\nbackend = \"null\"\ntemplates = \"templates\"\n"));
    fs::create_dir(desk.path("templates")).unwrap();
    for (name, text) in files {
        let path = desk.path("templates").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    desk
}

fn preview(desk: &Desk, arguments: &[&str]) -> Run {
    desk.run(&[&["outbox", "preview"], arguments].concat())
}

#[test]
fn a_preview_shows_the_text_and_writes_the_html() {
    let desk = desk(&[
        ("layout.html", "<p>{{ queue }}</p><img src=\"{{ inline_image('a.png') }}\">"),
        ("a.png", "abc"),
    ]);
    let file = desk.path("mail.html");
    let run = preview(&desk, &["created", "--locale", "de-AT", "--output", file.to_str().unwrap()]).exits(0);
    let head =
        "Subject: [support-12] Eingegangen: Printer <3rd floor> is on fire & smokes\n\n##- Bitte schreiben";
    assert!(run.stdout.starts_with(head), "{}", run.stdout);
    assert!(
        run.stdout.contains("\nGuten Tag Alice Example,\n")
            && run.stdout.ends_with("\nHilfe & Rat | support-12\n")
    );
    let html = fs::read_to_string(&file).unwrap();
    assert_eq!(html, "<p>Hilfe &amp; Rat</p><img src=\"data:image/png;base64,YWJj\">");
    assert!(!desk.path("desk.db").exists());
}

#[test]
fn a_preview_is_that_of_the_queue() {
    let desk = desk(&[("sales/created.en.txt", "Thank you for buying.")]);
    assert!(!preview(&desk, &["created"]).exits(0).stdout.contains("buying"));
    let run = preview(&desk, &["created", "--queue", "sales"]).exits(0);
    assert!(run.stdout.contains("\nThank you for buying.\n\n-- \nsales | sales-12\n"), "{}", run.stdout);
    let unknown = preview(&desk, &["created", "--queue", "nobody"]).exits(64);
    assert!(unknown.stderr.contains("there is no queue nobody"), "{}", unknown.stderr);
    let unknown = preview(&desk, &["create"]).exits(64);
    assert!(unknown.stderr.contains("too-large"), "{}", unknown.stderr);
}

#[test]
fn the_templates_themselves_are_shown_to_be_copied() {
    let desk = desk(&[("created.de.subject", "Danke: {{ title }}")]);
    let run = preview(&desk, &["created", "--locale", "de", "--source"]).exits(0);
    assert!(run.stdout.starts_with(
        "==> created.de.subject <==\nDanke: {{ title }}\n\n==> built-in/created.de.txt <==\nGuten Tag"
    ));
    assert!(
        run.stdout.contains("==> built-in/layout.txt <==")
            && run.stdout.contains("==> built-in/layout.html <==")
    );
}

#[test]
fn a_preview_of_a_template_that_fails_says_so_and_shows_the_built_in_one() {
    let desk = desk(&[("created.en.txt", "{{ titel }}")]);
    let run = preview(&desk, &["created"]).exits(0);
    assert!(
        run.stderr
            .contains("template created.en.txt, line 1: undefined value; the built-in template was used")
    );
    assert!(run.stdout.contains("Thank you for your message."));
}

#[test]
fn check_tries_every_template_and_tells_file_and_line() {
    let good = desk(&[("created.de.subject", "Danke: {{ title }}"), ("support/layout.txt", "{{ body }}")]);
    good.run(&["check"]).exits(0);
    let bad =
        desk(&[("created.de.txt", "\n{{ titel }}"), ("nobody/closed.de.txt", "x"), ("create.de.txt", "x")]);
    let run = bad.run(&["check"]).exits(78);
    let root = bad.path("templates").display().to_string();
    for line in [
        format!("{root}/created.de.txt:2: undefined value: `titel` is undefined"),
        format!("{root}/nobody: there is no queue of that slug"),
        format!("{root}/create.de.txt: \"create\" is no template: "),
    ] {
        assert!(run.stderr.contains(&line), "{line}\n{}", run.stderr);
    }
    fs::remove_dir_all(bad.path("templates")).unwrap();
    let run = bad.run(&["check"]).exits(78);
    assert!(run.stderr.contains("no templates can be read in"), "{}", run.stderr);
}
