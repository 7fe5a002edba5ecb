//! Key figures: a name, a large number, and a note.

use maud::{Markup, html};

use super::shell::prose;

/// A key figure.
pub struct KeyFigure {
    /// Name.
    pub name: &'static str,
    /// Value with its unit.
    pub value: String,
    /// Note on what the value is a part of, or beside.
    pub note: String,
}

/// Length beyond which a value is written smaller, so that it stands on one line \[letters\].
const LONG: usize = 11;

/// Returns the figures, side by side.
pub fn figures(figures: &[KeyFigure]) -> Markup {
    html! {
        dl.figures {
            @for figure in figures {
                div {
                    dt { (figure.name) }
                    dd.long[figure.value.chars().count() > LONG] { (figure.value) @if !figure.note.is_empty() { span.note { (prose(&figure.note)) } } }
                }
            }
        }
    }
}
