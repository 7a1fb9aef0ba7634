"""Codes in words: beside each column of codes one in the language that was asked for."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from inventory.model import Names
from reports.columns import TEXT, Column
from reports.report import Report
from reports.words import Words, in_each, listed


def worded(report: Report) -> Report:
    """`report` with a column NAME_LANGUAGE behind each column of codes; as it is where no language was asked for."""
    if not report.language:
        return report
    columns = tuple(_columns(report))
    table, districts = (_with_words(each, columns, report.language) for each in (report.table, report.districts))
    return replace(report, columns=columns, table=table, districts=districts)


def said(code: str, words: Words, language: str) -> str:
    """What a cell of codes is called."""
    return listed(code, words).in_language(language)[0]


def _columns(report: Report) -> Iterator[Column]:
    for column in report.columns:
        yield column
        if column.words is not None:
            meaning = in_each(column.name, _IN_WORDS)
            yield Column(f"{column.name}_{report.language}", TEXT, "", meaning.en, meaning.hi, meaning.pa)


_IN_WORDS = Names(", in words.", ", शब्दों में।", ", ਸ਼ਬਦਾਂ ਵਿੱਚ।")


def _with_words(table: pa.Table, columns: tuple[Column, ...], language: str) -> pa.Table:
    coded = {f"{column.name}_{language}": column for column in columns if column.words is not None}
    return pa.table({
        column.name: _in_words(table, coded[column.name], language) if column.name in coded else table[column.name]
        for column in columns
    })  # fmt: skip


def _in_words(table: pa.Table, column: Column, language: str) -> pa.Array:
    told = table[column.name].combine_chunks().dictionary_encode()
    words = [said(code, column.words or {}, language) for code in told.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(told.indices, pa.array(words, TEXT)).cast(TEXT)
