"""The containers of an app's set-up count their changes, and are the plain ones otherwise."""

from __future__ import annotations

import copy
import json

import pytest

from bolthead.registry import Changes, CountedDict, CountedList, handlers, lists

LIST_CHANGES = {
    "append": lambda x: x.append(4),
    "extend": lambda x: x.extend([4, 5]),
    "insert": lambda x: x.insert(0, 4),
    "remove": lambda x: x.remove(2),
    "pop": lambda x: x.pop(),
    "clear": lambda x: x.clear(),
    "sort": lambda x: x.sort(),
    "reverse": lambda x: x.reverse(),
    "item set": lambda x: x.__setitem__(0, 9),
    "slice set": lambda x: x.__setitem__(slice(0, 2), [9]),
    "item deleted": lambda x: x.__delitem__(0),
    "+=": lambda x: x.__iadd__([4]),
    "*=": lambda x: x.__imul__(2),
}

DICT_CHANGES = {
    "item set": lambda x: x.__setitem__("c", 3),
    "item deleted": lambda x: x.__delitem__("a"),
    "update": lambda x: x.update(c=3),
    "|=": lambda x: x.__ior__({"c": 3}),
    "setdefault": lambda x: x.setdefault("c", 3),
    "pop": lambda x: x.pop("a"),
    "popitem": lambda x: x.popitem(),
    "clear": lambda x: x.clear(),
}


@pytest.mark.parametrize("change", LIST_CHANGES.values(), ids=LIST_CHANGES)
def test_every_change_of_a_list_counts(change):
    """Each method that changes a list raises the count, and does what it does to a plain one."""
    changes = Changes()
    counted, plain = CountedList(changes, [3, 1, 2]), [3, 1, 2]
    before = changes.count
    change(counted)
    change(plain)
    assert counted == plain
    assert changes.count > before


@pytest.mark.parametrize("change", DICT_CHANGES.values(), ids=DICT_CHANGES)
def test_every_change_of_a_dictionary_counts(change):
    """Each method that changes a dictionary raises the count, and does what it does."""
    changes = Changes()
    counted, plain = CountedDict(changes, {"a": 1, "b": 2}), {"a": 1, "b": 2}
    before = changes.count
    change(counted)
    change(plain)
    assert counted == plain
    assert changes.count > before


def mutators(cls):
    """Return the names of a built-in container's methods that change it."""
    looks = {
        "__class_getitem__", "__contains__", "__doc__", "__eq__", "__ge__", "__getattribute__",
        "__getitem__", "__gt__", "__hash__", "__init__", "__iter__", "__le__", "__len__",
        "__lt__", "__mul__", "__add__", "__rmul__", "__ne__", "__new__", "__or__", "__repr__",
        "__reversed__", "__ror__", "__sizeof__", "copy", "count", "fromkeys", "get", "index",
        "items", "keys", "values",
    }  # fmt: skip
    return sorted(set(vars(cls)) - looks)


@pytest.mark.parametrize(("counted", "plain"), [(CountedList, list), (CountedDict, dict)])
def test_no_mutating_method_is_forgotten(counted, plain):
    """Whatever a built-in container can be changed with is counted, in later Pythons as well."""
    forgotten = [name for name in mutators(plain) if getattr(counted, name) is getattr(plain, name)]
    assert forgotten == []


@pytest.mark.parametrize(
    "look", [len, list, repr, bool, json.dumps], ids=lambda look: look.__name__
)
def test_looking_does_not_count(look):
    """Reading a container leaves the count as it is."""
    changes = Changes()
    counted = CountedList(changes, [1])
    before = changes.count
    look(counted)
    assert changes.count == before


def test_table_makes_missing_lists():
    """A table of functions makes the list of a scope that is asked for; that is counted too."""
    changes = Changes()
    table = lists(changes)
    table["part"].append(len)
    before = changes.count
    table["part"].append(len)
    assert changes.count > before
    assert table == {"part": [len, len]}


TAKEN_OVER = {
    "item": lambda table, given: table.__setitem__("part", given),
    "setdefault": lambda table, given: table.setdefault("part", given),
    "update": lambda table, given: table.update({"part": given}),
    "update by keyword": lambda table, given: table.update(part=given),
    "|=": lambda table, given: table.__ior__({"part": given}),
}


@pytest.mark.parametrize("put", TAKEN_OVER.values(), ids=TAKEN_OVER)
def test_plain_list_that_is_put_in_counts_from_then_on(put):
    """A plain list filed in a table becomes one whose changes are counted."""
    changes = Changes()
    table = lists(changes)
    put(table, [len])
    before = changes.count
    table["part"].append(len)
    assert changes.count > before
    assert table["part"] == [len, len]


def test_handlers_are_counted_at_every_level():
    """Scope, code and class of an error handler may be filed directly; each is counted."""
    changes = Changes()
    table = handlers(changes)
    counts = [changes.count]
    table[None][404][KeyError] = len
    counts.append(changes.count)
    table["part"] = {None: {ValueError: len}}
    counts.append(changes.count)
    table["part"][None][KeyError] = len
    counts.append(changes.count)
    assert counts == sorted(set(counts))
    assert table == {None: {404: {KeyError: len}}, "part": {None: {ValueError: len, KeyError: len}}}


def test_registries_of_an_app_are_plain_to_the_eye(app):
    """What an app has registered compares and prints as dictionaries and lists do."""

    def before():
        return None

    app.before_request(before)
    assert app.before_request_funcs == {None: [before]}
    assert isinstance(app.before_request_funcs, dict)
    assert isinstance(app.before_request_funcs[None], list)
    assert app.view_functions.keys() == {"static"}
    assert [before, *app.before_request_funcs[None]] == [before, before]
    assert app.before_request_funcs[None] + [before] == [before, before]


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_registries_can_be_copied(app, copying):
    """Test suites keep a copy of a registry to restore it."""
    app.before_request_funcs[None].append(len)
    kept = copying(app.before_request_funcs)
    app.before_request_funcs[None].append(min)
    assert kept[None] == ([len] if copying is copy.deepcopy else [len, min])
    app.before_request_funcs = kept
    assert isinstance(app.before_request_funcs, dict)
