"""The benchmark of long reports works, and the sums that are kept change no figure."""

from bench.ledger import run


def test_kept_sums_change_no_figure() -> None:
    figures = run(quick=True)
    assert figures["same"]
    assert figures["sums_kept"] > 0
    assert figures["availability_by_district_rows"] > 0
    assert figures["transitions"] > 10 * figures["gram_panchayats"] * figures["months"]
