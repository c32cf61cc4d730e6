"""Text is text whatever program saved it, and what is none is refused."""

import pytest

from quantforge.files.decoding import decode

TEXT = "Société Générale,100.50\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_every_encoding_gives_the_same_text(encoding):
    assert decode(TEXT.encode(encoding), "some.csv") == TEXT


@pytest.mark.parametrize("raw", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_a_file_without_text_is_empty(raw):
    with pytest.raises(ValueError, match=r"^some.csv: the file is empty$"):
        decode(raw, "some.csv")


def test_a_binary_file_is_refused_by_what_it_should_have_been():
    with pytest.raises(ValueError, match=r"^some.csv: not an option chain, but a binary file$"):
        decode(bytes(range(256)) * 4, "some.csv", "an option chain")


def test_text_damaged_after_its_byte_order_mark_is_refused_with_the_place():
    with pytest.raises(ValueError, match=r"^some.csv: damaged utf-16-le text at byte \d+$"):
        decode(TEXT.encode("utf-16")[:-1], "some.csv")
