"""The page: plain sentences first, then everything they rest on, as one file below a fixed size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from layerwise.explain.page import STYLE
from layerwise.language import current, say
from layerwise.report.confusion import class_table, confusion
from layerwise.report.contents import OpenedView, ReportData
from layerwise.report.data import data_findings, layers
from layerwise.report.figures import figures
from layerwise.report.finding import Finding
from layerwise.report.fits import fit
from layerwise.report.headline import headline
from layerwise.report.html import paragraph, text
from layerwise.report.importance import importance
from layerwise.report.labels import doubted_labels
from layerwise.report.learning import curves
from layerwise.report.mistakes import mistakes, views
from layerwise.report.more_data import more_data
from layerwise.report.preparation import preparation
from layerwise.report.ranking import ranking, regression
from layerwise.report.scores import calibration, lift_chart, precision_recall
from layerwise.report.sentences import findings
from layerwise.report.setup import environment, repeat, settings
from layerwise.report.slices import slices
from layerwise.report.words import cut

__all__ = ["LARGEST_PAGE", "MOST_MISTAKES", "page"]

LARGEST_PAGE = 5 * 1024 * 1024
"""Bytes that a report may have."""

MOST_MISTAKES = 24
"""Worst answers that are shown."""

HEADING = re.compile(r'<section id="([a-z]+)"><h2>(.*?)</h2>')

SHARE_OF_VIEWS = 0.6
"""Share of the page that views may fill."""


def page(data: ReportData) -> str:
    """Return the report as one HTML page of at most `LARGEST_PAGE` bytes.

    Views are taken in their order while they fit; pictures of mistakes are halved until the page fits.
    """
    before = [settings(data), data_findings(data), preparation(data), layers(data), *_measured(data)]
    after = [environment(data), repeat(data)]
    kept = _fitting(data.views, int(SHARE_OF_VIEWS * LARGEST_PAGE))
    shown = MOST_MISTAKES
    while True:
        wrong = (mistakes(data, shown) if data.metrics else "") + doubted_labels(data, shown)
        opened = views(data, kept)
        whole = _page(data, [*before, wrong, opened, *after])
        if len(whole.encode()) <= LARGEST_PAGE or (not shown and not kept):
            return whole
        shown, kept = shown // 2, kept if shown else kept[:-1]


def _measured(data: ReportData) -> list[str]:
    """Return the sections of figures, as far as they exist for this run."""
    if not data.metrics:
        return [curves(data)]
    closer = [slices(data), importance(data), more_data(data)]
    if data.numbers:
        return [curves(data), figures(data), class_table(data), fit(data), regression(data), *closer]
    if data.class_names:
        worth = [ranking(data), precision_recall(data), calibration(data), lift_chart(data)]
        return [curves(data), figures(data), confusion(data), class_table(data), *worth, *closer]
    return [curves(data), figures(data), class_table(data)]


def _fitting(opened: Sequence[OpenedView], room: int) -> tuple[OpenedView, ...]:
    """Return the views that fit into some bytes, taken in their order."""
    kept = []
    for view in opened:
        size = len(view.html.encode())
        if size <= room:
            kept.append(view)
            room -= size
    return tuple(kept)


def _page(data: ReportData, sections: Sequence[str]) -> str:
    """Put head, first screen and sections together."""
    title = f"{cut(data.experiment.model.name)} · {cut(data.data['name'])}"
    body = "\n".join(part for part in sections if part)
    written = say("Written by layerwise {}. This page holds everything it shows and fetches nothing.", _version(data))
    return (
        f'<!doctype html>\n<html lang="{current()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(say('Report: {}', title))}</title>\n<style>\n{STYLE}{_style()}</style>\n</head>\n<body>\n"
        f"{_first_screen(data, title, body)}\n<main>\n{body}\n</main>\n"
        f"<footer><p>{text(written)}</p></footer>\n</body>\n</html>\n"
    )


def _version(data: ReportData) -> str:
    """Return the version that made the run."""
    return str(data.environment.get("layerwise", ""))


def _first_screen(data: ReportData, title: str, body: str) -> str:
    """Return what a reader must know, in sentences, before any figure; then where to find the rest."""
    first, second = headline(data)
    known = "".join(_finding(finding) for finding in findings(data))
    facts = " · ".join(part for part in (say("Report"), data.name, data.date) if part)
    return (
        f'<header><p class="eyebrow">{text(facts)}</p><h1>{text(title)}</h1><p class="headline">{text(first)}</p>'
        f'{paragraph(second, "rests-on")}<dl class="findings">{known}</dl>{_contents(body)}</header>'
    )


def _contents(body: str) -> str:
    """Return links to the sections; their headings are HTML already."""
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in HEADING.findall(body))
    return f'<nav aria-label="{text(say("Contents"))}"><ul>{links}</ul></nav>'


def _finding(finding: Finding) -> str:
    """Return one thing that must be known; what limits the figures carries a mark that is also read out."""
    mark = f'<span class="mark" role="img" aria-label="{text(say("note"))}">!</span>' if finding.warning else ""
    style = ' class="warning"' if finding.warning else ""
    more = f' <a href="#{finding.link}">{text(say("Show"))}</a>' if finding.link else ""
    return f"<div{style}><dt>{text(finding.subject)}{mark}</dt><dd>{text(finding.sentence)}{more}</dd></div>"


@cache
def _style() -> str:
    """Return the style sheet, which stands beside this module."""
    return files("layerwise.report").joinpath("page.css").read_text(encoding="utf-8")
