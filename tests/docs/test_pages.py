"""The pages as they are written: the same code in both languages, every page listed, every link leads somewhere."""

import re
from pathlib import Path

import pytest
from building.page import caption, commands, find_pages, read_page, without_words

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {page.path.as_posix(): page for page in find_pages(DOCS)}
COURSE = sorted({page.name for page in PAGES.values() if page.path.parent == Path("course")})
LOOSE = [ROOT / name for name in ("README.md", "README.ko.md", "CONTRIBUTING.md", "CHANGELOG.md")]
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")
ANCHOR = re.compile(r"\{:[^}]*#([\w-]+)[^}]*\}")


def code_of(page):
    return [block for block in page.blocks if block.kind in ("python", "console")]


@pytest.mark.parametrize("name", COURSE)
def test_a_course_page_has_the_same_code_in_both_languages(name):
    english, korean = PAGES[f"{name}.md"], PAGES[f"{name}.ko.md"]
    assert [block.kind for block in code_of(english)] == [block.kind for block in code_of(korean)]
    for ours, theirs in zip(code_of(english), code_of(korean), strict=True):
        if ours.kind == "console":
            assert commands(ours.content) == commands(theirs.content)
        else:
            assert without_words(ours.content) == without_words(theirs.content), f"line {ours.line} and {theirs.line}"


def test_another_number_is_other_code_and_another_word_is_not():
    code = 'print("width", f"{width:.2f}")  # the width\n'
    assert without_words(code) == without_words('print("너비", f"{width:.2f}")  # 너비\n')
    assert without_words("x = 3\n") != without_words("x = 4\n")
    assert without_words("x = 3\n") != without_words("y = 3\n")


@pytest.mark.parametrize("name", COURSE)
def test_a_course_page_is_korean_where_it_says_so(name):
    def hangul(path):
        words = "".join(block.content for block in PAGES[path].blocks if block.kind == "text")
        return len(re.findall(r"[가-힣]", words)) / len(words)

    assert hangul(f"{name}.ko.md") > 0.2
    assert hangul(f"{name}.md") < 0.02


def test_every_page_is_listed_once():
    from build import navigation

    listed = []

    def walk(item):
        if isinstance(item, str):
            listed.append(item)
        else:
            for inner in item.values() if isinstance(item, dict) else item:
                walk(inner)

    walk(navigation(list(PAGES.values()), []))
    assert sorted(listed) == sorted(PAGES)
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if ".built" not in path.parts}
    assert written == set(PAGES)


def test_the_course_is_complete():
    numbers = {int(match.group(1)) for name in COURSE if (match := re.search(r"/(\d+)-", name))}
    assert numbers >= {11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 25, 26, 29}


@pytest.mark.parametrize("path", ["course/errata.md", "course/errata.ko.md"])
def test_the_errata_name_each_slip_once(path):
    anchors = ANCHOR.findall((DOCS / path).read_text(encoding="utf-8"))
    slips = {1, 2, 3, 4, 5, 21, 22, 23, 24, 25, 28, 35, 45, 46, 47, 48, 49, 50, 51}
    assert {f"e{number:02d}" for number in slips} <= set(anchors)
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("path", [*(DOCS / name for name in PAGES), *LOOSE], ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in LINK.findall(re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        place = (path.parent / target).resolve() if target else path
        if place.parent == DOCS / "reference":
            known = ROOT / "src" / "layerwise" / ("" if place.stem == "layerwise" else place.stem)
            assert known.is_dir(), link
            continue
        assert place.exists(), f"{path.name}: {link}"
        if anchor:
            assert anchor in ANCHOR.findall(place.read_text(encoding="utf-8")), f"{path.name}: {link}"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_figure_has_a_caption(name):
    for block in code_of(PAGES[name]):
        if block.kind == "python" and re.search(r"^figure\b", block.content, re.MULTILINE):
            assert caption(block.content), f"{name}:{block.line}"


def test_pages_hold_no_output():
    for page in PAGES.values():
        for block in page.blocks:
            if block.kind == "console":
                assert all(line.startswith("$ ") for line in block.content.splitlines() if line), (
                    f"{page.path}:{block.line}"
                )


def test_a_page_is_read_as_it_is_written(tmp_path):
    source = "# Title\n\nwords\n\n```python\nx = 1\n```\n\n```console\n$ layerwise runs  # exit 1\n```\n\nend\n"
    (tmp_path / "page.ko.md").write_text(source, encoding="utf-8")
    page = read_page(tmp_path, Path("page.ko.md"))
    assert (page.title, page.language, page.name) == ("Title", "ko", "page")
    assert [(block.kind, block.line) for block in page.blocks] == [
        ("text", 1),
        ("python", 6),
        ("console", 10),
        ("text", 13),
    ]
    assert commands(page.blocks[2].content) == [("layerwise runs", 1)]
