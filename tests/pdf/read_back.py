"""Reads every chart of a result folder that `plimsoll report --pdf` has drawn: `read_back.py RESULT`.

Each is one page of the size of its SVG, with the same words, in fonts that the file carries.
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from pypdf import PdfReader

# Pixels (1/96 inch) to points (1/72 inch).
POINT = 0.75


def letters(text):
    """The text without its blanks, which readers set by the distance of letters."""
    return re.sub(r"\s", "", text)


def check(pdf, svg):
    drawing = ElementTree.parse(svg).getroot()
    (page,) = PdfReader(pdf).pages
    width, height = (float(drawing.get(side)) * POINT for side in ("width", "height"))
    assert abs(float(page.mediabox.width) - width) < 0.01, f"{pdf}: {page.mediabox.width} wide"
    assert abs(float(page.mediabox.height) - height) < 0.01, f"{pdf}: {page.mediabox.height} high"
    found = letters(page.extract_text())
    words = [letters("".join(text.itertext())) for text in drawing.iter() if text.tag.endswith("}text")]
    missing = [word for word in words if word not in found]
    assert words and not missing, f"{pdf}: {missing} not in {found}"
    for font in page["/Resources"]["/Font"].values():
        (inner,) = font.get_object()["/DescendantFonts"]
        descriptor = inner.get_object()["/FontDescriptor"].get_object()
        assert len(descriptor["/FontFile2"].get_object().get_data()) > 1000, f"{pdf}: no font in it"


result = Path(sys.argv[1])
pages = sorted(result.glob("charts/*.pdf"))
assert len(pages) == len(list(result.glob("charts/*.svg"))) > 0, f"{len(pages)} pages"
for page in pages:
    check(page, page.with_suffix(".svg"))
print(f"{len(pages)} charts read back")
