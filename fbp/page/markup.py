"""Pieces of HTML: tables, figures, pictures and numbers. All text that comes in is escaped."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from html import escape

import numpy as np
from matplotlib.image import imsave


class Number(str):
    """A cell's HTML that is already safe, and set flush right."""


def number(value: float | None, digits: int = 3) -> Number:
    """A value to so many significant digits; powers of ten from a million up and a 1000th down."""
    if value is None:
        return Number("&ndash;")
    if not math.isfinite(value):
        return Number(escape(str(value)))
    if value == 0 or (isinstance(value, int) and abs(value) < 10**9):
        return Number(f"{value:,}".replace(",", "&#8239;"))
    if 1e-3 <= abs(value) < 1e6:
        decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
        return Number(f"{value:,.{decimals}f}".replace(",", "&#8239;"))
    mantissa, exponent = f"{value:.1e}".split("e")
    power = str(int(exponent)).replace("-", "&minus;")
    return Number(f"{mantissa}&thinsp;&times;&thinsp;10<sup>{power}</sup>")


def percent(share: float | None) -> Number:
    """A share in per cent, with two decimals."""
    return Number("&ndash;" if share is None else f"{100 * share:.2f}&#8239;%")


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "", *, total: bool = False
) -> str:
    """Rows of text and Numbers. A column is flush right if its first cell is a Number.

    total: the last row sums the others up, and is set apart.
    """
    right = [isinstance(cell, Number) for cell in (rows[0] if rows else header)]

    def line(tag: str, row: Sequence[str]) -> str:
        cells = (
            f"<{tag}{' class=n' if r else ''}>{c if isinstance(c, Number) else escape(c)}</{tag}>"
            for c, r in zip(row, right, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    lines = [line("td", row) for row in rows]
    foot = f"<tfoot>{lines.pop()}</tfoot>" if total else ""
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    head, body = f"<thead>{line('th', header)}</thead>", "\n".join(lines)
    return f"<table>{title}{head}<tbody>{body}</tbody>{foot}</table>"


def drawing(svg: str, alt: str, caption: str) -> str:
    """A figure from SVG text, isolated in an image of its own so that ids never clash."""
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    return (
        f'<figure><img src="{source}" alt="{escape(alt)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def is_image(inputs: np.ndarray) -> bool:
    """Whether one example's inputs can be looked at: (h, w), (h, w, c), or MNIST's 784 pixels."""
    return inputs.ndim in (2, 3) or inputs.shape == (784,)


def picture(inputs: np.ndarray) -> str:
    """An <img> of what is_image, from its smallest to its largest value: one channel as ink on
    paper, three in colour."""
    pixels = inputs.reshape(28, 28) if inputs.ndim == 1 else inputs
    if pixels.ndim == 3 and pixels.shape[-1] != 3:
        pixels = pixels[..., 0]
    low, high = float(pixels.min()), float(pixels.max())
    buffer = io.BytesIO()
    scaled = (pixels - low) / (high - low if high > low else 1)
    imsave(buffer, scaled, cmap="gray_r", vmin=0, vmax=1, format="png")
    source = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return f'<img class="pixels" src="{source}" alt="input">'
