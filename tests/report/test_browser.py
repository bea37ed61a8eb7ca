"""The page in a real browser: no complaint, no request, every image there, and on paper."""

import json
import os
import re
import shutil
import subprocess
from html import unescape

import pytest

from fbp.report.page import render

pytestmark = pytest.mark.slow

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--enable-logging=stderr",
)  # fmt: skip

# Draws every image on a small canvas, and leaves in an attribute what it found.
PROBE = """<script>addEventListener("load", () => {
  const images = [...document.images].map(img => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 32;
    const pen = canvas.getContext("2d");
    if (img.naturalWidth) pen.drawImage(img, 0, 0, 32, 32);
    const colours = new Set(new Uint32Array(pen.getImageData(0, 0, 32, 32).data.buffer));
    return [img.naturalWidth, img.naturalHeight, colours.size];
  });
  const requests = performance.getEntriesByType("resource").map(entry => entry.name);
  document.body.dataset.probe = JSON.stringify({images, requests});
});</script>"""


@pytest.fixture
def chromium(tmp_path):
    """chromium(html, *options) -> the finished process; the page is page.html in tmp_path."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing = "no chromium on PATH: the report is not rendered"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)

    def run(html, *options):
        (tmp_path / "page.html").write_text(html)
        command = [program, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *options]
        return subprocess.run(
            [*command, (tmp_path / "page.html").as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    return run


def probe(chromium, html):
    found = chromium(html.replace("</body>", PROBE + "</body>"), "--dump-dom")
    attribute = re.search(r'data-probe="([^"]*)"', found.stdout)
    assert attribute, found.stderr
    return json.loads(unescape(attribute[1]))


def test_renders_without_a_complaint(chromium, report_data):
    found = chromium(render(report_data), "--dump-dom")
    assert "How to reproduce" in found.stdout
    assert "CONSOLE" not in found.stderr


def test_a_complaint_would_be_seen(chromium):
    assert "CONSOLE" in chromium("<script>nothing()</script>", "--dump-dom").stderr


def test_every_image_is_there_and_nothing_is_requested(chromium, report_data):
    found = probe(chromium, render(report_data))
    assert found["requests"] == []
    assert len(found["images"]) == 3 + len(report_data.classified.mistakes)
    for width, height, colours in found["images"]:
        assert width > 0
        assert height > 0
        assert colours > 3


def test_an_empty_image_or_a_request_would_be_seen(chromium):
    empty = '<img src="data:image/svg+xml,%3Csvg/%3E">'
    request = '<img src="http://127.0.0.1:9/missing.png">'
    found = probe(chromium, f"<body>{empty}{request}</body>")
    assert found["requests"] == ["http://127.0.0.1:9/missing.png"]
    assert [colours for _, _, colours in found["images"]] == [1, 1]


def test_prints_on_a_few_pages(chromium, report_data, tmp_path):
    chromium(render(report_data), f"--print-to-pdf={tmp_path / 'page.pdf'}")
    pdf = (tmp_path / "page.pdf").read_bytes()
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 5
