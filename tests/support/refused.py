"""Models that cannot be imported, and what the message says."""

from __future__ import annotations

import pytest

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model


def check_message(model: object, features: tuple[int, ...], *parts: str, batch: int = 1) -> None:
    with pytest.raises(ModelError) as caught:
        import_model(model, features, batch)
    message = str(caught.value)
    for part in parts:
        assert part in message, message
    assert "\n" not in message
