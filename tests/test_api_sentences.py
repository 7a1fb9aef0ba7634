"""Every sentence that the judgement can write has a form that the pages can translate."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import i18n, sentences
from collectors.model import ANSWERED
from readiness.model import Status

READINESS = Path(__file__).parents[1] / "readiness"
# Commands speak English; queries write nothing; "X X" is a port's name, "X: X" a field and what is wrong with it.
SILENT = {
    "cli.py",
    "minute_cli.py",
    "notice_cli.py",
    "notice_files.py",
    "queue_cli.py",
    "read.py",
    "recorded.py",
    "tables.py",
}
NAMES = {"X X", "X: X"}


def written(path: Path) -> Iterator[str]:
    """Texts of several words in the code, values as X; without docstrings, errors and logs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed = {id(inner) for node in ast.walk(tree) if _passed_over(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(inner) for inner in ast.walk(node)} - {id(node)}
    for node in ast.walk(tree):
        text = _text(node) if id(node) not in passed else ""
        if " " in text.strip() and text not in NAMES:
            yield text


def _passed_over(node: ast.AST) -> bool:
    logs = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log.")
    return logs or isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_sentence_has_a_form() -> None:
    files = [path for path in READINESS.rglob("*.py") if path.name not in SILENT and not path.match("*_cli.py")]
    told = {text for path in files for text in written(path)}
    assert len(told) > 40
    assert sorted(text for text in told if sentences.form_of(text) is None) == [], "add the form to api/sentences.py"


def test_no_form_takes_a_whole_phrase_for_a_name() -> None:
    """What a sentence begins with would stay English in the middle of another language."""
    parts = {*SILENT, "telling.py"}  # which knows sentences by parts of them
    files = [path for path in READINESS.rglob("*.py") if path.name not in parts and not path.match("*_cli.py")]
    for told in {text for path in files for text in written(path)}:
        form, values = sentences.form_of(told) or ("", {})
        names = [value for name, value in values.items() if name != "reason" and form.startswith("%(")]
        assert not [name for name in names if " " in name], (told, form)


def test_an_absent_printer_is_told_in_every_language() -> None:
    told = {
        sentences.translated("its PC answers, and it is not connected", i18n.catalogue(one)) for one in ("hi", "pa")
    }
    assert len(told) == 2
    assert not any(letter.isascii() and letter.isalpha() for each in told for letter in each.replace("PC", ""))


def test_every_form_is_found_by_itself() -> None:
    """A form that another one swallows would lose its translation."""
    for form in sentences.FORMS:
        filled = form.replace("%", "%%").replace("%%(", "%(") % _Any()
        found = sentences.form_of(filled)
        assert found is not None
        assert found[0] == form


class _Any(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "12" if name in {"count", "sent", "answered", "lost", "all"} else f"some-{name}"


def test_a_sentence_inside_a_sentence_is_translated_too() -> None:
    told = sentences.translated("pc1 is down, and what it hangs on was not heard since", i18n.catalogue("hi"))
    assert "pc1: बंद" in told
    assert "hangs" not in told


@pytest.mark.parametrize("word", [*Status, *sorted(ANSWERED)])
def test_words_inside_a_sentence_are_translated_too(word: str) -> None:
    told = sentences.translated(f"alive, but: {word}", i18n.catalogue("hi"))
    assert word not in told


def test_the_sentence_in_a_cause_swallows_nothing_of_it() -> None:
    told = "the cause is not determined; what was seen: pc1 is silent while the box it hangs on answers"
    assert sentences.form_of(told) == (
        "the cause is not determined; what was seen: %(reason)s",
        {"reason": "pc1 is silent while the box it hangs on answers"},
    )
    assert not any(word in sentences.translated(told, i18n.catalogue("hi")) for word in ("cause", "silent"))
