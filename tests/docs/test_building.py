"""Executing pages: what runs is shown, what fails breaks the build, and the notebook holds the same."""

import json
from pathlib import Path

import pytest
from building.docstrings import rewritten
from building.execute import execute
from building.page import PageError, read_page
from building.written import write_notebook, write_page


@pytest.fixture
def page(tmp_path):
    def make(body, name="page.md"):
        (tmp_path / name).write_text("# Page\n\nwords\n\n" + body, encoding="utf-8")
        return read_page(tmp_path, Path(name))

    return make


def test_blocks_share_one_namespace_and_one_folder(page, tmp_path):
    here = Path.cwd()
    body = (
        "```python\nfrom pathlib import Path\nPath('a.txt').write_text('3')\nx = 4\n```\n\n"
        "```python\nprint(x, Path('a.txt').read_text())\n```\n"
    )
    done = execute(page(body))
    assert [output.text for output in done.outputs[1:]] == ["", "4 3\n"]
    assert Path.cwd() == here
    assert not (tmp_path / "a.txt").exists()


@pytest.mark.parametrize("code", ["assert 1 == 2", "unknown", "import warnings\nwarnings.warn('old')"])
def test_what_fails_names_page_and_line(page, code):
    with pytest.raises(PageError, match=r'page\.md", line [67]'):
        execute(page(f"```python\n{code}\n```\n"))


@pytest.mark.parametrize(
    ("line", "found"), [("exit(0)  # exit 1", "exit code 0, expected 1"), ("exit(3)", "exit code 3, expected 0")]
)
def test_a_command_must_end_as_the_page_says(page, line, found):
    code, _, comment = line.partition("  ")
    with pytest.raises(PageError, match=found):
        execute(page(f'```console\n$ python -c "{code}"{"  " + comment if comment else ""}\n```\n'))


def test_output_and_picture_stand_below_their_block(page, tmp_path):
    body = (
        "```python\nprint('a line')\n```\n\n```python\nfrom layerwise.explain import drawing\n"
        'figure = drawing.figure(1, 1)\n# caption: nothing yet\n```\n\n```console\n$ python -c "print(6 * 7)"\n```\n'
    )
    done = execute(page(body))
    write_page(done, tmp_path / "site", {"page.md"})
    written = (tmp_path / "site" / "page.md").read_text(encoding="utf-8")
    assert written.index("print('a line')") < written.index("\na line\n") < written.index("![nothing yet](page-2.png)")
    assert '$ python -c "print(6 * 7)"\n42\n' in written
    assert (tmp_path / "site" / "page-2.png").read_bytes()[1:4] == b"PNG"

    write_notebook(done, tmp_path / "site")
    notebook = json.loads((tmp_path / "site" / "notebooks" / "page.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "code", "code"]
    assert notebook["cells"][1]["outputs"][0]["text"] == ["a line\n"[:-1]]
    assert "image/png" in notebook["cells"][2]["outputs"][0]["data"]
    assert notebook["cells"][3]["source"] == ['!python -c "print(6 * 7)"']


def test_a_figure_without_a_caption_breaks_the_build(page):
    with pytest.raises(PageError, match="caption"):
        execute(page("```python\nfrom layerwise.explain import drawing\nfigure = drawing.figure(1, 1)\n```\n"))


def test_a_korean_page_speaks_korean(page):
    from layerwise.language import korean

    template = next(english for english in korean() if "{" not in english)
    done = execute(
        page(f"```python\nfrom layerwise.language import say\nprint(say({template!r}))\n```\n", "page.ko.md")
    )
    assert done.outputs[1].text == korean()[template] + "\n"


def test_formulas_of_docstrings_are_shown_as_they_stand():
    text = rewritten(
        "Say it.\n\nz_i = sum x*w [1]\n\nArgs:\n    a_b: From [0, 1].\n\nExample:\n    >>> [1]\n    [1]", fields=False
    )
    assert "    z_i = sum x*w [1]" in text
    assert r"    a_b: From \[0, 1\]." in text
    assert "Examples:\n    >>> [1]" in text
