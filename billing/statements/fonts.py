"""The fonts of papers: Inter, regular and bold, cut out of the variable font once."""

from __future__ import annotations

import os
import secrets
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import fontpkg_inter
from django.conf import settings
from fontTools.subset import Options, Subsetter, load_font
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

REGULAR, BOLD = 400, 700

_SOURCE = Path(fontpkg_inter.__file__).parent / "files" / "Inter[opsz,wght].ttf"
_TEXT_SIZE = 14
# Latin, Greek and Cyrillic letters, punctuation, currencies, arrows and signs of arithmetic.
_LETTERS = (*range(0x20, 0x530), *range(0x1E00, 0x2000), *range(0x2000, 0x2300))
# Tables that a PDF has no use for; without them a font is read and cut in a fraction of the time.
_LEFT_OUT = ["STAT", "GDEF", "GSUB", "GPOS", "MVAR"]


def font_file(weight: int) -> Path:
    """Give the file of a weight, which is made the first time.

    Effects: a file in the state folder; it never changes as long as the font has its version.
    """
    path = Path(settings.STATE_DIR) / "fonts" / f"inter-{version('fontpkg-inter')}-{weight}.ttf"
    if not path.is_file():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half_written = path.with_suffix(f".{secrets.token_hex(8)}")
        half_written.write_bytes(_made(weight))
        # Whoever makes it at the same time makes the same bytes.
        os.replace(half_written, path)  # noqa: PTH105 - it replaces on every system
    return path


@cache
def _made(weight: int) -> bytes:
    font = TTFont(BytesIO(_cut()), recalcTimestamp=False)
    single = instantiateVariableFont(font, {"wght": weight, "opsz": _TEXT_SIZE})
    return _bytes_of(single)


@cache
def _cut() -> bytes:
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += _LEFT_OUT
    with load_font(str(_SOURCE), options) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=_LETTERS)
        subsetter.subset(font)
        return _bytes_of(font)


def _bytes_of(font: TTFont) -> bytes:
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()
