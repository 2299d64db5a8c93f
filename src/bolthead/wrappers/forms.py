"""The fields and files of a form, read under limits while its body comes."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
    State,
)

from .fields import BLOCK, Fields, fields_of, read_text
from .limits import (
    BOUNDARY_LENGTH,
    FORM_FIELDS,
    FORM_TEXT,
    PART_HEADER_SIZE,
    PART_HEADERS,
    too_large,
)


class FormParser(FormDataParser):
    """Werkzeug's parser under further limits; ``request.form_data_parser_class`` replaces it."""

    def _parse_urlencoded(
        self,
        stream: t.IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str],
    ) -> tuple[t.IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        fields = fields_of(read_text(stream, content_length), FORM_FIELDS)
        return stream, self.cls(fields), self.cls()

    def _parse_multipart(
        self,
        stream: t.IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str],
    ) -> tuple[t.IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        parts = Parts(
            options.get("boundary", ""),
            self.stream_factory,
            content_length,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
        )
        try:
            while data := stream.read(BLOCK):
                parts.take(data)
            parts.take(None)
        except BaseException:
            parts.close()
            raise
        return stream, self.cls(parts.fields), self.cls(parts.files)


class Parts:
    """The parts of a multipart form, of a body that is given piece by piece (RFC 7578).

    ``take`` raises the errors of the limits, and ValueError where it is no such form.
    """

    def __init__(
        self,
        boundary: str,
        make_file: t.Callable[..., t.IO[bytes]],
        declared: int | None,
        *,
        max_form_memory_size: int | None,
        max_form_parts: int | None,
    ) -> None:
        if not boundary:
            raise ValueError("A multipart form needs a boundary between its parts.")
        most = BOUNDARY_LENGTH.most()
        if most is not None and len(boundary) > most:
            raise BOUNDARY_LENGTH.refused(most)
        self.fields: Fields = []
        self.files: list[tuple[str, FileStorage]] = []
        self._decoder = _Decoder(
            boundary.encode("ascii"),
            max_form_memory_size=max_form_memory_size,
            max_parts=max_form_parts,
        )
        # Its methods that say how a part is to be read.
        self._rules = MultiPartParser(stream_factory=t.cast(t.Any, make_file))
        self._declared = declared
        self._most_fields = FORM_FIELDS.most()
        self._most_text = FORM_TEXT.most()
        self._text_size = 0
        self._part: t.Any = None
        self._field: list[bytes] | None = None
        self._file: t.Any = None
        self._field_size = 0

    def take(self, data: bytes | None) -> None:
        """Take the next piece of the body; None says that it was whole."""
        decoder = self._decoder
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
        most = decoder.most_header_size
        if most is not None and decoder.state is State.PART and len(decoder.buffer) > most:
            # Headers of a part whose end has not come yet, and that are too long by now.
            raise PART_HEADER_SIZE.refused(most)

    def _named(self) -> RequestEntityTooLarge:
        """Return the decoder's own refusal with the name of the limit."""
        decoder = self._decoder
        if decoder.max_parts is not None and decoder._parts_decoded > decoder.max_parts:
            return too_large("MAX_FORM_PARTS", decoder.max_parts)
        return too_large("MAX_FORM_MEMORY_SIZE", decoder.max_form_memory_size)

    def _begin_field(self, event: Field) -> None:
        if self._most_fields is not None and len(self.fields) >= self._most_fields:
            raise FORM_FIELDS.refused(self._most_fields)
        self._part, self._field, self._field_size = event, [], 0

    def close(self) -> None:
        """Let go of the files."""
        if self._file is not None:
            self._file.close()
        for _, file in self.files:
            file.close()

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
        size = len(event.data)
        self._field_size += size
        self._text_size += size
        most = self._decoder.max_form_memory_size
        if most is not None and self._field_size > most:
            raise too_large("MAX_FORM_MEMORY_SIZE", most)
        if self._most_text is not None and self._text_size > self._most_text:
            raise FORM_TEXT.refused(self._most_text)
        self._field.append(event.data)
        if not event.more_data:
            charset = self._rules.get_part_charset(part.headers)
            self.fields.append((part.name, b"".join(self._field).decode(charset, "replace")))


class _Decoder(MultipartDecoder):
    """Werkzeug's decoder, which minds how many headers a part has, and how long they are."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.most_headers = PART_HEADERS.most()
        self.most_header_size = PART_HEADER_SIZE.most()

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        if self.most_header_size is not None and len(data) > self.most_header_size:
            raise PART_HEADER_SIZE.refused(self.most_header_size)
        headers = super()._parse_headers(data)
        if self.most_headers is not None and len(headers) > self.most_headers:
            raise PART_HEADERS.refused(self.most_headers)
        return headers
