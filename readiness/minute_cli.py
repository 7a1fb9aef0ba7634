"""Command `explain`: one minute of one village, from the polls to the cause."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from inventory.hours import INDIA
from inventory.scope import Scope
from readiness import read
from readiness.minute import Asked, ByRule, Minute, Stood, Told, minute
from readiness.notice_files import moment_of
from readiness.notices import NoticeError
from readiness.rules.watch import blind_since
from storage.engine import open_engine
from storage.poll_rows import PollRow
from storage.settings import Settings


def explain(
    village: Annotated[str, typer.Argument(help="Key of a village, such as village:429501")],
    at: Annotated[str, typer.Option("--at", help="Date and time, Indian time without a zone; default: now")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output.")] = False,
) -> None:
    """Why a village stood as it did at one minute: polls, transitions, outages, causes, and the rules that judged."""
    settings = Settings()
    engine, now = open_engine(settings.storage.url), datetime.now(UTC)
    blind = blind_since(read.observed_until(engine), now, settings.judge.restart_gap_s)
    asked = Asked(village, _moment(at, now), now, settings.storage.history, settings.storage.raw_days, blind)
    found = minute(engine, Scope(), asked)
    if found is None:
        raise typer.BadParameter(f"there is no village {village!r} in the inventory; write village:code")
    if as_json:
        print(json.dumps(as_told(found), ensure_ascii=False))
    else:
        print("\n".join(_lines(found)))


def _moment(text: str, now: datetime) -> datetime:
    try:
        at = moment_of("--at", text) if text else now
    except NoticeError as error:
        raise typer.BadParameter(str(error)) from error
    if at > now:
        raise typer.BadParameter(f"--at {text}: nothing is known of what is to come")
    return at


def as_told(found: Minute) -> dict[str, object]:
    """The explanation as JSON has it."""
    return {
        "village": found.village, "at": _utc(found.at), "kendra": found.kendra, "polls_since": _utc(found.polls_since),
        "stood": [_stood(one) for one in found.stood], "outages": [_outage(one) for one in found.outages],
    }  # fmt: skip


def _stood(one: Stood) -> dict[str, object]:
    return {
        "subject_kind": one.kind, "subject": one.subject, "status": one.status, "since": _utc(one.since),
        "reason": one.reason, "layer": one.layer, "evidence": list(one.evidence), "transition": one.transition or None,
        "recorded_at": one.recorded_at and _utc(one.recorded_at), "rule": _rule(one.rule),
        "polls": [_poll(poll) for poll in one.polls],
    }  # fmt: skip


def _poll(poll: PollRow) -> dict[str, object]:
    return {
        "device": poll.device, "at": _utc(poll.at), "took_ms": round(poll.took_ms, 1), "reached": poll.reached,
        "reason": poll.reason, "burst_sent": poll.burst_sent, "burst_answered": poll.burst_answered,
    }  # fmt: skip


def _outage(told: Told) -> dict[str, object]:
    row = told.outage
    return {
        "id": row.id, "subject_kind": row.kind, "subject": row.subject, "from": _utc(row.start),
        "to": row.end and _utc(row.end), "root": row.root, "explained_by": row.explained_by, "cause": row.cause,
        "confidence": row.confidence, "responsible": row.responsible, "sentence": told.sentence,
        "evidence": list(row.evidence), "kinds": list(row.kinds), "rule": _rule(told.rule),
    }  # fmt: skip


def _rule(rule: ByRule) -> dict[str, str]:
    return {"name": rule.name, "file": rule.file, "version": rule.version}


def _lines(found: Minute) -> list[str]:
    lines = [f"{found.village} at {_local(found.at)} IST, kendra {found.kendra or '(none)'}"]
    for one in found.stood:
        layer = f", first failing layer {one.layer}" if one.layer else ""
        lines.append(f"{one.kind} {one.subject}: {one.status} since {_local(one.since)}{layer}: {one.reason}")
        made = (
            f"transition {one.transition}, recorded {_local(one.recorded_at)}" if one.recorded_at else "no transition"
        )
        lines.append(f"  {made}, by {_by(one.rule)}")
        lines += [f"  {text}" for text in one.evidence]
        lines += [_poll_line(poll) for poll in one.polls]
        if not one.polls and one.recorded_at and one.since < found.polls_since and "device" in one.kind:
            lines.append(f"  polls before {_local(found.polls_since)} are no longer kept")
    for told in found.outages:
        row = told.outage
        ended = _local(row.end) if row.end else "now"
        lines.append(f"outage {row.id} of {row.subject}, {_local(row.start)} to {ended}: {told.sentence}")
        lines.append(f"  has to act: {row.responsible}; by {_by(told.rule)}")
        lines += [f"  {text}" for text in row.evidence]
    return lines


def _poll_line(poll: PollRow) -> str:
    answer = "answered" if poll.reached else poll.reason
    burst = f", then {poll.burst_answered} of {poll.burst_sent} probes answered" if poll.burst_sent else ""
    return f"  {_local(poll.at)} poll of {poll.device}: {answer} in {poll.took_ms:.0f} ms{burst}"


def _by(rule: ByRule) -> str:
    return f"{rule.name} ({rule.file} {rule.version[:23]})".replace(" )", ")")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(at: datetime) -> str:
    return f"{at.astimezone(INDIA):%Y-%m-%d %H:%M:%S}"
