"""A headless browser: what it makes of a page, and what the page asked for and complained about."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from flows.errors import HeepstorError
from flows.system import tools as system_tools

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_TIMEOUT_S = 120
_LIGHT, _DARK = 1, 0


def find() -> str:
    """Return the program: $HEEPSTOR_BROWSER, or a Chromium on PATH.

    Raises:
        HeepstorError: there is none.
    """
    program = os.environ.get("HEEPSTOR_BROWSER") or system_tools.BROWSER.path()
    if program is None:
        raise HeepstorError(system_tools.describe_missing([system_tools.BROWSER]))
    return program


class Page:
    """A local page in the browser, with a window of this size."""

    def __init__(self, path: Path, width: int = 1200, height: int = 1600, dark: bool = False):
        self._path = path
        scheme = _DARK if dark else _LIGHT
        self._flags = (
            f"--window-size={width},{height}",
            f"--blink-settings=preferredColorScheme={scheme}",
        )

    def document(self) -> str:
        """The document after the page was loaded and its scripts ran."""
        return self._run("--dump-dom").stdout

    def requests(self, folder: Path) -> list[str]:
        """The addresses of everything that the page asked for besides itself."""
        return self.measure("performance.getEntriesByType('resource').map(e => e.name)", folder)

    def complaints(self) -> list[str]:
        """What the page's console says."""
        lines = self._run("--dump-dom", "--enable-logging=stderr").stderr.splitlines()
        return [line for line in lines if ":CONSOLE" in line]

    def screenshot(self, target: Path) -> bytes:
        """The picture of the window, as PNG."""
        self._run(f"--screenshot={target}")
        return target.read_bytes()

    def measure(self, script: str, folder: Path) -> object:
        """What a JavaScript expression gives on the page, as JSON."""
        probe = (
            "<script>addEventListener('load', () => {"
            f"const found = document.createElement('pre'); found.id = 'measured';"
            f"found.textContent = JSON.stringify({script}); document.body.append(found);"
            "});</script></body>"
        )
        # The page's own policy forbids scripts: the copy that is measured has none.
        text = re.sub(
            r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", self._path.read_text()
        )
        copy = folder / "measured.html"
        copy.write_text(text.replace("</body>", probe))
        document = self._run("--dump-dom", page=copy).stdout
        measured = re.search(r'<pre id="measured">(.*?)</pre>', document, re.DOTALL)
        return json.loads(
            measured[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        )

    def _run(self, *more: str, page: Path | None = None) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as profile:
            command = [
                *(find(), *_FLAGS, *self._flags, f"--user-data-dir={profile}", *more),
                (page or self._path).as_uri(),
            ]
            return subprocess.run(
                command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
            )
