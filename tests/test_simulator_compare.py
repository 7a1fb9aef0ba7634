"""The truth beside what was said of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import manage
from simulator.compare import Verdict, compare, row
from storage.engine import open_engine
from storage.migrate import upgrade

BEGIN = "2026-11-22T10:00:00Z"
END = "2026-11-22T10:10:00Z"


def line(
    subject: str, cause: str | None, *, start: str = BEGIN, end: str | None = END, root: bool = True
) -> dict[str, object]:
    return {
        "subject_kind": "device", "subject": subject, "status": "down", "cause": cause, "root": root, "from": start, "to": end,
    }  # fmt: skip


TRUTH = [
    line("right", "power"),
    line("wrong", "fibre"),
    line("open", "equipment"),
    line("missed", "power"),
    line("later", "power"),
    line("shadow", "upstream", root=False),
]
SAID = [
    line("right", "power", start="2026-11-22T10:00:20Z", end=None),
    line("right", "fibre", root=False),
    line("wrong", "power"),
    line("open", None),
    line("later", "power", start="2026-11-22T10:30:00Z", end=None),
    line("shadow", "power"),
    line("nothing", "power"),
]


def test_each_root_has_one_verdict_and_what_was_never_true_is_invented() -> None:
    found = compare([row(one) for one in TRUTH], [row(one) for one in SAID], {})
    verdicts = [((one.truth or one.said).subject, one.verdict) for one in found if one.truth or one.said]  # type: ignore[union-attr]  # one of them is there
    assert sorted(verdicts) == [
        ("later", Verdict.INVENTED),
        ("later", Verdict.MISSED),
        ("missed", Verdict.MISSED),
        ("nothing", Verdict.INVENTED),
        ("open", Verdict.UNDETERMINED),
        ("right", Verdict.RIGHT),
        ("wrong", Verdict.WRONG),
    ]


def test_what_is_true_of_a_site_is_said_of_its_devices() -> None:
    truth = [row({**line("gp", "power"), "subject_kind": "site"})]
    said = [row(line("gp-r1", "power")), row(line("gp-ups1", "power", root=False))]
    (found,) = compare(truth, said, {"gp-r1": "gp", "gp-ups1": "gp"})
    assert (found.verdict, found.said) == (Verdict.RIGHT, said[0])


def test_the_command_prints_markdown_and_tells_of_a_broken_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    upgrade(open_engine("sqlite:///data/pahunch.db"))
    truth, said = tmp_path / "truth.jsonl", tmp_path / "said.jsonl"
    truth.write_text("\n".join(map(json.dumps, TRUTH[:1])))
    said.write_text("\n".join(map(json.dumps, SAID[:1])))
    fine = CliRunner().invoke(manage.app, ["simulate", "compare", str(truth), str(said)])
    assert fine.exit_code == 0
    assert "| device | power | 1 |" in fine.stdout
    assert "| right | device `right` | down, power | down, power |  | +20 s |" in fine.stdout
    said.write_text("\n".join(map(json.dumps, SAID)))
    assert CliRunner().invoke(manage.app, ["simulate", "compare", str(truth), str(said)]).exit_code == 1
    said.write_text('{"subject": 1}\n')
    broken = CliRunner().invoke(manage.app, ["simulate", "compare", str(truth), str(said)])
    assert broken.exit_code == 2
    assert f"{said}:1: no row of a log" in broken.stderr
