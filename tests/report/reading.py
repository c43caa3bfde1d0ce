"""A report as a test reads it, and the runs it is about."""

import csv
from html.parser import HTMLParser

HOSTILE = ("<script>alert(1)</script>", '고양이 & "개"', "id")
"""Class names that break a page or a table that trusts its data; `id` is also a column of predictions.csv."""

EMPTY = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """A page as a test reads it: its tables, texts, links and images; unbalanced tags are an error."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tables, self.images, self.links, self.names = [], [], [], [], []
        self.texts, self.attributes, self.tags = [], [], set()
        self._cell = None
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if "id" in known:
            self.names.append(known["id"])
        if tag == "img":
            self.images.append(known)
        if tag == "a":
            self.links.append(known["href"])
        if tag == "table":
            self.tables.append({"caption": "", "rows": [], "headings": []})
        if tag == "tr" and "table" in self.open:
            self.tables[-1]["rows"].append([])
        if tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")
            if tag == "th":
                self.tables[-1]["headings"].append(known.get("scope"))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        data = data.replace("\xa0", " ")
        if "style" in self.open:
            return
        self.texts.append(data)
        if "caption" in self.open:
            self.tables[-1]["caption"] += data
        elif "td" in self.open or "th" in self.open:
            separator = "|" if "small" in self.open and self.tables[-1]["rows"][-1][-1] else ""
            self.tables[-1]["rows"][-1][-1] += separator + data

    @property
    def text(self):
        return " ".join(self.texts)

    def table(self, start):
        """Return the rows of the table whose caption starts like this."""
        return next(table["rows"] for table in self.tables if table["caption"].startswith(start))


def trained(folder, data, model, settings, options=None):
    from layerwise.workflow.request import request
    from layerwise.workflow.start import start

    path = data if isinstance(data, str) else ""
    whole, named = request(path or "memory", model, settings, options or {}, {}, None)
    opened, _ = start(whole, named, data, run=str(folder))
    return opened


def written_now(opened, language="en", data=None):
    from layerwise.workflow.report import write_report

    path = write_report(opened, language, to=opened.folder.path / f"{language}.html", data=data)
    return path.read_text(encoding="utf-8")


PAGES = {}


def written(opened, language="en"):
    """Return the report of a run, written once however many tests read it."""
    key = (opened.folder.path, language)
    if key not in PAGES:
        PAGES[key] = written_now(opened, language)
    return PAGES[key]


def predictions(opened, part="test"):
    with (opened.folder.path / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    return [row for row in rows[1:] if row[1] == part]
