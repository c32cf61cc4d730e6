"""The text of a file, whatever program saved it."""

from __future__ import annotations

import codecs

__all__ = ["decode", "encoding_of", "is_blank"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(raw: bytes, source: str, what: str = "text") -> str:
    """Decode UTF-8, UTF-16 (with a byte order mark or without) or Latin-1.

    Raises
    ------
    ValueError
        If the bytes are empty or not text.
    """
    encoding = encoding_of(raw, source)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if raw.startswith(tuple(mark for mark, _ in _MARKS)):
            raise ValueError(
                f"{source}: damaged {error.encoding} text at byte {error.start}"
            ) from error
        text = raw.decode("latin-1")
    if "\0" in text:
        raise ValueError(f"{source}: not {what}, but a binary file")
    return text


def is_blank(raw: bytes) -> bool:
    """Whether a file holds nothing but white space, in any encoding."""
    return not raw.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe")


def encoding_of(head: bytes, source: str) -> str:
    """Encoding of a file that begins like this; ``"utf-8"`` may still turn out to be Latin-1.

    Raises
    ------
    ValueError
        If the bytes are empty.
    """
    if is_blank(head):
        raise ValueError(f"{source}: the file is empty")
    return next((name for mark, name in _MARKS if head.startswith(mark)), None) or _unmarked(head)


def _unmarked(raw: bytes) -> str:
    """Encoding of bytes without a byte order mark.

    In UTF-16 nearly every second byte of a table is zero. In the other encodings none is.
    """
    head = raw[:2000]
    if head[1::2].count(0) > 0.4 * len(head):
        return "utf-16-le"
    if head[0::2].count(0) > 0.4 * len(head):
        return "utf-16-be"
    return "utf-8"
