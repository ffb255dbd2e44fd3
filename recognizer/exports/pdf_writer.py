"""The little of the PDF format that a searchable scan needs: numbered objects, and a font that draws nothing.

Text that is only searched needs no typeface, so none has to hold œ or ſ and no licence travels along: one empty glyph
serves all characters. Each character of the document gets a code of its own, and a table leads back from codes to
Unicode; that is what viewers search and copy (PDF 32000-1:2008, 9.7 and 9.10.3).
"""

import functools
import io
import zlib

from recognizer.exports.layout import measure

UNITS_PER_EM = 1000
_UNITS_PER_N = 500


class Document:
    """PDF objects, numbered as they come."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        """A number for an object that is filled later."""
        self._objects.append(b"null")
        return len(self._objects)

    def fill(self, number: int, body: bytes) -> None:
        """Give a reserved object its body."""
        self._objects[number - 1] = body

    def add(self, body: bytes) -> int:
        """Add an object; its number."""
        number = self.reserve()
        self.fill(number, body)
        return number

    def add_stream(self, content: bytes, entries: str = "") -> int:
        """Add a stream, compressed unless its entries name a filter; its number."""
        if "/Filter" not in entries:
            content, entries = zlib.compress(content), f"{entries}/Filter/FlateDecode"
        head = f"<<{entries}/Length {len(content)}>>\nstream\n".encode()
        return self.add(head + content + b"\nendstream")

    def finish(self, *, catalog: int, information: int) -> bytes:
        """The whole file."""
        file = io.BytesIO()
        file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        starts = []
        for number, body in enumerate(self._objects, start=1):
            starts.append(file.tell())
            file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        table = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(starts) + 1))
        file.write(b"".join(b"%010d 00000 n \n" % start for start in starts))
        trailer = f"<</Size {len(starts) + 1}/Root {catalog} 0 R/Info {information} 0 R>>"
        file.write(f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode())
        return file.getvalue()


class EmptyFont:
    """The empty font, with a code for each of the document's characters.

    Attributes:
        number: of its object.
    """

    def __init__(self, document: Document, characters: set[str]) -> None:
        self._codes = {character: code for code, character in enumerate(sorted(characters), start=1)}
        program = document.add_stream(_make_empty_font(), f"/Length1 {len(_make_empty_font())}")
        name = "/FontName/Empty/FontBBox[0 -250 1000 750]/Ascent 750/Descent -250/CapHeight 750"
        descriptor = document.add(
            f"<</Type/FontDescriptor{name}/Flags 4/ItalicAngle 0/StemV 80/FontFile2 {program} 0 R>>".encode()
        )
        glyphs = document.add_stream(b"\0\0" + b"\0\1" * len(self._codes))
        widths = " ".join(str(round(_UNITS_PER_N * measure(character))) for character in self._codes)
        system = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        descendant = document.add(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/Empty{system}/FontDescriptor {descriptor} 0 R"
            f"/DW {_UNITS_PER_N}/W[1[{widths}]]/CIDToGIDMap {glyphs} 0 R>>".encode()
        )
        meanings = document.add_stream(self._tell_meanings().encode())
        self.number = document.add(
            f"<</Type/Font/Subtype/Type0/BaseFont/Empty/Encoding/Identity-H"
            f"/DescendantFonts[{descendant} 0 R]/ToUnicode {meanings} 0 R>>".encode()
        )

    def measure(self, text: str) -> float:
        """How wide the text is at a size of 1."""
        return measure(text) * _UNITS_PER_N / UNITS_PER_EM

    def encode(self, text: str) -> str:
        """The text's codes in hexadecimal digits."""
        return "".join(f"{self._codes[character]:04X}" for character in text)

    def _tell_meanings(self) -> str:
        rows = [f"<{code:04X}> <{c.encode('utf-16-be').hex().upper()}>" for c, code in self._codes.items()]
        blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]  # a block holds no more
        listed = "\n".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar" for block in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
            f"{listed}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
        )


def text_string(text: str) -> str:
    """Text as an entry of a dictionary."""
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"


@functools.cache
def _make_empty_font() -> bytes:
    """A TrueType font of two glyphs, neither of which draws anything."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    builder = FontBuilder(UNITS_PER_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "empty"])
    builder.setupCharacterMap({0x20: "empty"})
    builder.setupGlyf({".notdef": Glyph(), "empty": Glyph()})
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", "empty"), (_UNITS_PER_N, 0)))
    builder.setupHorizontalHeader(ascent=750, descent=-250)
    builder.setupNameTable({"familyName": "Empty", "styleName": "Regular", "psName": "Empty"})
    builder.setupOS2()
    builder.setupPost()
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()
