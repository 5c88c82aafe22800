"""The picture of a synthesis."""

import xml.etree.ElementTree as ElementTree

import pytest

from flows.synth import treemap
from tests.support.elaborated import soc


def test_picture_is_as_large_as_the_share_of_luts():
    picture = ElementTree.fromstring(treemap.draw(soc(8), "a design"))
    name = "{http://www.w3.org/2000/svg}"
    areas = {}
    for box in picture.iter(f"{name}rect"):
        if (title := box.find(f"{name}title")) is not None:
            areas[title.text.split()[0]] = float(box.get("width")) * float(box.get("height"))
    assert areas["soc.array"] / areas["soc.lanes"] == pytest.approx(64 * 40 / 2400, rel=0.01)
    assert len([path for path in areas if path.startswith("soc.array.e")]) == 64
