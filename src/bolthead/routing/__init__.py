"""From a URL to a rule and its arguments, and back; Werkzeug's Map is the truth."""

from __future__ import annotations

from .adapter import PLAIN_HOSTS as PLAIN_HOSTS
from .adapter import create_url_adapter as create_url_adapter
from .adapter import is_plain_host as is_plain_host
from .adapter import is_usual as is_usual
from .builder import Builder as Builder
from .builder import make_builder as make_builder
from .building import build_url as build_url
from .building import inject_defaults as inject_defaults
from .map import CountedMap as CountedMap
from .matcher import UNSURE as UNSURE
from .matcher import Matcher as Matcher
from .matcher import make_matcher as make_matcher
