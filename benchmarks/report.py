"""Results: written with what they were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import typing as t
from pathlib import Path

from environment import CHECKOUT

RESULTS = Path(__file__).with_name("results")
PACKAGES = [
    "bolthead",
    "flask",
    "werkzeug",
    "jinja2",
    "asgiref",
    "falcon",
    "bottle",
    "pyramid",
    "django",
    "fastapi",
    "starlette",
    "litestar",
    "blacksheep",
    "quart",
    "emmett",
    "robyn",
    "granian",
    "gunicorn",
    "uvicorn",
    "orjson",
]


def machine() -> dict[str, t.Any]:
    """Return what the figures were measured on."""
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "system": platform.system()}


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    for line in text.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def write(question: str, figures: dict[str, t.Any]) -> Path:
    """Write a question's figures with machine, versions and date; return the file's path."""
    result = {
        "question": question,
        "command": f"python benchmarks/run.py {question}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        **figures,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{question}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return path.relative_to(CHECKOUT)
