"""The parts of a multipart form, told apart under limits while its body comes (RFC 7578)."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import FileStorage, Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
    State,
)

from .fields import Fields
from .limits import (
    BOUNDARY_LENGTH,
    FORM_FIELDS,
    FORM_TEXT,
    PART_HEADER_SIZE,
    PART_HEADERS,
    too_large,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping


class FormLimits(t.NamedTuple):
    """What one multipart form may hold; None for no limit."""

    memory: int | None
    parts: int | None
    fields: int | None
    text: int | None
    headers: int | None
    header_size: int | None
    boundary: int | None


_LIMITS = (FORM_FIELDS, FORM_TEXT, PART_HEADERS, PART_HEADER_SIZE, BOUNDARY_LENGTH)


def limits_of(
    config: Mapping[str, t.Any] | None, memory: int | None, parts: int | None
) -> FormLimits:
    """Return the limits of a configuration, or those of an app that has set none.

    ``memory`` and ``parts`` are the two that a request may have of its own.
    """
    found: list[int | None] = []
    for limit in _LIMITS:
        # PERF: ``in`` is no call, ``get`` is one; see benchmarks/in_process.py.
        is_set = config is not None and limit.setting in config
        found += (config[limit.setting] if config is not None and is_set else limit.first,)
    return FormLimits(memory, parts, *found)


class Decoder(MultipartDecoder):
    """Werkzeug's decoder, which minds how many headers a part has, and how long they are."""

    def __init__(self, boundary: bytes, limits: FormLimits) -> None:
        super().__init__(boundary, limits.memory, max_parts=limits.parts)
        self._limits = limits

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        limits = self._limits
        if limits.header_size is not None and len(data) > limits.header_size:
            raise PART_HEADER_SIZE.refused(limits.header_size)
        headers = super()._parse_headers(data)
        if limits.headers is not None and len(headers) > limits.headers:
            raise PART_HEADERS.refused(limits.headers)
        return headers


class Parts:
    """The parts of a multipart form, of a body that is given piece by piece (RFC 7578).

    ``take`` raises the errors of the limits, and ValueError where it is no such form.
    """

    decoder_class: t.ClassVar[type[Decoder]] = Decoder

    def __init__(
        self,
        boundary: str,
        make_file: t.Callable[..., t.IO[bytes]],
        declared: int | None,
        limits: FormLimits,
    ) -> None:
        if not boundary:
            raise ValueError("A multipart form needs a boundary between its parts.")
        if limits.boundary is not None and len(boundary) > limits.boundary:
            raise BOUNDARY_LENGTH.refused(limits.boundary)
        self.explains = False
        """Whether errors name the setting where no app is in force that would say so."""
        self.fields: Fields = []
        self.files: list[tuple[str, FileStorage]] = []
        self.decoder = self.decoder_class(boundary.encode("ascii"), limits)
        # Its methods that say how a part is to be read.
        self._rules = MultiPartParser(stream_factory=t.cast(t.Any, make_file))
        self._declared = declared
        self._limits = limits
        self._count = 0
        self._text_size = 0
        self._part: t.Any = None
        self._field: list[bytes] | None = None
        self._file: t.Any = None
        self._field_size = 0

    def take(self, data: bytes | None) -> None:
        """Take the next piece of the body; None says that it was whole."""
        decoder = self.decoder
        try:
            decoder.receive_data(data)
            event = decoder.next_event()
            while not isinstance(event, Epilogue | NeedData):
                if isinstance(event, Data):
                    self._take_content(event)
                elif isinstance(event, Field):
                    self._begin_field(event)
                elif isinstance(event, File):
                    self._part, self._field = event, None
                    self._file = self._rules.start_file_streaming(event, self._declared)
                event = decoder.next_event()
        except RequestEntityTooLarge as error:
            if hasattr(error, "limit"):
                raise
            raise self._named() from None
        most = self._limits.header_size
        if most is not None and decoder.state is State.PART and len(decoder.buffer) > most:
            # Headers of a part whose end has not come yet, and that are too long by now.
            raise PART_HEADER_SIZE.refused(most)

    def _named(self) -> RequestEntityTooLarge:
        """Return the decoder's own refusal with the name of the limit."""
        decoder = self.decoder
        if decoder.max_parts is not None and decoder._parts_decoded > decoder.max_parts:
            return self._refused("MAX_FORM_PARTS", decoder.max_parts)
        return self._refused("MAX_FORM_MEMORY_SIZE", decoder.max_form_memory_size)

    def _refused(self, setting: str, most: int | None) -> RequestEntityTooLarge:
        return too_large(setting, most, is_new=self.explains)

    def close(self) -> None:
        """Let go of the files."""
        if self._file is not None:
            self._file.close()
        for _, file in self.files:
            file.close()

    def _begin_field(self, part: Field) -> None:
        most = self._limits.fields
        if most is not None and self._count >= most:
            raise FORM_FIELDS.refused(most)
        self._count += 1
        self._part, self._field, self._field_size = part, [], 0

    def _take_content(self, event: Data) -> None:
        part = self._part
        if self._field is None:
            file = self._file
            file.write(event.data)
            if not event.more_data:
                file.seek(0)
                self._file = None
                stored = FileStorage(file, part.filename, part.name, headers=part.headers)
                self.files.append((part.name, stored))
            return
        limits = self._limits
        size = len(event.data)
        self._field_size += size
        self._text_size += size
        if limits.memory is not None and self._field_size > limits.memory:
            raise self._refused("MAX_FORM_MEMORY_SIZE", limits.memory)
        if limits.text is not None and self._text_size > limits.text:
            raise FORM_TEXT.refused(limits.text)
        self._field.append(event.data)
        if not event.more_data:
            self._end_field(part.name, self._rules.get_part_charset(part.headers), self._field)

    def _end_field(self, name: str, charset: str, pieces: list[bytes]) -> None:
        self.fields.append((name, b"".join(pieces).decode(charset, "replace")))
