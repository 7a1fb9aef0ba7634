"""When silences on an electricity feeder speak for lost mains: not where one cut of fibre explains them."""

from hypothesis import given
from hypothesis import strategies as st

from readiness.rules.facts import _unrelated


@given(st.dictionaries(st.integers(0, 8), st.sampled_from("abc"), min_size=3), st.data())
def test_one_cut_and_a_chance_are_no_feeder(fibre_to: dict[int, str], data: st.DataObject) -> None:
    here = data.draw(st.sampled_from(sorted(fibre_to)))
    without = [{site for site, fibre in fibre_to.items() if fibre != cut} for cut in set(fibre_to.values())]
    explained = any(rest <= {here} for rest in without)
    assert _unrelated(fibre_to, here) is not explained
