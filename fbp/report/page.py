"""The page: ReportData -> HTML, and nothing else."""

from __future__ import annotations

from html import escape

from fbp.lab.page import mode_table
from fbp.page.document import document, paragraph, section
from fbp.page.markup import Number, drawing, is_image, number, percent, picture, table
from fbp.proof.audit import BOUNDS, Errors
from fbp.report import figures
from fbp.report.data import Classified, Mistake, ReportData

MODE_NAMES = {
    "backprop": "hand-written backprop",
    "autodiff": "automatic differentiation",
    "forward": "forward mode by hand",
    "forward_autodiff": "forward-mode autodiff",
    "finite_difference": "finite differences",
    "forward_gradient": "forward gradients along random tangents",
    "spsa": "simultaneous perturbation",
}


def render(data: ReportData) -> str:
    """The whole page as one self-contained HTML text: no scripts, no requests, all text escaped."""
    sections = [
        _learning(data),
        _mistakes(data),
        _audit(data),
        _signals(data),
        _costs(data),
        _what_ran(data),
        _reproduce(data),
    ]
    return document(data.name, _header(data) + "\n".join(s for s in sections if s))


def _header(data: ReportData) -> str:
    parameters = sum(row.parameters for row in data.layers)
    end, last = data.end, data.epochs[-1] if data.epochs else {}
    facts = [
        ("test accuracy", percent(end.get("test_accuracy"))),
        ("test loss", number(end.get("test_loss"))),
        ("training loss", number(end.get("train_loss"))),
        ("noise scale, in examples", number(last.get("train_noise_scale"))),
        ("parameters", number(parameters)),
        ("steps", number(end.get("step"))),
        ("seconds", number(end.get("seconds"))),
    ]
    figures_ = "".join(
        f"<div><dd>{value}</dd><dt>{label}</dt></div>"
        for label, value in facts
        if value != number(None)
    )
    what = f"{dict(data.dataset).get('name', 'data')}, learned by {MODE_NAMES[data.mode]}"
    return (
        f"<header><h1>{escape(data.name)}</h1><p class=lead>{escape(what)}</p>"
        f"<dl class=headline>{figures_}</dl></header>\n"
    )


def _learning(data: ReportData) -> str:
    if not data.epochs:
        return section("Learning", paragraph("The run ended before its first epoch did."))
    caption = (
        "Loss and accuracy after each epoch. Where the two lines part, the net begins to learn "
        "its training examples by heart; the ring marks the epoch with the best validation "
        f"{data.monitor}."
    )
    svg = figures.learning_curves(data.epochs, data.monitor)
    return section("Learning", drawing(svg, "Loss and accuracy over epochs", caption))


def _mistakes(data: ReportData) -> str:
    if data.classified is None:
        return ""
    found = data.classified
    total, right = int(found.confusion.sum()), int(found.confusion.trace())
    svg = figures.confusion_matrix(found.confusion, data.classes)
    caption = (
        f"Rows are the true class, columns the answer; {right} of {total} on the diagonal. "
        "Mistakes in red, the deeper the more frequent."
    )
    matrix = drawing(svg, "Confusion matrix", caption)
    if not found.mistakes:
        return section(f"The {found.split} split", matrix, paragraph("Not one mistake."))
    if is_image(found.mistakes[0].inputs):
        gallery = _gallery(found, data.classes)
        return section(f"The {found.split} split", f"<div class=pair>{matrix}{gallery}</div>")
    return section(f"The {found.split} split", matrix, _mistake_table(found, data.classes))


def _gallery(found: Classified, classes: tuple[str, ...]) -> str:
    def card(mistake: Mistake) -> str:
        true, answer = escape(classes[mistake.target]), escape(classes[mistake.predicted])
        sure = f" <span>{100 * mistake.scores[0]:.0f}%</span>" if found.probabilities else ""
        return (
            f"<figure>{picture(mistake.inputs)}<figcaption><b>{true}</b> &rarr; "
            f"<em>{answer}</em>{sure}</figcaption></figure>"
        )

    cards = "".join(card(m) for m in found.mistakes)
    caption = "The worst mistakes, the worst first: true class \u2192 answer" + (
        ", and how sure the net was of it." if found.probabilities else "."
    )
    return (
        f"<div class=worst><div class=gallery>{cards}</div>"
        f"<p class=caption>{escape(caption)}</p></div>"
    )


def _mistake_table(found: Classified, classes: tuple[str, ...]) -> str:
    def shown(inputs) -> Number | str:
        if inputs.dtype.kind == "i":  # ids: what was read before the answer
            return "".join(classes[i] for i in inputs[-24:])
        return Number(" &ensp;".join(number(float(v), 2) for v in inputs.ravel()[:8]))

    rows = [
        (
            number(m.row),
            classes[m.target],
            classes[m.predicted],
            number(m.scores[0]),
            number(m.scores[1]),
            shown(m.inputs),
        )
        for m in found.mistakes
    ]
    inputs = "text before" if found.mistakes[0].inputs.dtype.kind == "i" else "inputs (first 8)"
    header = ("example", "true", "answer", "its score", "true score", inputs)
    return table(header, rows, "The worst mistakes, the worst first.")


def _audit(data: ReportData) -> str:
    if not data.audit:
        return ""
    words = (
        "The rules written by hand, at the parameters where training ended, against independent "
        "ways to the same numbers: vjp and jvp against automatic differentiation, each other "
        "through the adjoint identity, and both against a central difference. All in float64; "
        "errors are relative."
    )
    rows = [
        (r.path, " × ".join(map(str, r.shape)) or "scalar", *_judged(r.errors)) for r in data.audit
    ]
    rows.append(("bound", "", *(number(bound, 2) for bound in BOUNDS)))
    failed = [r.path for r in data.audit if not r.passed]
    title = "The gradient is wrong" if failed else "The gradient is right"
    verdict = f"Beyond its bound: {', '.join(failed)}." if failed else "All are within bounds."
    columns = ("parameter", "shape", "vjp", "jvp", "adjoint", "difference")
    return section(title, paragraph(f"{words} {verdict}"), table(columns, rows, total=True))


def _judged(errors: Errors) -> list[Number]:
    return [
        number(e, 2) if e <= bound else Number(f"<mark>{number(e, 2)}</mark>")
        for e, bound in zip(errors, BOUNDS, strict=True)
    ]


def _signals(data: ReportData) -> str:
    if not any(e.get("norms") for e in data.epochs):
        return ""
    caption = (
        "What each layer passes on and what it learns from, at the end of each epoch, on log axes. "
        "Pale lines are near the input, dark ones near the output. Lines that fan out over orders "
        "of magnitude are vanishing or exploding signals."
    )
    svg = figures.norms_over_time(data.epochs, [row.path for row in data.layers])
    return section("Signals through the net", drawing(svg, "Norms per layer over epochs", caption))


def _costs(data: ReportData) -> str:
    if not data.costs:
        return ""
    words = (
        "The same gradient, of this net on one batch, in every mode: how near it comes to "
        "automatic differentiation in float64, and what it costs. Time is in units of one "
        "evaluation of the loss; ≈ marks what was measured on a few entries and scaled."
    )
    return section("What a gradient costs", paragraph(words), mode_table(data.costs))


def _what_ran(data: ReportData) -> str:
    layers = [
        (
            r.path + (f" (× {r.times})" if r.times > 1 else ""),
            r.name,
            r.output,
            number(r.parameters),
        )
        for r in data.layers
    ]
    layers.append(("total", "", "", number(sum(r.parameters for r in data.layers))))
    return section(
        "What ran",
        table(("layer", "kind", "output", "parameters"), layers, total=True),
        "<div class=pair><div>",
        table(("data", ""), data.dataset),
        "</div><div>",
        table(("environment", ""), [(k, str(v)) for k, v in data.environment.items()]),
        "</div></div>",
        f"<h3>Configuration</h3><pre class=config>{escape(data.config)}</pre>",
        kind="long",
    )


def _reproduce(data: ReportData) -> str:
    commands = "\n".join(data.commands)
    return section(
        "How to reproduce",
        paragraph("With the configuration above saved as config.toml (the run folder has it):"),
        f"<pre>{escape(commands)}</pre>",
    )
