"""OSI symbols say root, expiry, kind and strike."""

import pytest

from quantforge.chain.symbols import read_symbols
from quantforge.files.cells import CellError


def test_a_symbol_is_taken_apart():
    found = read_symbols(["SPXW230915C04500000", " AAPL  240119C00187500 "], "C")
    assert found.symbol.tolist() == ["SPXW230915C04500000", "AAPL  240119C00187500"]
    assert found.root.tolist() == ["SPXW", "AAPL"]
    assert found.expiry.astype(str).tolist() == ["2023-09-15", "2024-01-19"]
    assert found.strike.tolist() == [4500.0, 187.5]


@pytest.mark.parametrize(
    "cell", ["SPXW230915C04500000", "SPXW231315P04500000", "SPXW230915P4500", "", "put"]
)
def test_what_is_no_symbol_of_the_kind_is_refused_with_its_place(cell):
    with pytest.raises(CellError, match="is not the symbol of a put") as caught:
        read_symbols(["SPXW230915P04500000", cell], "P")
    assert caught.value.index == 1
