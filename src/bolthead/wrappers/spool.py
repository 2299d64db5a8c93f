"""A body that has come, in memory or on disk, and files that lie within it."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import typing as t

_BLOCK = 64 * 1024


class Spool:
    """The bytes of a body; let go when the last region of it is closed."""

    def __init__(self, file: t.IO[bytes]) -> None:
        self._file = file
        self._held: bytes | None = None
        if isinstance(file, io.BytesIO):
            self._held = file.getvalue()
        else:
            file.flush()
        self._regions: set[int] = set()

    def read(self, size: int, offset: int) -> bytes:
        """Return so many bytes from there on; from any thread, and from several at a time."""
        if self._held is not None:
            return self._held[offset : offset + size]
        return os.pread(self._file.fileno(), size, offset)

    def hold(self, region: Region) -> None:
        """Keep the bytes as long as a region needs them."""
        self._regions.add(id(region))

    def let_go(self, region: Region) -> None:
        """Note that a region needs the bytes no more."""
        self._regions.discard(id(region))
        if not self._regions:
            self._held = None
            self._file.close()


class Region(io.RawIOBase):
    """A piece of a spool as a file of its own.

    It is copied to a file on disk when it is written to, or when its descriptor is asked for: no
    region changes the bytes of another, and a descriptor has no other bytes around its own.
    """

    mode = "rb+"
    name = None

    def __init__(self, spool: Spool, start: int, size: int) -> None:
        self._spool = spool
        self._start = start
        self._size = size
        self._position = 0
        self._copy: io.FileIO | None = None
        spool.hold(self)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        """Read into a buffer; 0 at the end."""
        if self._copy is not None:
            return self._copy.readinto(buffer)
        size = min(len(buffer), self._size - self._position)
        if size <= 0:
            return 0
        data = self._spool.read(size, self._start + self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        """Read what is left."""
        # PERF: the pieces of the base class are an eighth of these.
        return b"".join(iter(lambda: self.read(_BLOCK) or b"", b""))

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position from the beginning, from here or from the end; return it."""
        if self._copy is not None:
            return self._copy.seek(offset, whence)
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}.get(whence)
        if base is None:
            raise ValueError(f"A file has no positions relative to {whence!r}: use 0, 1 or 2.")
        if base + offset < 0:
            raise OSError(f"A file has no position before its beginning: {base + offset}.")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position if self._copy is None else self._copy.tell()

    def write(self, data: t.Any, /) -> int | None:
        """Write at the position, into a copy."""
        return self.copied().write(data)

    def truncate(self, size: int | None = None, /) -> int:
        """Cut, or fill with zeros, a copy."""
        return self.copied().truncate(size)

    def fileno(self) -> int:
        """Return the descriptor of a copy."""
        return self.copied().fileno()

    def copied(self) -> io.FileIO:
        """Return a file on disk with these bytes alone, which stands for them from now on."""
        if self._copy is None:
            position = self._position
            copy = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by close()
            try:
                self._position = 0
                shutil.copyfileobj(self, copy, _BLOCK)
                copy.seek(position)
            except BaseException:
                copy.close()
                self._position = position
                raise
            self._copy = copy
            self._spool.let_go(self)
        return self._copy

    def close(self) -> None:
        """Let go of the bytes."""
        if not self.closed:
            if self._copy is not None:
                self._copy.close()
            else:
                self._spool.let_go(self)
        super().close()


class Upload(io.BufferedRandom):
    """A file of a form that lies within its body: read, sought and written like any file."""

    def __init__(self, spool: Spool, start: int, size: int) -> None:
        self._region = Region(spool, start, size)
        super().__init__(self._region)

    def fileno(self) -> int:
        """Return the descriptor of a copy on disk, which stands where this file does."""
        self.rollover()
        return self._region.fileno()

    def rollover(self) -> None:
        """Move it to a file of its own on disk, as ``tempfile.SpooledTemporaryFile`` does."""
        self.flush()  # goes back over what was read ahead
        self._region.copied()
