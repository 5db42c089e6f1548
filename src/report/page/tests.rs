//! Tests of the page as text; tests/report.rs opens it in a browser.

use regex::Regex;
use serde_json::Value;

use super::super::{json, sample};
use super::*;

/// What stands at the pointers of the page's figures.
fn figures(page: &str) -> Vec<(String, String)> {
    let page = page.replace("<wbr>", "");
    let cell = r#"<t[dh][^>]*data-key="([^"]*)"(?: data-value="([^"]*)")?[^>]*>(?:<bdi>)?([^<]*)<"#;
    let found = Regex::new(cell).unwrap();
    let found = found.captures_iter(&page).map(|found| {
        let value = found.get(2).or(found.get(3)).unwrap().as_str();
        (found[1].to_owned(), value.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'"))
    });
    found.collect()
}

#[test]
fn every_figure_of_the_page_is_that_of_the_json() {
    let report = sample::small();
    let (page, json) = (page(&report), json(&report));
    let figures = figures(&page);
    assert!(figures.len() > 40, "{figures:?}");
    for (key, shown) in figures {
        let expected = match json.pointer(&key) {
            Some(Value::String(text)) => text.clone(),
            Some(number) => number.to_string(),
            None => panic!("{key} is not there"),
        };
        assert_eq!(shown.replace(',', ""), expected, "{key}");
    }
}

#[test]
fn a_period_without_anything_says_so_everywhere() {
    for days in [1, 30, 400] {
        let page = page(&sample::empty(days));
        assert_eq!(page.matches(">nothing<").count(), 14);
        assert!(!page.contains("NaN") && !page.contains("<svg"));
    }
}

#[test]
fn addresses_are_escaped_and_left_out_on_demand() {
    let report = sample::small();
    let named = page(&report);
    assert!(named.contains("alice@<wbr>example.org") && named.contains("--anonymous"));
    assert!(
        named.contains("&lt;b onclick=&#39;x&#39;&gt;@<wbr>example.org") && !named.contains("<b onclick")
    );
    let report = report.without_addresses();
    let bare = format!("{}{}", page(&report), json(&report));
    assert!(!bare.contains("example.org") && bare.contains("sender 2"));
}

#[test]
fn the_page_names_nothing_outside_itself() {
    let page = page(&sample::small().without_addresses());
    let loads = Regex::new(r#"https?:|url\(|<script|<img|@import| on[a-z]+=|src=|href="[^d]"#).unwrap();
    assert_eq!(loads.find_iter(&page).map(|found| found.as_str()).collect::<Vec<_>>(), [""; 0]);
    assert!(page.contains("default-src &#39;none&#39;"));
}

#[test]
fn a_plot_says_what_only_its_table_has() {
    let page = page(&sample::small());
    assert!(page.contains("7 notifications; besides, in the table, 1 suppressed."), "{page}");
    assert!(page.contains(">1,232 messages.<"));
}

#[test]
fn a_year_is_shown_by_weeks() {
    let mut report = sample::empty(400);
    report.days[0].outcomes.add(OutcomeWord::Created, 3);
    report.days[6].outcomes.add(OutcomeWord::Created, 4);
    let page = page(&report);
    assert!(
        page.contains("Outcomes a week") && page.contains("<title>1 Nov to 7 Nov 2026: 7 created</title>")
    );
}

#[test]
fn a_time_stands_between_the_edges_of_its_bin() {
    let places = [(0, 0.0), (15, 0.5), (30, 1.0), (90, 2.5), (86_400, 9.0), (129_600, 9.5), (172_800, 10.0)];
    for (seconds, place) in places {
        assert!((place_in_bins(seconds, 172_800) - place).abs() < 1e-9, "{seconds}");
    }
}

/// Each block of the style sheet that sets colours: light, dark, print.
fn palettes() -> Vec<std::collections::BTreeMap<&'static str, [f64; 3]>> {
    let colour = Regex::new("--([a-z]+): #([0-9a-f]{6})").unwrap();
    let blocks = STYLE.split(":root {").skip(1).map(|block| block.split('}').next().unwrap());
    let read = |block: &'static str| {
        let octet =
            |text: &str, at: usize| f64::from(u8::from_str_radix(&text[at..at + 2], 16).unwrap()) / 255.0;
        let found = colour.captures_iter(block);
        let pairs = found.map(|found| (found.get(1).unwrap().as_str(), found.get(2).unwrap().as_str()));
        pairs.map(|(name, hex)| (name, [0, 2, 4].map(|at| octet(hex, at)))).collect()
    };
    blocks.map(read).collect()
}

/// WCAG 2.1, "contrast ratio".
fn contrast(one: [f64; 3], two: [f64; 3]) -> f64 {
    let linear = |part: f64| if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let light = |[red, green, blue]: [f64; 3]| {
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) + 0.05
    };
    let (one, two) = (light(one), light(two));
    if one > two { one / two } else { two / one }
}

#[test]
fn letters_and_colours_stand_out_in_the_light_in_the_dark_and_on_paper() {
    let palettes = palettes();
    assert_eq!(palettes.len(), 3);
    for palette in palettes {
        assert_eq!(palette.len(), 14);
        for text in ["text", "soft"] {
            for ground in ["page", "card"] {
                let found = contrast(palette[text], palette[ground]);
                assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
            }
        }
        for colour in ["blue", "sky", "green", "slate", "amber", "grey", "pink", "red"] {
            let found = contrast(palette[colour], palette["card"]);
            assert!(found >= 3.0, "{colour}: {found:.2}");
        }
    }
}
