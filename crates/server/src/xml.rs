//! XML of answers: elements in the order in which they are written, text escaped by the library.

use std::fmt::Display;

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::api_error::ApiError;

/// Namespace of EC2's answers.
const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Elements that are being written.
pub struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// Returns the elements that a function writes, without one around them.
    pub fn fragment(write: impl FnOnce(&mut Xml)) -> Vec<u8> {
        let mut xml = Xml { writer: Writer::new(Vec::new()) };
        write(&mut xml);
        xml.writer.into_inner()
    }

    /// Writes an element with text.
    pub fn text(&mut self, name: &str, value: impl Display) {
        self.open(BytesStart::new(name));
        self.value(value);
        self.close(name);
    }

    /// Writes text into the element in progress.
    pub fn value(&mut self, value: impl Display) {
        let text = value.to_string();
        self.event(Event::Text(BytesText::new(&text)));
    }

    /// Writes an element with text where there is any.
    pub fn maybe(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Writes an element with others in it.
    pub fn inside(&mut self, name: &str, write: impl FnOnce(&mut Xml)) {
        self.open(BytesStart::new(name));
        write(self);
        self.close(name);
    }

    /// Writes a list: an element with an `item` for each.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Xml, T),
    ) {
        self.inside(name, |xml| {
            for item in items {
                xml.inside("item", |xml| write(xml, item));
            }
        });
    }

    fn open(&mut self, start: BytesStart<'_>) {
        self.event(Event::Start(start));
    }

    fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn event(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("memory can be written to");
    }

    /// Writes elements that are there already.
    fn raw(&mut self, elements: &[u8]) {
        self.writer.get_mut().extend_from_slice(elements);
    }
}

const HEAD: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Returns the document of a successful action, whose own elements are given.
pub fn response(action: &str, request_id: &str, body: &[u8]) -> Vec<u8> {
    let name = format!("{action}Response");
    let document = Xml::fragment(|xml| {
        let mut start = BytesStart::new(name.as_str());
        start.push_attribute(("xmlns", NAMESPACE));
        xml.open(start);
        xml.text("requestId", request_id);
        xml.raw(body);
        xml.close(&name);
    });
    [HEAD, &document].concat()
}

/// Returns the document of an error (EC2 API reference, "Error responses").
pub fn error(error: &ApiError, request_id: &str) -> Vec<u8> {
    let document = Xml::fragment(|xml| {
        xml.inside("Response", |xml| {
            xml.inside("Errors", |xml| {
                xml.inside("Error", |xml| {
                    xml.text("Code", error.code);
                    xml.text("Message", &error.message);
                });
            });
            xml.text("RequestID", request_id);
        });
    });
    [HEAD, &document].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_lists_have_items() {
        let body = Xml::fragment(|xml| {
            xml.list("tagSet", [("a<b", "1&2")], |xml, (key, value)| {
                xml.text("key", key);
                xml.text("value", value);
            });
            xml.maybe("none", None::<u8>);
        });
        let text = String::from_utf8(response("CreateTags", "id", &body)).unwrap();
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CreateTagsResponse \
             xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id</requestId>\
             <tagSet><item><key>a&lt;b</key><value>1&amp;2</value></item></tagSet></CreateTagsResponse>"
        );
    }

    #[test]
    fn an_error_has_the_form_that_clients_parse() {
        let text = String::from_utf8(error(&ApiError::missing("MinCount"), "id")).unwrap();
        assert!(text.contains("<Response><Errors><Error><Code>MissingParameter</Code><Message>"), "{text}");
        assert!(text.ends_with("</Error></Errors><RequestID>id</RequestID></Response>"), "{text}");
    }
}
