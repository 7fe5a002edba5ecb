"""The live page of `plimsoll serve` in a real browser: it shows what happens while calls go in, and does what its buttons say."""

import http.client
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

import results
from results import HOSTILE

sys.path.append(str(Path(__file__).parents[1] / "clients"))
from server import Server  # noqa: E402

SCENARIO = """
name = "live"
lifecycle = { boot = "40s", stop = "20s", terminate = "15s" }
faults.hosts = { detection = "10s" }
control_plane.preset = "aws-like"

[[zones]]
name = "us-east-1a"
hosts = [{ count = 40, vcpu = 16, memory_gib = 64, hosts_per_rack = 8 }]

[[zones]]
name = "us-east-1b"
hosts = [{ count = 24, vcpu = 8, memory_gib = 32, hosts_per_rack = 8 }]

[[workload.arrivals]]
process = { kind = "poisson", per_hour = 600 }
types = { "m5.large" = 3, "c5.2xlarge" = 1 }
lifetime = { kind = "exponential", mean = "30m" }
"""

# Rate of calls at which the page has to work; a machine of its own does 1,000 and more.
CALLS_A_SECOND = int(os.environ.get("PLIMSOLL_CALLS", 100))

# More hosts than the map has cells, in fewer racks.
LARGE = """
name = "large"
zones = [{ name = "a", hosts = [{ count = 40000, vcpu = 64, memory_gib = 256, hosts_per_rack = 20 }] }]
[workload]
"""


@pytest.fixture(scope="module")
def served():
    with Server(results.PROGRAM, SCENARIO, clock="scaled=120") as server:
        yield server


def call(server, action, **more):
    """Calls the server as EC2, and returns the status."""
    form = urllib.parse.urlencode({"Action": action, "Version": "2016-11-15"} | more).encode()
    key = "AWS4-HMAC-SHA256 Credential=team/20261130/us-east-1/ec2/aws4_request"
    request = urllib.request.Request(f"{server.url}/", form, {"Authorization": key})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.status


def launch(server, **more):
    many = {"ImageId": "ami-1", "InstanceType": "m5.large", "MinCount": "1", "MaxCount": "1"}
    return call(server, "RunInstances", **many | more)


def number(selector):
    """Returns the expression of the number that an element shows, such as 12 or 1.5K."""
    text = f"(document.querySelector('{selector}')?.textContent ?? '0')"
    return f"(parseFloat({text}) * ({text}.endsWith('K') ? 1000 : 1))"


def shows(page, expression):
    """Waits until something is so. The policy of the page keeps playwright's own function from it."""
    for _ in range(150):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"it is never so: {expression}")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 1400])
def test_it_fits_its_window(width, color_scheme, served, open_page, pictures):
    launch(served, **{"TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "a" * 120})
    page = open_page(origin=served.url, width=width, color_scheme=color_scheme)
    shows(page, "document.querySelectorAll('#instances tbody tr').length > 3")
    shows(page, "document.querySelectorAll('.cells button').length === 64")
    shows(page, "document.querySelector('polyline').getAttribute('points').split(' ').length > 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    clipped = """[...document.querySelectorAll('h1, h2, h3, dt, dd, button, input, figcaption')]
        .filter(box => box.checkVisibility() && !box.closest('.scroll'))
        .filter(box => box.getBoundingClientRect().right > document.documentElement.clientWidth + 1
            || (box.scrollWidth > box.clientWidth + 1 && box.localName !== 'input')).map(box => box.textContent)"""
    assert page.evaluate(clipped) == []
    page.screenshot(path=pictures / f"live-{width}-{color_scheme}.png", full_page=True)


def test_a_zone_fails_and_is_repaired(served, open_page, pictures):
    page = open_page(origin=served.url)
    down = "document.querySelectorAll('.zone:last-child .cells .down').length"
    shows(page, f"document.querySelectorAll('.cells button').length === 64 && {down} === 0")
    page.locator(".zone", has_text="us-east-1b").get_by_role("button", name="Fail zone").click()
    shows(page, f"{down} === 24")
    page.screenshot(path=pictures / "live-outage.png", full_page=True)
    page.locator(".zone", has_text="us-east-1b").get_by_role("button", name="Repair zone").click()
    shows(page, f"{down} === 0")
    page.locator("#stages tr", has_text="gateway").get_by_role("button", name="Fail").click()
    assert launch(served) == 503
    page.locator("#stages tr", has_text="gateway").get_by_role("button", name="Repair").click()
    shows(page, "document.querySelector('#refusals tbody').textContent.includes('launch')")


def test_the_map_is_used_by_keyboard(served, open_page):
    page = open_page(origin=served.url, width=1000)
    shows(page, "document.querySelectorAll('.cells button').length === 64")
    assert page.locator("#fork").is_hidden(), "the server has no folder for checkpoints"
    first = page.locator(".cells button").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    shows(page, "document.getElementById('choice').textContent.includes('host 2 in us-east-1a')")
    page.get_by_role("button", name="Fail host").click()
    shows(page, "document.querySelector('.cells button:nth-child(3)').className === 'down'")
    page.get_by_role("button", name="Repair host").click()
    shows(page, "document.querySelector('.cells button:nth-child(3)').className === ''")
    page.locator(".cells button").nth(2).focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("host 39 in us-east-1a")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("#choice").is_hidden()


def test_names_are_text_and_the_filter_finds_them(served, open_page):
    tag = {"TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "Name"}
    assert launch(served, **tag | {"TagSpecification.1.Tag.1.Value": HOSTILE}) == 200
    page = open_page(origin=served.url)
    page.locator("#filter").fill(HOSTILE[:20])
    shows(page, "document.querySelectorAll('#instances tbody tr').length === 1")
    assert HOSTILE in page.locator("#instances tbody").text_content()
    assert page.evaluate("window.hacked") is None
    page.locator("#filter").fill("no such thing")
    shows(page, "document.querySelector('#instances .empty') !== null")


def test_it_works_while_calls_go_in(served, open_page):
    page = open_page(origin=served.url)
    over = threading.Event()

    def load():
        connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
        form = "Action=DescribeInstances&MaxResults=5&Version=2016-11-15"
        while not over.is_set():
            connection.request("POST", "/", form)
            connection.getresponse().read()
        connection.close()

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        shows(page, f"{number('#charts b')} >= {CALLS_A_SECOND}")
        page.wait_for_timeout(3000)
        assert page.locator("#trouble").is_hidden()
        shows(page, f"{number('#charts b')} >= {CALLS_A_SECOND}")
    finally:
        over.set()
        for client in clients:
            client.join()


def test_a_large_fleet_is_shown_by_racks(open_page, pictures):
    with Server(results.PROGRAM, LARGE, options=["--checkpoint-dir", "forks"]) as server:
        page = open_page(origin=server.url, width=1400)
        shows(page, "document.querySelectorAll('.cells button').length === 2000")
        page.locator(".cells button").nth(1500).click()
        shows(page, "document.getElementById('choice').textContent.includes('rack 1500 in a')")
        page.get_by_role("button", name="Fail rack").click()
        shows(page, "document.querySelectorAll('.cells .down').length === 1")
        page.locator("#by").fill("1h")
        page.get_by_role("button", name="Advance").click()
        shows(page, "document.getElementById('clock').textContent.includes('01:00:00')")
        page.get_by_role("button", name="Write a checkpoint").click()
        shows(page, "document.getElementById('forked').textContent.includes('forks/large-1h.checkpoint')")
        page.screenshot(path=pictures / "live-large.png")
        page.close()  # It would ask a server that is gone.


def test_buttons_are_about_what_stands_beside_them(served, open_page):
    page = open_page(origin=served.url)
    shows(page, "document.querySelectorAll('.cells button').length === 64")
    page.evaluate("""() => {
        window.asked = [];
        window.fetch = (path, options) => {
            if (options?.body) window.asked.push(options.body);
            return new Promise(() => {});
        };
        const [first, ...others] = latest.zones;
        showFleet({ ...latest, zones: [{ ...first, name: 'other' }, ...others] });
        const stages = [{ name: 'moat', can_fail: true, waiting: 0, in_service: 0, refused: 0 }];
        showStages({ ...latest, stages });
    }""")
    page.locator(".zone").first.get_by_role("button", name="Fail zone").click()
    page.locator("#stages").get_by_role("button", name="Repair").click()
    assert page.evaluate("window.asked") == ['{"fail":{"zone":"other"}}', '{"repair":{"stage":"moat"}}']


def test_what_is_wrong_stays_while_it_is(served, open_page):
    page = open_page(origin=served.url)
    shows(page, "document.querySelectorAll('.cells button').length === 64")
    page.evaluate("trouble('no such host', 'act')")
    told = "document.getElementById('trouble').textContent"
    page.evaluate("() => { window.real = window.fetch; window.fetch = () => Promise.reject(new Error('gone')); }")
    shows(page, f"{told}.includes('does not answer') && {told}.includes('no such host')")
    page.evaluate("() => { window.fetch = window.real; }")
    shows(page, f"!{told}.includes('does not answer')")
    assert page.locator("#trouble").text_content() == "no such host"
    page.evaluate("trouble(null, 'act')")
    assert page.locator("#trouble").is_hidden()


def test_a_server_that_is_gone_is_told(open_page):
    server = Server(results.PROGRAM, LARGE)
    page = open_page(origin=server.url)
    shows(page, "document.querySelectorAll('.cells button').length === 2000")
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('gone')); }")
    shows(page, "document.getElementById('trouble').textContent.includes('does not answer')")
    server.stop()
