//! A scene as PDF for papers: one page of its size, vectors throughout, its text as text in a font that the file carries.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use std::collections::BTreeMap;
use std::io::Write as _;
use subsetter::GlyphRemapper;

use crate::font;
use crate::palette::{DASHES, SERIES, Theme};
use crate::scene::{Anchor, Ink, Mark, Point, Scene};

/// Points of PDF (1/72 inch) to a pixel (1/96 inch).
const POINT: f64 = 0.75;

/// Kind of the numbers of glyphs in the fonts: those of the font itself.
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Returns the bytes of the document. The same scene gives the same bytes: it has no date and no random name.
pub fn file(scene: &Scene, title: &str, theme: &Theme) -> Vec<u8> {
    let mut page = PageContent::new(theme, scene.height);
    page.draw(&Mark::Block { at: (0.0, 0.0), size: (scene.width, scene.height), ink: Ink::Paper });
    for mark in [&scene.behind, &scene.ticks, &scene.data, &scene.notes].into_iter().flatten() {
        page.draw(mark);
    }
    document(page, (scene.width, scene.height), title)
}

/// Content of the page, and the letters of both fonts that it uses.
struct PageContent<'a> {
    content: Content,
    theme: &'a Theme,
    fonts: [FontUse; 2],
}

/// Letters of a font that are used.
struct FontUse {
    bold: bool,
    /// Number of each glyph in the part of the font that the document carries.
    numbers: GlyphRemapper,
    /// Letter and width of each of them \[thousandths of the font's size\].
    letters: BTreeMap<u16, (char, f32)>,
}

impl FontUse {
    fn new(bold: bool) -> FontUse {
        FontUse { bold, numbers: GlyphRemapper::new(), letters: BTreeMap::new() }
    }

    fn name(&self) -> Name<'static> {
        Name(if self.bold { b"Bold" } else { b"Regular" })
    }

    /// Returns the name of the font in the document: six letters before it mark a part of a font.
    fn base_name(&self) -> Name<'static> {
        Name(if self.bold { b"PLMSOL+DejaVuSans-Bold" } else { b"PLMSOL+DejaVuSans" })
    }
}

impl<'a> PageContent<'a> {
    fn new(theme: &'a Theme, height: f64) -> PageContent<'a> {
        let mut content = Content::new();
        // From the top left corner down, as in a scene.
        content.transform([POINT, 0.0, 0.0, -POINT, 0.0, height * POINT].map(|number| number as f32));
        PageContent { content, theme, fonts: [FontUse::new(false), FontUse::new(true)] }
    }

    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { points, ink, width } => self.line(points, *ink, *width),
            Mark::Area { points, ink } => {
                self.fill_with(*ink);
                self.path(points);
                self.content.close_path().fill_nonzero();
            }
            Mark::Block { at, size, ink } => {
                self.fill_with(*ink);
                self.content.rect(at.0 as f32, at.1 as f32, size.0 as f32, size.1 as f32).fill_nonzero();
            }
            Mark::Dot { at, radius, ink } => self.dot(*at, *radius, *ink),
            Mark::Text { at, text, anchor, size, bold, ink } => {
                self.fill_with(*ink);
                self.text(*at, text, *anchor, *size, *bold);
            }
        }
    }

    fn colour(&self, ink: Ink) -> [f32; 3] {
        self.theme.colour(ink).map(|part| f32::from(part) / 255.0)
    }

    fn fill_with(&mut self, ink: Ink) {
        let [red, green, blue] = self.colour(ink);
        self.content.set_fill_rgb(red, green, blue);
    }

    fn line(&mut self, points: &[Point], ink: Ink, width: f64) {
        let [red, green, blue] = self.colour(ink);
        let dashes = match ink {
            Ink::Series(number) => DASHES[number % SERIES],
            _ => &[],
        };
        self.content
            .set_stroke_rgb(red, green, blue)
            .set_line_width(width as f32)
            .set_line_join(LineJoinStyle::RoundJoin)
            .set_dash_pattern(dashes.iter().map(|length| *length as f32), 0.0);
        self.path(points);
        self.content.stroke();
    }

    fn path(&mut self, points: &[Point]) {
        for (number, (x, y)) in points.iter().map(|(x, y)| (*x as f32, *y as f32)).enumerate() {
            if number == 0 {
                self.content.move_to(x, y)
            } else {
                self.content.line_to(x, y)
            };
        }
    }

    /// Draws a disc of four curves.
    fn dot(&mut self, (x, y): Point, radius: f64, ink: Ink) {
        // Distance of a control point that brings a cubic curve nearest to a quarter of a circle.
        const CONTROL: f64 = 0.552_284_75;
        self.fill_with(ink);
        let at = |along: f64, across: f64| ((x + along * radius) as f32, (y + across * radius) as f32);
        let (begin_x, begin_y) = at(1.0, 0.0);
        self.content.move_to(begin_x, begin_y);
        let mut from = (1.0, 0.0);
        for _ in 0..4 {
            let to: (f64, f64) = (-from.1, from.0);
            let first = at(from.0 + CONTROL * to.0, from.1 + CONTROL * to.1);
            let second = at(to.0 + CONTROL * from.0, to.1 + CONTROL * from.1);
            let end = at(to.0, to.1);
            self.content.cubic_to(first.0, first.1, second.0, second.1, end.0, end.1);
            from = to;
        }
        self.content.fill_nonzero();
    }

    /// Writes a line of text, each letter at its place in the other formats.
    fn text(&mut self, (x, y): Point, text: &str, anchor: Anchor, size: f64, bold: bool) {
        let (glyphs, width) = font::glyphs(text, size, bold);
        let shift = anchor.share() * f64::from(width);
        let used = &mut self.fonts[usize::from(bold)];
        self.content.begin_text().set_font(used.name(), size as f32).set_text_matrix([
            1.0,
            0.0,
            0.0,
            -1.0,
            (x - shift) as f32,
            y as f32,
        ]);
        let mut shown = self.content.show_positioned();
        let mut items = shown.items();
        let mut pen = 0.0;
        for glyph in glyphs {
            let number = used.numbers.remap(glyph.number);
            used.letters.insert(number, (glyph.letter, glyph.advance));
            items.adjust((pen - glyph.begin) * 1000.0 / size as f32);
            items.show(Str(&number.to_be_bytes()));
            pen = glyph.begin + glyph.advance * size as f32 / 1000.0;
        }
        items.finish();
        shown.finish();
        self.content.end_text();
    }
}

/// Hands out the numbers of the objects of a document.
struct References(i32);

impl References {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

fn document(page: PageContent<'_>, (width, height): Point, title: &str) -> Vec<u8> {
    let mut references = References(0);
    let [catalog, pages, sheet, content, information] = [(); 5].map(|()| references.next());
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([sheet]).count(1);
    let fonts: Vec<(Name<'_>, Ref)> = page
        .fonts
        .iter()
        .filter(|font| !font.letters.is_empty())
        .map(|font| (font.name(), embed(&mut pdf, font, &mut references)))
        .collect();
    let mut written = pdf.page(sheet);
    written
        .parent(pages)
        .media_box(Rect::new(0.0, 0.0, (width * POINT) as f32, (height * POINT) as f32))
        .contents(content);
    let mut resources = written.resources();
    resources.fonts().pairs(fonts);
    resources.finish();
    written.finish();
    let bytes = compressed(&page.content.finish());
    pdf.stream(content, &bytes).filter(Filter::FlateDecode);
    pdf.document_info(information).title(TextStr(title)).producer(TextStr("plimsoll"));
    pdf.finish()
}

/// Writes the used part of a font, and returns what a page names it by.
fn embed(pdf: &mut Pdf, used: &FontUse, references: &mut References) -> Ref {
    let [outer, inner, descriptor, data, unicode] = [(); 5].map(|()| references.next());
    pdf.type0_font(outer)
        .base_font(used.base_name())
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(inner)
        .to_unicode(unicode);
    let mut font = pdf.cid_font(inner);
    font.subtype(CidFontType::Type2)
        .base_font(used.base_name())
        .system_info(IDENTITY)
        .font_descriptor(descriptor)
        .default_width(0.0)
        .cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = font.widths();
    for (number, (_, width)) in &used.letters {
        widths.consecutive(*number, [*width]);
    }
    widths.finish();
    font.finish();
    let measures = font::measures(used.bold);
    let [left, bottom, right, top] = measures.bounds;
    pdf.font_descriptor(descriptor)
        .name(used.base_name())
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(measures.ascent)
        .descent(measures.descent)
        .cap_height(measures.ascent)
        .stem_v(if used.bold { 140.0 } else { 80.0 })
        .font_file2(data);
    let part = subsetter::subset(font::data(used.bold), 0, &used.numbers).expect("the font is whole");
    pdf.stream(data, &compressed(&part)).filter(Filter::FlateDecode);
    let mut map = UnicodeCmap::new(Name(b"Letters"), IDENTITY);
    for (number, (letter, _)) in &used.letters {
        map.pair(*number, *letter);
    }
    pdf.cmap(unicode, &map.finish());
    outer
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}
