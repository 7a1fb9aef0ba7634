"""What people announce or answer about the causes of outages: listed, declared, withdrawn."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from api import models
from api.context import Allowed, Here, InScope, not_found, same_site
from api.minute_models import Notice
from api.params import LINE, Moment, RowId
from readiness import notices as store
from readiness.model import Cause, Responsible
from readiness.notices import Announced, NoticeError
from readiness.rules.notices import About, NoticeKind

router = APIRouter(prefix="/api/v1", tags=["notices"], responses={404: {"model": models.Error}})

_Text = Annotated[str, Field(max_length=500, pattern=LINE)]


class Declaration(BaseModel):
    kind: NoticeKind = Field(description="`operator_answer` says what an outage was; the others announce")
    about: About
    subject: str = Field(
        min_length=1,
        max_length=200,
        pattern=LINE,
        description="Name of a site, device, link or feeder, key of an area, number of an outage",
    )
    who: str = Field(min_length=1, max_length=100, pattern=LINE, description="Who says so")
    start: Moment | None = Field(None, description="Default: now")
    end: Moment | None = Field(None, description="Default: until it is withdrawn")
    cause: Cause | None = Field(None, description="What it was: of an answer, and of nothing else")
    responsible: Responsible | None = Field(None, description="Who has to act; default: as the cause has it")
    source: _Text = Field("", description="Where that is written")
    text: _Text = ""


class Withdrawal(BaseModel):
    who: str = Field(min_length=1, max_length=100, pattern=LINE, description="Who withdraws it")


@router.get("/notices")
def announced(
    here: Here,
    scope: InScope,
    at: Annotated[Moment | None, Query(description="Only those valid then")] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[Notice]:
    """What was announced or answered about the causes of outages, the newest first."""
    return [Notice.model_validate(row) for row in store.listed(here.engine, scope, at=at, limit=limit)]


@router.post("/notices", dependencies=[Depends(same_site)], status_code=201)
def declare(here: Here, allowed: Allowed, body: Declaration) -> Notice:
    """Declare a notice; what is known already comes back as it stands. The judge takes it up within seconds."""
    now = here.clock()
    told = Announced(
        body.kind, body.about, body.subject, body.start or now, body.who, body.end, body.cause, body.responsible,
        body.source, body.text,
    )  # fmt: skip
    try:
        with here.engine.connect() as connection:
            store.checked(connection, told, allowed)
    except NoticeError as error:
        if error.field == "subject":
            raise not_found(body.about, body.subject) from error
        raise HTTPException(422, str(error)) from error
    return Notice.model_validate(store.declared(here.engine, told, now))


@router.post("/notices/{number}/withdraw", dependencies=[Depends(same_site)])
def withdraw(here: Here, allowed: Allowed, number: RowId, body: Withdrawal) -> Notice:
    """Withdraw a notice: outages that were judged by it are judged without it. Doing so again changes nothing."""
    store.withdraw(here.engine, number, body.who, here.clock(), allowed)
    row = store.by_number(here.engine, allowed, number)
    if row is None:
        raise not_found("notice", str(number))
    return Notice.model_validate(row)
