"""The boards' configurations."""

import hjson
import pytest

from flows import config
from flows.config.knobs import leaf

OVERLAYS = sorted(config.DEFAULT_PATH.parent.glob("boards/*/heepstor_cfg.hjson"))


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.parent.name)
def test_boards_name_only_what_differs(path):
    default, own = config.load(config.DEFAULT_PATH), hjson.loads(path.read_text())
    for section, value in own.items():
        for name in value if isinstance(value, dict) else [None]:
            whole = f"{section}.{name}" if name else section
            assert leaf(config.load(path).to_dict(), whole) != leaf(default.to_dict(), whole), whole
