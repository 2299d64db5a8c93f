"""Load an example from its files, afresh for each test, as `bolthead --app` would."""

import importlib.util
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent


@pytest.fixture
def load_example():
    """Return a function that imports an example by its path below this folder.

    "hello/app.py" is a module, "shortener" a package. Each is imported under a name of its own,
    because several examples are called `app`, and forgotten after the test, so that no test sees
    what another one left behind.
    """
    before = set(sys.modules)

    def load(path: str):
        file = EXAMPLES / path
        if file.is_dir():
            file /= "__init__.py"
        name = "example_" + path.removesuffix(".py").replace("/", "_")
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield load

    for name in set(sys.modules) - before:
        if name.startswith("example_"):
            del sys.modules[name]
