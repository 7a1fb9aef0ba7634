"""Numbers that stand for what something was made of: they differ where that does."""

import numpy as np
import pyarrow as pa

from readiness.rules.digests import by_group, mixed, of_all, of_texts, of_words

NAMES = (
    [f"gp-{n:04d}" for n in range(3_000)] + [f"{n:04d}-gp" for n in range(3_000)] + ["", "a", "aa", "ab", "ba", "ग्राम"]
)


def test_other_names_have_other_numbers() -> None:
    found = of_texts(pa.array(NAMES))
    assert len(set(found.tolist())) == len(NAMES)
    assert of_texts(pa.array(NAMES).slice(2_990, 30)).tolist() == found[2_990:3_020].tolist()
    assert of_texts(pa.array([None, ""])).tolist() == [found[-6]] * 2
    assert of_words(pa.chunked_array([pa.array(NAMES[:9] * 2).dictionary_encode()])).tolist() == found[:9].tolist() * 2
    assert of_texts(pa.array([], pa.string())).tolist() == of_words(pa.chunked_array([], pa.string())).tolist() == []


def test_the_order_of_columns_matters_and_that_of_rows_does_not() -> None:
    one, two = np.arange(1_000), np.arange(1_000)[::-1].copy()
    assert not (mixed(one, two) == mixed(two, one)).any()
    assert of_all(mixed(one, two)) == of_all(mixed(two, one)[::-1]) != of_all(mixed(one, one))
    assert len(set(mixed(np.arange(-50_000, 50_000)).tolist())) == 100_000
    assert of_all(mixed(np.zeros(3))) != of_all(mixed(np.zeros(4)))


def test_each_group_has_its_own() -> None:
    rows = mixed(np.array([5, 6, 7]))
    found = by_group(np.array([2, 0, 2]), rows, 4)
    assert found[1] == found[3] != found[0]
    assert found[2] == by_group(np.array([0, 0]), rows[[2, 0]], 1)[0]
