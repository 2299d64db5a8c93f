"""The fields and files of a form, read under limits: from the body, or while that arrived."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Request as BaseRequest

from .. import current
from .arriving import FormBody
from .fields import BLOCK, fields_of, read_text
from .lenient import Body
from .limits import FORM_FIELDS
from .parts import Parts, limits_of

# What makes the files of requests where nobody has put another function in its place.
_usual_file: t.Any = BaseRequest._get_file_stream


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
        boundary = options.get("boundary", "")
        app = current.app_or_none()
        config = None if app is None else app.config
        limits = limits_of(config, self.max_form_memory_size, self.max_form_parts)
        body = _unread(stream)
        if body is not None and self._makes_usual_files() and body.form.is_for(boundary, limits):
            fields, files = body.form.give(body)
            return stream, self.cls(fields), self.cls(files)
        parts = Parts(boundary, self.stream_factory, content_length, limits)
        try:
            while data := stream.read(BLOCK):
                parts.take(data)
            parts.take(None)
        except BaseException:
            parts.close()
            raise
        return stream, self.cls(parts.fields), self.cls(parts.files)

    def _makes_usual_files(self) -> bool:
        return getattr(self.stream_factory, "__func__", None) is _usual_file


def _unread(stream: t.IO[bytes]) -> FormBody | None:
    """Return the body of a stream where its form was read while it arrived, and it was not since.

    None where the stream would not give all of it.
    """
    body: object = stream
    if isinstance(stream, Body):
        body = stream.source
        if type(body) is FormBody and not stream.would_pass(body.size):
            return None
    return body if type(body) is FormBody and body.tell() == 0 else None
