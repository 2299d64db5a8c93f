"""Calls that hold up the event loop, and with it every other request."""

from __future__ import annotations

import ast
import re
import typing as t

from ..finding import Found, Severity, rule
from ..source import Function, Module
from ..subject import Subject

_HTTP = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send")

BLOCKING = frozenset(
    {
        "time.sleep",
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "subprocess.run",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "os.system",
        "os.popen",
        "os.wait",
        "os.waitpid",
        "sqlite3.connect",
        "psycopg2.connect",
        "psycopg.connect",
        "psycopg.Connection.connect",
        "pymysql.connect",
        "MySQLdb.connect",
        "mysql.connector.connect",
        "pyodbc.connect",
        "socket.create_connection",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "smtplib.SMTP",
        "smtplib.SMTP_SSL",
        "ftplib.FTP",
        "input",
        "werkzeug.security.generate_password_hash",
        "werkzeug.security.check_password_hash",
        *(f"requests.{name}" for name in _HTTP),
        *(f"httpx.{name}" for name in _HTTP),
        *(
            f"{client}().{name}"
            for client in ("requests.Session", "requests.session", "httpx.Client")
            for name in _HTTP
        ),
        *(f"urllib3.PoolManager().{name}" for name in ("request", "urlopen")),
    }
)

# A client of Redis, and a session of SQLAlchemy, wait for the network at each of these.
REDIS = re.compile(
    r"redis\.(Redis|StrictRedis|from_url|Redis\.from_url)\(\)\.(get|set|setex|delete|incr|expire"
    r"|hget|hset|hgetall|lpush|rpush|lpop|rpop|blpop|publish|exists|keys|execute_command|ping)"
)
DATABASE = re.compile(
    r"(.*\.)?db\.session\.(execute|scalar|scalars|commit|flush|get|query|refresh|rollback)"
)
MODEL_QUERY = re.compile(r".*\bquery\.(all|first|first_or_404|get|get_or_404|one|count|paginate)")


@rule(
    "B021",
    "An async function blocks the event loop",
    Severity.WARNING,
    why="While the call waits, the loop does nothing else: every other request of the worker waits,"
    " too.",
    fix="Make the view a plain 'def', which gets a thread; or await a library that is made for it"
    " (httpx.AsyncClient, asyncio.sleep, asyncio.create_subprocess_exec), or"
    " 'await asyncio.to_thread(function, ...)'.",
)
def blocking_calls(subject: Subject) -> t.Iterator[Found]:
    """Follow what async functions call, through the app's own plain functions."""
    search = _Search(subject)
    for module in subject.sources.modules:
        for node in module.nodes:
            if isinstance(node, ast.AsyncFunctionDef):
                for call, what in search.blocking_in(module, node):
                    yield module.at(call), f"'async def {node.name}' calls {what}."


class _Search:
    """Looks through functions, each of them once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._known: dict[Function, str | None] = {}

    def blocking_in(self, module: Module, function: Function) -> t.Iterator[tuple[ast.Call, str]]:
        """Yield the calls of a function that block, each with the name of what does."""
        for call in _own_calls(function):
            if isinstance(module.parents.get(call), ast.Await):
                continue
            what = self._blocking(module, call)
            if what:
                yield call, what

    def _blocking(self, module: Module, call: ast.Call) -> str | None:
        dotted = self._called(module, call.func)
        if dotted in BLOCKING and dotted not in module.functions:
            return f"{dotted.replace('()', '')}()"
        if REDIS.fullmatch(dotted) or DATABASE.fullmatch(dotted):
            return f"{dotted.replace('()', '')}()"
        if MODEL_QUERY.fullmatch(dotted) and self.subject.has_extension("flask_sqlalchemy"):
            return f"{dotted}()"
        found = self.subject.sources.function(dotted, module) if dotted else None
        if found is None or isinstance(found[1], ast.AsyncFunctionDef):
            return None
        inner = self._of_function(*found)
        return f"{found[1].name}(), which calls {inner}" if inner else None

    def _of_function(self, module: Module, function: Function) -> str | None:
        if _is_generator(function):
            # The call only makes it.
            return None
        if function not in self._known:
            # First None: a function that calls itself is not looked at again.
            self._known[function] = None
            blocking = next(self.blocking_in(module, function), None)
            self._known[function] = blocking[1] if blocking else None
        return self._known[function]

    def _called(self, module: Module, node: ast.expr) -> str:
        """Return the dotted name of what is called; "()" stands for an instance that was made."""
        if isinstance(node, ast.Attribute):
            left = self._called(module, node.value)
            return f"{left}.{node.attr}" if left else ""
        if isinstance(node, ast.Call):
            made = module.resolve(node.func)
            return f"{made}()" if made else ""
        if isinstance(node, ast.Name):
            bound = self.subject.sources.find_constant(module, node)
            if bound is not None and isinstance(bound[1], ast.Call):
                made = bound[0].resolve(bound[1].func)
                return f"{made}()" if made and "SQLAlchemy" not in made else node.id
        return module.resolve(node)


def _own_calls(function: Function) -> t.Iterator[ast.Call]:
    """Yield the calls that a function makes itself, not those of functions defined in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting = [*ast.iter_child_nodes(node), *waiting]


def _is_generator(function: Function) -> bool:
    return any(
        isinstance(node, ast.Yield | ast.YieldFrom)
        for statement in function.body
        for node in ast.walk(statement)
    )
