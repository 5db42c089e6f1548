//! Templates: built in and overridden, near and far, right and wrong.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::model::address::Address;
use crate::model::ids::QueueSlug;
use crate::model::notification::Occasion;

fn queue() -> QueueSlug {
    "support".parse().unwrap()
}

fn built_in() -> Templates {
    Templates::load(&TemplateConfig::default()).unwrap()
}

/// Templates with these files in their directory.
fn with(files: &[(&str, &str)]) -> (TempDir, Templates) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let templates = load(folder.path());
    (folder, templates)
}

fn load(directory: &Path) -> Templates {
    let directory = Some(directory.to_owned());
    Templates::load(&TemplateConfig { directory, ..TemplateConfig::default() }).unwrap()
}

fn created(templates: &Templates, locale: &str) -> Rendered {
    templates.render(&sample(Occasion::Created, locale, &queue()))
}

fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let (folder, templates) = with(files);
    let root = format!("{}/", folder.path().display());
    let shown = |problem: &Problem| problem.to_string().replace(&root, "");
    templates.check(&[queue()]).iter().map(shown).collect()
}

#[test]
fn every_occasion_renders_in_every_language_with_and_without_what_may_be_missing() {
    let templates = built_in();
    let mut texts = Vec::new();
    for locale in languages() {
        for occasion in Occasion::ALL {
            let full = sample(occasion, locale, &queue());
            let bare = sample::bare(full.clone());
            for (notification, is_full) in [(full, true), (bare, false)] {
                let rendered = templates.render(&notification);
                let what = format!("{occasion} {locale} {is_full}: {}", rendered.text);
                assert_eq!(rendered.fallback, None, "{what}");
                assert!(rendered.subject.starts_with("[support-12] "), "{what}");
                assert!(rendered.subject.len() > 15, "{what}");
                assert!(rendered.text.starts_with("##- ") && rendered.text.contains(" -##\n\n"), "{what}");
                assert!(rendered.text.ends_with("\n-- \nHelp Desk | support-12"), "{what}");
                assert!(!rendered.text.contains("\n\n\n"), "{what}");
                assert!(!rendered.text.contains("none") && !rendered.text.contains("{{"), "{what}");
                assert!(rendered.html.contains(&format!("<html lang=\"{locale}\">")), "{what}");
                assert_eq!(rendered.text.contains("\n> The printer"), notification.text.is_some(), "{what}");
                assert_eq!(rendered.text.contains("support-7"), notification.other.is_some(), "{what}");
                texts.push(rendered.text);
            }
        }
    }
    let all = texts.len();
    texts.sort();
    texts.dedup();
    // The acknowledgement of a Polish mail is the same with and without a name.
    assert!(texts.len() >= all - 12, "{} of {all} differ", texts.len());
}

#[test]
fn the_german_words() {
    let text = |occasion| {
        let rendered = built_in().render(&sample(occasion, "de", &queue()));
        format!("{}\n\n{}", rendered.subject, rendered.text)
    };
    insta::assert_snapshot!(Occasion::ALL.map(text).join("\n\n========\n\n"));
}

#[test]
fn the_html_of_a_follow_up() {
    insta::assert_snapshot!(built_in().render(&sample(Occasion::Updated, "en", &queue())).html);
}

#[test]
fn what_people_write_is_text_in_html() {
    let mut notification = sample(Occasion::Updated, "en", &queue());
    let evil = "<script>alert('x')</script><img src=x onerror=y> \"&amp; {{ 7 * 7 }}";
    notification.title = evil.to_owned();
    notification.text = Some(evil.to_owned());
    notification.queue_title = evil.to_owned();
    notification.author = Some(Address { name: Some(evil.to_owned()), address: "a@b.example".to_owned() });
    let html = built_in().render(&notification).html;
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("49"), "{html}");
    // In the title of the page, in its headings, in the words and in the quotation.
    assert!(html.matches("&lt;script&gt;").count() >= 5, "{html}");
}

#[test]
fn a_text_that_looks_like_a_layout_does_not_become_one() {
    let mut notification = sample(Occasion::Updated, "en", &queue());
    notification.text = Some("a\n\n-- \nb\n##- c -##".to_owned());
    let rendered = built_in().render(&notification);
    assert!(rendered.text.contains("> a\n>\n> --\n> b\n> ##- c -##\n"), "{}", rendered.text);
}

#[test]
fn long_texts_are_cut() {
    let mut notification = sample(Occasion::Updated, "de", &queue());
    notification.text = Some("ä\n".repeat(50_000));
    let rendered = built_in().render(&notification);
    assert_eq!(rendered.fallback, None);
    assert!(rendered.text.len() < 60_000 && rendered.text.contains("\n> (Der Rest wurde weggelassen.)\n"));
}

#[test]
fn the_nearest_override_is_taken_language_by_language() {
    let (_folder, templates) = with(&[
        ("created.de.txt", "alle, de"),
        ("created.de-AT.txt", "alle, de-AT"),
        ("Support/created.de.txt", "eine, de"),
        ("sales/created.de-AT.txt", "andere"),
        ("created.en.txt", "all, en"),
        ("created.nl.txt", "nl"),
        ("created.nl.subject", "Onderwerp: {{ title }}"),
    ]);
    let table = [
        ("de", "eine, de"),
        ("de-AT", "alle, de-AT"),
        ("de-CH", "eine, de"),
        ("en-GB", "all, en"),
        ("nl-BE", "nl"),
        ("xx", "all, en"),
        // A language that is built in comes before English, also before an override of it.
        ("fr", "Bonjour Alice Example"),
    ];
    for (locale, expected) in table {
        let rendered = created(&templates, locale);
        assert!(rendered.text.contains(expected), "{locale}: {}", rendered.text);
        assert_eq!(rendered.fallback, None);
    }
    let dutch = created(&templates, "nl");
    assert!(dutch.subject.starts_with("[support-12] Onderwerp: Printer"), "{}", dutch.subject);
    assert!(dutch.html.contains("lang=\"nl\""));
    let mut sales = sample(Occasion::Created, "de-AT", &"sales".parse().unwrap());
    sales.ticket.queue = sales.queue.clone();
    assert!(templates.render(&sales).text.contains("andere"));
}

#[test]
fn html_is_made_of_the_text_unless_there_is_one_as_near() {
    let (_folder, templates) = with(&[
        ("created.de.txt", "Eigener Text"),
        ("created.fr.txt", "Mon texte"),
        ("created.fr.html", "{% extends \"layout.html\" %}{% block body %}<b>{{ title }}</b>{% endblock %}"),
        ("support/created.it.txt", "Mio testo"),
        ("created.it.html", "<b>lontano</b>"),
        ("created.en.html", "<b>{{ number }}</b>"),
    ]);
    assert!(created(&templates, "de").html.contains("Eigener Text"));
    let french = created(&templates, "fr").html;
    assert!(french.contains("<b>Printer &lt;3rd") && french.contains("<!DOCTYPE html>"), "{french}");
    let italian = created(&templates, "it").html;
    assert!(italian.contains("Mio testo") && !italian.contains("lontano"), "{italian}");
    assert_eq!(created(&templates, "en").html, "<b>12</b>");
}

#[test]
fn layouts_are_overridden_for_all_and_by_queue() {
    let (_folder, templates) = with(&[
        ("layout.html", "<i>all</i>{% include \"_foot.html\" %}"),
        ("support/layout.html", "<i>{{ queue }}</i>{% include \"_foot.html\" %}"),
        ("_foot.html", "foot"),
        ("support/_foot.html", "own foot"),
        ("layout.txt", "{{ body }}\n\n--\nACME"),
    ]);
    let rendered = created(&templates, "en");
    assert_eq!(rendered.html, "<i>Help Desk</i>own foot");
    assert!(rendered.text.ends_with("email.\n\n--\nACME"), "{}", rendered.text);
    let mut other = sample(Occasion::Created, "en", &"sales".parse().unwrap());
    other.ticket.queue = other.queue.clone();
    assert_eq!(templates.render(&other).html, "<i>all</i>foot");
    assert_eq!(templates.check(&[queue()]), []);
}

#[test]
fn what_there_is_none_of_is_written_as_nothing() {
    let text = "Hello{% if name %} {{ name }}{% endif %},{{ name }}{{ left_out }}{{ text | quote }}.\n";
    let html = "<p>{{ name }}{{ author }}{{ text | quote }}</p>\n";
    let (_folder, templates) = with(&[("updated.en.txt", text), ("updated.en.html", html)]);
    let rendered = templates.render(&sample::bare(sample(Occasion::Updated, "en", &queue())));
    assert_eq!(rendered.fallback, None);
    assert!(rendered.text.contains("Hello,.\n"), "{}", rendered.text);
    assert!(rendered.html.contains("<p></p>"), "{}", rendered.html);
    // What nobody knows is an error still.
    assert_eq!(problems(&[("updated.en.txt", "{{ nixda | quote }}")]).len(), 1);
    assert_eq!(problems(&[("updated.en.txt", "{{ nixda }}")]).len(), 1);
}

#[test]
fn what_fails_is_replaced_and_told_without_a_word_of_the_mail() {
    let (_folder, templates) = with(&[
        ("created.de.txt", "a\n{{ nobody_knows }}"),
        ("created.fr.txt", "{% if %}"),
        ("created.it.html", "{{ title.x.y }}"),
        (
            "created.es.subject",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        ),
        ("created.pl.txt", "{{ title | int }}"),
        ("created.ja.html", "<img src=\"{{ inline_image('../secret.png') }}\">"),
    ]);
    let table = [
        ("de", "template created.de.txt, line 2: undefined value; the built-in template was used"),
        ("fr", "template created.fr.txt, line 1: syntax error; the built-in template was used"),
        ("it", "template created.it.html, line 1: undefined value; the built-in template was used"),
        ("es", "template created.es.subject, line 1: engine ran out of fuel; the built-in template was used"),
        ("pl", "template created.pl.txt, line 1: invalid operation; the built-in template was used"),
        ("ja", "template created.ja.html, line 1: invalid operation; the built-in template was used"),
    ];
    for (locale, expected) in table {
        let rendered = created(&templates, locale);
        assert_eq!(rendered.fallback.as_deref(), Some(expected), "{locale}");
        assert_eq!(Rendered { fallback: None, ..rendered }, created(&built_in(), locale), "{locale}");
    }
}

#[test]
fn pictures_come_from_the_directory_and_go_along() {
    let layout =
        "<img src=\"{{ inline_image(\"logo.png\") }}\"><img src=\"{{ inline_image(\"logo.png\") }}\">";
    let (folder, templates) =
        with(&[("layout.html", layout), ("logo.png", "all"), ("support/logo.png", "own")]);
    let rendered = created(&templates, "en");
    let names: Vec<(&str, &[u8])> =
        rendered.images.iter().map(|image| (image.name.as_str(), image.octets.as_ref())).collect();
    assert_eq!(names, [("logo.png", &b"own"[..])]);
    assert_eq!(rendered.html.matches(&format!("cid:{}", rendered.images[0].content_id)).count(), 2);
    for name in ["../logo.png", "support/logo.png", "/etc/passwd", "other.png", "layout.html"] {
        fs::write(folder.path().join("layout.html"), format!("{{{{ inline_image('{name}') }}}}")).unwrap();
        assert!(created(&load(folder.path()), "en").fallback.is_some(), "{name}");
    }
}

#[test]
fn nothing_outside_of_the_directory_is_read() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let (folder, _) = with(&[("created.en.subject", "x")]);
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("created.en.txt"))
        .unwrap();
    std::os::unix::fs::symlink(
        folder.path().join("created.en.subject"),
        folder.path().join("closed.en.subject"),
    )
    .unwrap();
    let templates = load(folder.path());
    assert!(!created(&templates, "en").text.contains("secret"));
    let told: Vec<String> = templates.check(&[queue()]).into_iter().map(|problem| problem.what).collect();
    assert_eq!(told, ["it leads out of the directory of templates"]);
    assert!(
        Templates::load(&TemplateConfig {
            directory: Some(folder.path().join("missing")),
            ..TemplateConfig::default()
        })
        .is_err()
    );
}

#[test]
fn everything_that_is_wrong_is_told_with_file_and_line() {
    let found = problems(&[
        ("created.de.txt", "a\n\n{{ titel }}"),
        ("closed.de.subject", "{{ title"),
        ("updated.en.txt", "{{ author.name }}"),
        ("layout.html", "{% for part in body %}\n{{ part.nothing }}{% endfor %}"),
        ("_used.html", "\n{{ nothing }}"),
        ("reopened.en.html", "{% include \"_used.html\" %}"),
        ("reopened.fr.html", "{{ inline_image('no.png') }}"),
        ("create.de.txt", ""),
        ("closed.de.text", ""),
        ("created.nl.txt", "hallo"),
        ("nobody/created.de.txt", "x"),
        ("README", "no template"),
        (".created.de.txt.swp", "{{"),
    ]);
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn the_templates_that_are_built_in_may_be_copied_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut copied = 0;
    for entry in
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/outbox/template/builtin")).unwrap()
    {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        copied += 1;
    }
    assert_eq!(copied, 2 + 2 * languages().len() * Occasion::ALL.len());
    let templates = load(folder.path());
    assert_eq!(templates.check(&[queue()]), []);
    for locale in languages() {
        assert_eq!(created(&templates, locale), created(&built_in(), locale));
    }
}
