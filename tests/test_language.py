"""Every sentence for people exists in Korean, with the same values, and no Korean sentence is left over."""

import ast
import json
import re
import string
from collections import Counter
from pathlib import Path

import pytest

import layerwise
from layerwise.language import LANGUAGES, current, korean, say, system_language, use

ROOT = Path(layerwise.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def said() -> dict[str, str]:
    """Every template written inside a call of `say`, and where; both branches of `say(a if b else c)`."""
    found = {}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
                        found[part.value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def told_through_tables() -> set[str]:
    """Templates that reach `say` through a table."""
    from layerwise.catalog import KINDS
    from layerwise.cli.application import COMMANDS, FIRST_STEPS
    from layerwise.cli.mistakes import KINDS as VALUES
    from layerwise.data.source import ROLES
    from layerwise.report.words import EXPECTED, LEARNERS, METRICS
    from layerwise.workflow.worked_numbers import SLIPS

    kinds = {"number", "category", "text", "image"}
    words = {
        "train",
        "validation",
        "test",
        "new data",
        "a table",
        "text",
        "a whole number",
        "a number",
        "true or false",
    }
    slips = {text for _, text in SLIPS}
    return {
        *KINDS,
        *COMMANDS.values(),
        FIRST_STEPS,
        *VALUES.values(),
        *METRICS.values(),
        *LEARNERS.values(),
        *EXPECTED.values(),
        *ROLES,
        *kinds,
        *words,
        *slips,
    }


def places(template: str) -> list[str]:
    """The places of a template in order: numbered as written, or counted where they are not."""
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    return [name or str(place) for place, name in enumerate(names)]


def test_there_are_sentences_to_check():
    assert len(said()) > 500


def test_every_sentence_is_there_in_korean():
    assert {template: place for template, place in said().items() if template not in korean()} == {}


def test_every_sentence_of_a_table_is_there_in_korean():
    # A name that is the same in both languages may stand as it is.
    same = {"AUC", "id"}
    assert sorted(told_through_tables() - set(korean()) - same) == []


def test_every_method_of_an_interval_is_there_in_korean():
    calls = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if getattr(call.func, "id", "") == "Interval" and len(call.args) > 4]
    methods = {call.args[4].value for call in made if isinstance(call.args[4], ast.Constant)}
    assert len(methods) > 10
    assert sorted(methods - set(korean())) == []


def test_a_korean_sentence_has_the_values_of_the_english_one():
    other = {text: told for text, told in korean().items() if Counter(places(told)) != Counter(places(text))}
    assert other == {}


def test_no_korean_sentence_is_left_over():
    used = {
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(set(korean()) - used) == []


def test_korean_sentences_are_korean():
    # Equations, names of methods and signs are the same in both languages.
    foreign = [
        f"{english!r}: {translated!r}"
        for english, translated in korean().items()
        if not re.search("[가-힣]", translated) and english != translated and re.search("[a-z]{4}", translated)
    ]
    assert foreign == []


OTHER_WORDS = {
    "훈련": "학습", "픽셀": "화소", "모형": "모델", "자료(?!형)": "데이터", "문턱": "임계값",
    "묶음": "그룹", "기준선": "기준 모델", "간직": "저장", "평가 부분": "시험 부분", "테스트": "시험",
    "빈 값": "빠진 값", "수용장": "수용 영역", "(?<![가-힣])냇": "내트", "라벨": "레이블",
    "파라미터": "매개변수", "부류": "클래스",
}  # fmt: skip
"""One word is used for one thing: words that are not used, and what stands in their place."""


def test_one_thing_has_one_korean_word():
    # The slides of the lectures are called 강의 자료.
    told = {english: text.replace("강의 자료", "") for english, text in korean().items()}
    assert [(other, text) for other in OTHER_WORDS for text in told.values() if re.search(other, text)] == []


@pytest.mark.parametrize("page", sorted(ROOT.parents[1].glob("docs/course/*.ko.md")), ids=lambda page: page.name)
def test_pages_use_the_words_of_the_program(page):
    text = page.read_text(encoding="utf-8").replace("강의 자료", "")
    # 커널 묶음 is a stack of kernels.
    assert [other for other in OTHER_WORDS if other != "묶음" and re.search(other, text)] == []


def test_a_particle_behind_a_word_that_varies_suits_every_word():
    # 이(가), 은(는), 을(를), 와(과), (으)로, (이)라고: a name may end in a consonant or a vowel.
    fixed = re.compile(r"\}'?(을|를|이|가|은|는|과|와|으로|로|라고|이라고|였으며)(?![가-힣(])")
    assert [text for text in korean().values() if fixed.search(text.replace("{{", "").replace("}}", ""))] == []


def test_no_sentence_is_translated_twice_in_different_words():
    seen: dict[str, str] = {}
    different = []
    for path in sorted((ROOT / "language" / "korean").glob("*.json")):
        for english, translated in json.loads(path.read_text(encoding="utf-8")).items():
            if seen.setdefault(english, translated) != translated:
                different.append((path.name, english))
    assert different == []


def test_no_key_stands_twice_in_one_file():
    def refuse(pairs):
        repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        assert repeated == []
        return dict(pairs)

    for path in (ROOT / "language" / "korean").glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=refuse)


def test_a_language_holds_inside_its_block_only():
    assert current() == "en"
    with use("ko"):
        assert current() == "ko"
        assert say("remedy: {}", "x") == "해결: x"
    assert say("remedy: {}", "x") == "remedy: x"


def test_braces_without_values_are_signs():
    assert say("a {{b}}") == "a {b}"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("ko_KR.UTF-8", "ko"),
        ("ko", "ko"),
        ("Korean_Korea.949", "ko"),
        ("en_US.UTF-8", "en"),
        ("C", "en"),
        ("kok_IN", "en"),
    ],
)
def test_the_language_of_a_locale(monkeypatch, name, language):
    monkeypatch.setenv("LC_ALL", name)
    assert system_language() == language
    assert language in LANGUAGES
