"""Text that is not UTF-8, by its first bytes."""

import codecs

_MARKS = {
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),  # before UTF-16, whose marks begin these
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
_ZEROS = 0.4  # of all bytes: plain letters leave half of them empty, or three quarters


def wide(data: bytes) -> str:
    """The encoding with two or four bytes for each letter that a text shows; "" for another one.

    Args:
        data: the text, or its first four bytes.
    """
    for name, marks in _MARKS.items():
        if data.startswith(marks):
            return name
    if data.count(0) <= _ZEROS * len(data):
        return ""
    return f"UTF-{32 if data[:4].count(0) > 2 else 16}{'BE' if data[0] == 0 else 'LE'}"
