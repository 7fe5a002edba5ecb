//! Frame of every page: head, style, script, and its content security policy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::text::pieces;
use plimsoll_chart::palette::style_sheet;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Contents of a page.
pub struct Content {
    /// Kind of the result, such as `run`.
    pub kind: &'static str,
    /// Name of the result.
    pub name: String,
    /// Question that the result answers.
    pub question: String,
    /// The answer in a sentence.
    pub answer: String,
    /// Everything below.
    pub body: Markup,
    /// Data of the charts for the script, by their names.
    pub data: Value,
}

/// Returns the page's bytes.
pub fn document(content: &Content) -> Vec<u8> {
    let style = format!("{}{STYLE}", style_sheet());
    // The hashes admit this style and this script and nothing else, whatever the data hold.
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(SCRIPT),
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "plimsoll " (env!("CARGO_PKG_VERSION")) };
                meta name="referrer" content="no-referrer";
                title { (content.name) " – plimsoll " (content.kind) }
                style { (PreEscaped(&style)) }
            }
            body {
                main {
                    header {
                        p.kind { "plimsoll " (content.kind) }
                        h1 { bdi { (content.name) } }
                        p.question { (prose(&content.question)) }
                        p.answer { (prose(&content.answer)) }
                    }
                    (content.body)
                }
                script type="application/json" id="data" { (PreEscaped(json(&content.data))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string().into_bytes()
}

/// Returns a sentence, its names isolated from the writing direction of the text around them.
pub fn prose(sentence: &str) -> Markup {
    html! {
        @for (is_name, piece) in pieces(sentence) {
            @if is_name { bdi { (piece) } } @else { (piece) }
        }
    }
}

/// Returns JSON that is safe in a page: it holds no `<` that could end its element.
fn json(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// Returns the hash of an element's content, as a policy names it.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn data_never_end_their_element() {
        let hostile = value!({ "</script><script>alert(1)</script>": "<!--" });
        let text = json(&hostile);
        assert!(!text.contains('<'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), hostile);
    }
}
