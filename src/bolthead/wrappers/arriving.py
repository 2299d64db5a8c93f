"""A multipart form that is read while its body arrives, and the body with what was found in it."""

from __future__ import annotations

import io
import math
import typing as t

from werkzeug.datastructures import FileStorage, Headers
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import LINE_BREAK_RE, Field

from .fields import BLOCK, Fields
from .parts import Decoder, FormLimits, Parts, limits_of
from .spool import Region, Spool, Upload

if t.TYPE_CHECKING:
    from collections.abc import Mapping

# Above how many bytes of memory, and of headers of parts, a form is left for when the view asks for
# it: no view may have to do with it, and a client can make each byte of headers take a microsecond.
_KEPT = 4 * 1024 * 1024
_HEADERS = 256 * 1024

# What a part takes of memory, about.
_PART = 1024

# How much is parsed without a pause: so many bytes of headers; what a part takes of it beside its
# headers, and what a byte of content does.
_AT_ONCE = 5 * 1024
_OF_PART = 100
_OF_CONTENT = 1 / 64


def begin(content_type: str, config: Mapping[str, t.Any]) -> ArrivingForm | None:
    """Return what reads a form of this type while it arrives, under the limits of an app.

    None where that can only fail: whoever asks for the form is told why.
    """
    limits = limits_of(config, config["MAX_FORM_MEMORY_SIZE"], config["MAX_FORM_PARTS"])
    try:
        mimetype, options = parse_options_header(content_type)
        if mimetype.lower() != "multipart/form-data":
            return None
        explains = config.get("EXPLAIN_LIMITS", False)
        return ArrivingForm(options.get("boundary", ""), limits, explains=explains)
    except Exception:
        return None


class ArrivingForm:
    """Takes a body as it arrives, and notes where in it the fields and files lie.

    It parses in the blocks in which a parser would read the body afterwards, so that it finds the
    same: an error is kept until somebody asks for the form.
    """

    def __init__(self, boundary: str, limits: FormLimits, *, explains: bool) -> None:
        self._parts: _PlacedParts | None = _PlacedParts(boundary, limits)
        self._parts.explains = explains
        self._boundary = boundary
        self._limits = limits
        self._waiting = bytearray()
        self._read = 0
        self._is_at_end = False
        self._is_paused = False
        self._error: Exception | None = None

    def add(self, chunk: bytes) -> bool:
        """Take the next chunk of the body; tell whether there is enough to ``parse``."""
        if self._parts is None:
            return False
        self._waiting += chunk
        return len(self._waiting) >= BLOCK

    def parse(self, *, is_whole: bool, pauses: bool) -> bool:
        """Parse what waits, as far as it makes whole blocks; all of it at the end of the body.

        With ``pauses`` it does what can be done at once; it returns False where more is left.
        """
        parts = self._parts
        if parts is None:
            return True
        parts.decoder.effort = _AT_ONCE if pauses else math.inf
        try:
            if self._is_paused:
                self._is_paused = False
                parts.take(b"")
            for block in self._blocks(parts, is_whole=is_whole):
                parts.take(block)
        except _Pause:
            self._is_paused = True
            return False
        except Exception as error:
            # No view may have to do with this form. One that asks for it gets the error.
            # Without what would keep the parser and its block.
            self._error = error.with_traceback(None)
            error.__context__ = self._parts = None
        else:
            if parts.is_too_much():
                self._parts = None
        return True

    def _blocks(self, parts: _PlacedParts, *, is_whole: bool) -> t.Iterator[bytes | None]:
        waiting = self._waiting
        while len(waiting) >= BLOCK or (is_whole and waiting):
            parts.decoder.spend(min(len(waiting), BLOCK) * _OF_CONTENT)
            block = bytes(waiting[:BLOCK])
            del waiting[:BLOCK]
            self._read += len(block)
            yield block
        if is_whole and not self._is_at_end:
            self._is_at_end = True
            yield None

    def in_body(self, file: t.IO[bytes], size: int) -> FormBody:
        """Return the body that has come, with this form."""
        return FormBody(file, size, self)

    def is_for(self, boundary: str, limits: FormLimits) -> bool:
        """Tell whether a parser with this boundary and these limits would find the same."""
        return (
            (self._parts is not None or self._error is not None)
            and boundary == self._boundary
            and limits == self._limits
        )

    def give(self, body: FormBody) -> tuple[Fields, list[tuple[str, FileStorage]]]:
        """Return the fields and files of a form; raise the error where there was one.

        The body is then read as far as the parser has read it.
        """
        body.seek(self._read)
        error, parts = self._error, self._parts
        self._error = self._parts = None
        if error is not None:
            try:
                raise error
            finally:
                del error  # cuts the cycle of the error and this frame
        spool, parts = body.spool, t.cast(_PlacedParts, parts)
        fields = [
            (name, spool.read(place.size, place.start).decode(charset, "replace"))
            for name, charset, place in parts.texts
        ]
        for _, file in parts.files:
            place = t.cast(t.Any, file.stream)
            file.stream = Upload(spool, place.start, place.size)
        return fields, parts.files


class FormBody(io.BufferedReader):
    """A body that has come as a whole, with the form that was read of it meanwhile."""

    def __init__(self, file: t.IO[bytes], size: int, form: ArrivingForm) -> None:
        self.spool = Spool(file)
        self.size = size
        self.form = form
        super().__init__(Region(self.spool, 0, size))


class _Pause(Exception):
    """More was to be done than is done at once; nothing is lost."""


class _PausingDecoder(Decoder):
    """A decoder that pauses before headers that take more effort than there is left."""

    effort = math.inf
    header_bytes = 0

    def spend(self, effort: float) -> None:
        """Take from the effort that is left."""
        self.effort -= effort
        if self.effort < 0:
            raise _Pause

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        self.spend(len(data) + _OF_PART)
        self.header_bytes += len(data)
        return super()._parse_headers(data)


class _PlacedParts(Parts):
    """Parts of which only the places in the body are kept: where they begin, and their sizes."""

    decoder_class = _PausingDecoder
    decoder: _PausingDecoder

    def __init__(self, boundary: str, limits: FormLimits) -> None:
        super().__init__(boundary, self._make_place, None, limits)
        self.texts: list[tuple[str, str, _Place]] = []
        self._received = 0
        self._place = _Place(0)

    def is_too_much(self) -> bool:
        """Tell whether it takes more than may be for a form that nobody has asked for."""
        decoder = self.decoder
        count = len(self.texts) + len(self.files)
        return decoder.header_bytes > _HEADERS or count * _PART + len(decoder.buffer) > _KEPT

    def take(self, data: bytes | None) -> None:
        if data is not None:
            self._received += len(data)
        super().take(data)

    def _make_place(self, **_: t.Any) -> t.Any:
        buffer = self.decoder.buffer
        # What the decoder holds begins with the line break between headers and content.
        line_break = t.cast(t.Any, LINE_BREAK_RE.match(buffer))
        return _Place(self._received - len(buffer) + line_break.end())

    def _begin_field(self, part: Field) -> None:
        super()._begin_field(part)
        self._place = self._make_place()
        self._field = _Uncollected()

    def _end_field(self, name: str, charset: str, pieces: list[bytes]) -> None:
        self._place.size = self._field_size
        self.texts.append((name, charset, self._place))


class _Place:
    """Where in a body something lies; for a parser the file that it writes it to."""

    __slots__ = ("size", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.size = 0

    def write(self, data: bytes) -> None:
        """Note what lies there."""
        self.size += len(data)

    def seek(self, position: int) -> None:
        """Do nothing: it is read from elsewhere."""


class _Uncollected(list[bytes]):
    """The pieces of a text that is read from elsewhere."""

    def append(self, piece: bytes, /) -> None:
        """Do nothing."""
