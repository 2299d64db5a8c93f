"""The runner that awaits is the plain one with ``async`` and ``await``, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PLAN = Path(__file__).parents[2] / "src" / "bolthead" / "plan"

# What only the plain runner has; each is used by both, or needed by one.
SHARED = {
    "endpoint": "calls nobody's function",
    "enter": "opens and matches; done on the loop only where neither can wait",
    "enter_by_methods": "enters a context that was pushed: never on the loop",
    "missed": "raises what was found before",
    "first": "keeps the first of several errors",
    "first_answer": "joins plain checks for one worker thread",
    "one_after_another": "joins plain after functions for one worker thread",
    "recover_last": "logs the error: always in a worker thread",
}

# What differs in how it is done, not in the order of steps.
OWN = {
    "now": "asks for the plan that is to be awaited",
    "tell": "receivers of signals are called in a worker thread",
    "save": "a session that may have to wait is saved in a worker thread",
}


class WithoutAwait(ast.NodeTransformer):
    """Makes plain code of async code."""

    def visit_Await(self, node):
        return self.visit(node.value)

    def visit_AsyncFunctionDef(self, node):
        self.generic_visit(node)
        fields = {name: getattr(node, name) for name in node._fields}
        return ast.FunctionDef(**fields)


def functions(module):
    """Return the functions of a module by name, as trees without async, await and positions."""
    tree = WithoutAwait().visit(ast.parse((PLAN / module).read_text(encoding="utf-8")))
    return {node.name: ast.dump(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


PLAIN, AWAITED = functions("run_sync.py"), functions("run_async.py")


@pytest.mark.parametrize("name", [name for name in AWAITED if name not in OWN])
def test_twin_is_the_plain_function_with_await(name):
    """A function of ``run_async`` without async and await is that of ``run_sync``."""
    assert AWAITED[name] == PLAIN[name]


def test_nothing_is_in_one_runner_only():
    """What has no twin is listed, with its reason."""
    assert set(PLAIN) - set(AWAITED) == set(SHARED)
    assert set(AWAITED) <= set(PLAIN)


def test_lists_are_true():
    """What is listed as different is different."""
    assert all(AWAITED[name] != PLAIN[name] for name in OWN)
