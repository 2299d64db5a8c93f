"""What does an upload take of a server: time, memory, and what is written to disk?

One file in a multipart form, of 1 MB and of 100 MB, sent to an app on each server over loopback.
A second view asks for nothing. Each figure is the median of several uploads; memory is the most
that the process held above what it held before, and is that of all its uploads.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {"1 MB": 1_000_000, "100 MB": 100_000_000}
SERVERS = {
    "uvicorn": ["-m", "uvicorn", "uploads:app", "--log-level", "warning", "--port"],
    "bolthead serve": ["-m", "bolthead", "--app", "uploads:app", "serve", "--port"],
}
BOUNDARY = "----WebKitFormBoundaryiJ2qbuW5hG3rMcAv"
HEAD = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="file"; filename="film.mp4"\r\n'
    "Content-Type: video/mp4\r\n\r\n"
).encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def make_app() -> object:
    """Return the app: one view reads the size of the file, one reads nothing."""
    from bolthead import Flask, request

    app = Flask("uploads")

    @app.post("/film")
    def take() -> str:
        return str(request.files["file"].seek(0, 2))

    @app.post("/nothing")
    def ignore() -> str:
        return "nothing"

    return app


def upload(port: int, path: str, size: int) -> tuple[float, float]:
    """Send a file; return the seconds of all, and those from its last byte to the answer."""
    block = os.urandom(100_000)
    length = len(HEAD) + size + len(END)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: uploads\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), 60) as line:
        began = time.perf_counter()
        line.sendall(head.encode() + HEAD)
        for _ in range(size // len(block)):
            line.sendall(block)
        line.sendall(END)
        sent = time.perf_counter()
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
        ended = time.perf_counter()
    expected = str(size) if path == "/film" else "nothing"
    if not answer.endswith(expected.encode()):
        sys.exit(f"The answer to {path} is {answer!r}.")
    return ended - began, ended - sent


def figure(pid: int, file: str, name: str) -> int:
    """Return a figure that the system keeps of a process."""
    text = Path(f"/proc/{pid}/{file}").read_text()
    found = re.search(rf"{name}:\s+(\d+)", text)
    return int(found[1]) if found else 0


def measure(server: str, path: str, size: int, rounds: int) -> str:
    """Return a line of figures for one server, started for it alone."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, *SERVERS[server], str(port)]
    here = Path(__file__).parent
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=here, stdout=log, stderr=log)  # noqa: S603  # our own
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    upload(port, "/film", 100_000)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        sys.exit(f"{server} did not start.")
                    time.sleep(0.1)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            pid = int(children[0]) if server == "bolthead serve" else process.pid
            upload(port, path, size)
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is what is held now
            held = figure(pid, "status", "VmRSS")
            written = figure(pid, "io", "wchar")
            times = [upload(port, path, size) for _ in range(rounds)]
            peak = figure(pid, "status", "VmHWM") - held
            written = (figure(pid, "io", "wchar") - written) // rounds
        finally:
            process.terminate()
            process.wait(30)
    whole, after = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
    return f"{whole:9.1f} ms {after:9.1f} ms {peak / 1024:8.1f} MB {written / 1e6:9.1f} MB"


def main() -> None:
    """Print a table."""
    print(f"{'':36}{'all':>9}    {'after':>9}    {'memory':>8}    {'to disk':>9}")
    for server in SERVERS:
        for path in ("/film", "/nothing"):
            for name, size in SIZES.items():
                line = measure(server, path, size, 5 if size > 10_000_000 else 40)
                print(f"{server:16} {path:10} {name:>7} {line}")


if __name__ == "__main__":
    main()
else:
    app = make_app()
