"""What every HTML page of fbp is: one file, for the screen and for paper."""

from __future__ import annotations

from html import escape
from importlib.resources import files


def document(title: str, body: str) -> str:
    """The whole page: no scripts, no requests. body: HTML; title: text."""
    style = files("fbp.page").joinpath("style.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'  # else a browser asks for favicon.ico
        f"<title>{escape(title)}</title><style>{style}</style></head>\n<body>\n"
        f"{body}\n</body></html>\n"
    )


def section(title: str, *content: str, kind: str = "") -> str:
    """A part of a page under a heading. content: HTML; kind: its class in the style."""
    return (
        f"<section{kind and f' class={kind}'}><h2>{escape(title)}</h2>\n"
        + "\n".join(content)
        + "</section>"
    )


def paragraph(words: str) -> str:
    """Text as a paragraph."""
    return f"<p>{escape(words)}</p>"
