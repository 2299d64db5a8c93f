"""Attributes that are made when they are first looked at."""

from __future__ import annotations

from bolthead.made import made


class Thing:
    """A thing with such an attribute."""

    count = 0

    @made
    def part(self):
        """A part of the thing."""
        self.count += 1
        return [self.count]


def test_it_is_made_once():
    """The first look makes it, and the next ones find the same."""
    thing = Thing()
    assert thing.part is thing.part
    assert thing.count == 1
    assert Thing().part is not thing.part


def test_it_may_be_assigned_and_deleted():
    """Assigning replaces it, deleting lets it be made again."""
    thing = Thing()
    thing.part = "given"
    assert thing.part == "given"
    assert thing.count == 0
    del thing.part
    assert thing.part == [1]


def test_class_has_its_words():
    """Looked at on the class it is the descriptor, with the function's docstring."""
    assert isinstance(Thing.part, made)
    assert Thing.part.__doc__ == "A part of the thing."
