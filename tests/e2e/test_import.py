"""Somebody imports while the product runs: it goes on with the new inventory by itself."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inventory.model import Inventory, Names
from simulator.process import FleetProcess, Plan
from tests.e2e.product import MANAGE, Product, pids_of
from tests.servers import answers, wait_until


def test_the_roles_take_up_what_was_imported(tmp_path: Path, small: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started on an empty store, as a newcomer may; nothing of the old processes is left."""
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    with FleetProcess(Plan(small)) as fleet:
        product = Product(tmp_path, fleet.port)
        product.start()
        assert product.process is not None
        before = set(pids_of(product.process.pid))
        product.install(small)
        # from here on the old serve answers for an empty state, then none does, then the new one
        wait_until(lambda: _villages(product) == 8, seconds=90, saying="the pages know the villages")
        product.wait_for({"village:V1": ("ready", None), "village:V8": ("ready", None)}, seconds=90)
        after = set(pids_of(product.process.pid))
        assert product.process.pid in after
        assert product.stop() == 0
    assert len(before & after) < len(before)


def test_a_role_by_itself_goes_on_in_the_same_process(tmp_path: Path, small: Inventory) -> None:
    product = Product(tmp_path, 1)
    product.install(small)
    with (tmp_path / "serve.log").open("wb") as log:
        role = subprocess.Popen(
            [sys.executable, str(MANAGE), "serve"], cwd=tmp_path, env=product.environment, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: answers(f"{product.url}/-/ready"), saying="serve is ready")
        village = replace(small.areas["village:V1"], names=Names("Nayagaon"))
        product.install(replace(small, areas={**small.areas, "village:V1": village}))
        wait_until(lambda: "Nayagaon" in _names(product), seconds=90, saying="serve knows the new name")
        assert role.poll() is None
    finally:
        role.terminate()
        assert role.wait(60) == 0


def _villages(product: Product) -> int:
    try:
        return len(product.villages())
    except OSError:  # it is just being started anew
        return 0


def _names(product: Product) -> str:
    try:
        return str(product.get("/api/v1/areas/village:V1"))
    except OSError:
        return ""
