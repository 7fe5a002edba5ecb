"""Every kind of report in a real browser: it opens without a complaint, and can be read and used in every way."""

import pytest

import results
from results import HOSTILE, KINDS, LONG, RUNS

PHONE = 390
# What is left of A4 at the margins of page.css, in CSS pixels.
PAPER = 680

every_kind = pytest.mark.parametrize("kind", KINDS)
every_page = pytest.mark.parametrize("kind", [*KINDS, *RUNS])


@every_kind
@pytest.mark.parametrize("look", ["light", "dark", "phone", "phone-dark"])
def test_a_page_fits_its_window(kind, look, pages, open_page, pictures):
    width = PHONE if "phone" in look else 1200
    page = open_page(pages[kind], width=width, color_scheme="dark" if "dark" in look else "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == ("dark" not in look)
    assert words_that_touch(page) == []
    page.screenshot(path=pictures / f"{kind}-{look}.png", full_page=True)


@pytest.mark.parametrize("width", [375, 1280])
def test_a_check_with_long_names_fits_a_window_and_scrolls_on_a_phone(width, pages, open_page, pictures):
    page = open_page(pages["check"], width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frames = page.evaluate("[...document.querySelectorAll('.scroll')].map(frame => [frame.scrollWidth, frame.clientWidth])")
    assert width < 1000 or all(inner <= outer for inner, outer in frames), frames
    page.screenshot(path=pictures / f"check-{width}.png", full_page=True)


@every_page
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 1400])
def test_nothing_is_clipped_and_no_boxes_overlap(kind, width, color_scheme, pages, open_page, pictures):
    page = open_page(pages[kind], width=width, color_scheme=color_scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert words_that_touch(page) == []
    assert boxes_that_overlap(page) == []
    assert empty_charts(page) == []
    page.screenshot(path=pictures / f"{kind}-{width}-{color_scheme}.png", full_page=True)


def boxes_that_overlap(page):
    """Blocks of text that lie upon each other, or leave the window where nothing scrolls them."""
    return page.evaluate(
        """() => {
        const blocks = 'h1, h2, h3, .question, .answer, .warning, .note, .figures dt, .figures dd, th, td, .canvas';
        const all = [...document.querySelectorAll(blocks)].filter(box => box.checkVisibility() && box.textContent.trim());
        // What scrolls is seen as far as its frame shows it; headings stay in place above the rows.
        const visible = box => {
            const at = box.getBoundingClientRect();
            const frame = box.closest('.scroll')?.getBoundingClientRect();
            if (!frame) return at;
            return { left: Math.max(at.left, frame.left), right: Math.min(at.right, frame.right),
                top: Math.max(at.top, frame.top), bottom: Math.min(at.bottom, frame.bottom) };
        };
        const isSeen = ([, at]) => at.left < at.right && at.top < at.bottom;
        const seen = all.map(box => [box, visible(box)]).filter(isSeen);
        const width = document.documentElement.clientWidth;
        const name = box => box.textContent.trim().slice(0, 40);
        const outside = seen.filter(([box, at]) => !box.closest('.scroll') && (at.left < -1 || at.right > width + 1));
        const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
        const near = seen.slice(0, 600);
        const touch = near.flatMap(([box, at], i) => near.slice(0, i)
            .filter(([other, there]) => box.localName !== 'td' || other.localName !== 'th')
            .filter(([other, there]) => !box.contains(other) && !other.contains(box) && !apart(at, there))
            .map(([other]) => [name(box), name(other)]));
        return [...outside.map(([box]) => name(box)), ...touch];
    }"""
    )


def empty_charts(page):
    """Charts without a mark of data."""
    return page.evaluate(
        """() => [...document.querySelectorAll('figure.chart')].filter(chart =>
        [...chart.querySelectorAll('svg.plot')].every(svg => svg.querySelectorAll('.data > *').length === 0))
        .map(chart => chart.dataset.chart)"""
    )


@every_kind
def test_a_page_fits_paper(kind, pages, open_page, pictures):
    page = open_page(pages[kind], width=PAPER, color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    cut = """[...document.querySelectorAll('.scroll, pre')].filter(box =>
        box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1).length"""
    assert page.evaluate(cut) == 0, "on paper nothing scrolls"
    assert words_that_touch(page) == []
    page.pdf(path=pictures / f"{kind}.pdf", format="A4", print_background=True)


def words_that_touch(page):
    """Words of charts that lie upon each other, or leave the page."""
    return page.evaluate(
        """() => [...document.querySelectorAll('svg.plot')].filter(svg => svg.getClientRects().length).flatMap(svg => {
        const boxes = [...svg.querySelectorAll('text')].map(text => [text.getBoundingClientRect(), text.textContent]);
        const outside = boxes.filter(([box]) => box.left < 0 || box.right > document.documentElement.clientWidth);
        // A box is as high as its font allows letters to be: they are half as high.
        const touch = boxes.flatMap(([a, text], i) => boxes.slice(0, i).filter(([b]) =>
            a.left < b.right && b.left < a.right && Math.abs(a.top - b.top) < a.height / 2)
            .map(([, other]) => [text, other]));
        return [...outside.map(([, text]) => text), ...touch];
    })"""
    )


@every_kind
def test_names_are_text(kind, pages, open_page):
    page = open_page(pages[kind])
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    assert HOSTILE in page.locator("h1").text_content()
    assert page.evaluate("window.hacked") is None
    assert page.locator("script").count() == 2
    assert page.locator("img, iframe, object, link, .table b").count() == 0
    if kind != "check":
        assert LONG in page.locator("body").text_content()
    # What runs from right to left ends with the name.
    assert page.locator("h1 bdi").count() == 1
    # Pointing at charts tells names too, as text.
    for chart in page.locator(".canvas").all()[:3]:
        chart.focus()
        for key in ["ArrowRight", "Home", "End"]:
            page.keyboard.press(key)
    assert page.locator(".tip script, .tip img").count() == 0


@every_kind
def test_a_page_can_be_read_without_scripts(kind, pages, open_page):
    page = open_page(pages[kind], java_script_enabled=False)
    for selector in ["h1", ".answer", ".figures dd", "table.data td", "svg.plot.wide"]:
        assert page.locator(selector).first.is_visible(), selector
    assert page.locator("svg.plot.wide .data > *").count() > 0
    # Nothing is there that would do nothing.
    assert page.locator("button, input").count() == 0


@every_kind
def test_tables_sort(kind, pages, open_page):
    page = open_page(pages[kind])
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    cells = """(table, column) => [...table.tBodies[0].rows].map(row => row.cells[column])
        .map(cell => cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value))"""
    sorted_somewhere = False
    for table in page.locator("table.data").all():
        for column, heading in enumerate(table.locator("th").all()):
            heading.locator("button").focus()
            page.keyboard.press("Enter")
            is_number = "right" in (heading.get_attribute("class") or "")
            assert heading.get_attribute("aria-sort") == ("descending" if is_number else "ascending")
            first = [cell for cell in table.evaluate(cells, column) if cell != ""]
            if is_number:
                numbers = [cell for cell in first if not isinstance(cell, str)]
                assert numbers == sorted(numbers, reverse=True)
            heading.locator("button").click()
            second = [cell for cell in table.evaluate(cells, column) if cell != ""]
            assert heading.get_attribute("aria-sort") == ("ascending" if is_number else "descending")
            assert sorted(map(str, first)) == sorted(map(str, second))
            sorted_somewhere |= first != second
    assert sorted_somewhere


# These have a row for each value they have tried: too few to need a filter.
FEW_ROWS = ["sizing", "recommendation"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FEW_ROWS])
def test_tables_filter(kind, pages, open_page):
    page = open_page(pages[kind])
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    filters = page.locator(".filter").all()
    assert filters
    for bar in filters:
        section = bar.locator("xpath=ancestor::section[1]")
        rows = section.locator("tbody tr")
        count = rows.count()
        word = rows.nth(count - 1).locator("td").first.text_content()[:12].split()[0]
        bar.locator("input").fill(word.upper())
        shown = section.locator("tbody tr:visible")
        assert 0 < shown.count() <= count
        assert all(word.lower() in row.text_content().lower() for row in shown.all()[:20])
        assert bar.locator("span").text_content() == f"{shown.count()} of {count} rows"
        bar.locator("input").fill("no row says this")
        assert shown.count() == 0
        bar.locator("input").fill("")
        assert shown.count() == count


def ticks(chart):
    return chart.locator("svg.wide .ticks text").all_text_contents()


@every_kind
def test_charts_zoom_with_the_pointer(kind, pages, open_page):
    page = open_page(pages[kind])
    charts = page.locator("figure.chart").all()
    assert charts
    for chart in charts:
        before, whole = ticks(chart), chart.locator("button.whole")
        assert not whole.is_visible()
        chart.scroll_into_view_if_needed()
        frame = """svg => {
            const [box, frame] = [svg.getBoundingClientRect(), svg.dataset.frame.split(' ')];
            const scale = box.width / svg.viewBox.baseVal.width;
            return [box.left + frame[0] * scale, box.top + frame[1] * scale, frame[2] * scale, frame[3] * scale];
        }"""
        left, top, width, height = chart.locator("svg.wide").evaluate(frame)
        page.mouse.move(left + 0.4 * width, top + height / 2)
        page.mouse.down()
        page.mouse.move(left + 0.6 * width, top + height / 2, steps=4)
        page.mouse.up()
        assert whole.is_visible()
        scale = chart.locator("svg.wide .data").get_attribute("transform")
        assert float(scale.split("(")[1].split()[0]) > 4
        tip = chart.locator(".tip")
        assert tip.is_visible() and tip.text_content() != ""
        whole.click()
        assert not whole.is_visible() and ticks(chart) == before


@every_kind
def test_charts_answer_to_the_keyboard(kind, pages, open_page):
    page = open_page(pages[kind])
    for chart in page.locator("figure.chart").all():
        canvas, spoken = chart.locator(".canvas"), chart.locator("[aria-live]")
        assert canvas.get_attribute("aria-label")
        canvas.focus()
        told = set()
        for key in ["Home", *["ArrowRight"] * 45, "+", "ArrowLeft", "End"]:
            page.keyboard.press(key)
            told.add(spoken.text_content())
        assert len(told) > 3
        assert chart.locator("button.whole").is_visible()
        page.keyboard.press("0")
        assert not chart.locator("button.whole").is_visible()
        page.keyboard.press("Escape")
        assert not chart.locator(".tip").is_visible()


@every_kind
def test_the_keyboard_reaches_everything(kind, pages, open_page):
    page = open_page(pages[kind])
    wanted = page.locator(".canvas, th button, summary, .scroll").count()
    reached = set()
    for _ in range(wanted * 3 + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.localName"))
    assert {"canvas", "button", "scroll"} <= reached, reached


def test_a_page_of_a_million_samples_is_small(tmp_path, open_page, capsys):
    scenario = tmp_path / "million.toml"
    scenario.write_text(
        """
        name = "million-samples"
        duration = "1000000s"
        [output]
        sample_every = "1s"
        [[zones]]
        name = "a"
        [[zones.hosts]]
        count = 40
        vcpu = 16
        memory_gib = 64
        [[network.subnets]]
        name = "web"
        zone = "a"
        cidr = "10.0.0.0/24"
        [[workload.arrivals]]
        name = "web"
        process = { kind = "diurnal", per_hour = 60.0, peak_to_mean = 1.8, peak_at = "9h" }
        lifetime = { kind = "exponential", mean = "3h" }
        types = { "m5.large" = 1 }
        """
    )
    results.plimsoll(tmp_path, "run", "million.toml", "--quiet", "-o", "out")
    with open(tmp_path / "out/timeseries.csv") as series:
        assert sum(1 for _ in series) > 1_000_000
    report = tmp_path / "out/report.html"
    size = report.stat().st_size
    assert size < 5_000_000
    page = open_page(report)
    took = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    page.screenshot()
    with capsys.disabled():
        print(f"\na page of a million samples: {size / 1e6:.2f} MB, loaded and its script run in {took:.0f} ms")
