"""Write the reference pages from the docstrings: ``python docs/build_reference.py``.

A test compares the pages with what this makes, so run it after a docstring or a signature changed.
The source is read, not imported; only the page of commands asks Click.
"""

from __future__ import annotations

import ast
import re
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "bolthead"
TARGET = ROOT / "docs" / "reference"

MODULES = (
    "app",
    "event_stream",
    "blueprints",
    "scaffold",
    "globals",
    "wrappers",
    "helpers",
    "templating",
    "json",
    "json.provider",
    "json.tag",
    "sessions",
    "config",
    "safe_defaults",
    "cross_origin",
    "security_headers",
    "views",
    "signals",
    "ctx",
    "cli",
    "testing",
    "testing.async_client",
    "logging",
    "errors",
    "typing",
    "plan.route_plan",
    "compat",
    "check",
    "serve",
)

# What the source tells in comments or by the name alone.
WORDS = {
    "signals.Namespace": "Blinker's namespace, to make signals of your own.",
    "signals.template_rendered": "Sent after a template was rendered: `template`, `context`.",
    "signals.before_render_template": "Sent before a template is rendered: `template`, `context`.",
    "signals.request_started": "Sent before the first check of a request.",
    "signals.request_finished": "Sent when the response is ready: `response`.",
    "signals.request_tearing_down": "Sent when a request's context ends: `exc`.",
    "signals.got_request_exception": "Sent for an error that nothing has handled: `exception`.",
    "signals.appcontext_tearing_down": "Sent when an app context ends: `exc`.",
    "signals.appcontext_pushed": "Sent when an app context comes into force.",
    "signals.appcontext_popped": "Sent when an app context is out of force.",
    "signals.message_flashed": "Sent when a message is flashed: `message`, `category`.",
    "typing.ResponseValue": "What can become a response on its own.",
    "typing.HeaderValue": "A header's value.",
    "typing.HeadersValue": "Headers beside an answer, in a tuple.",
    "typing.ResponseReturnValue": "What a view may return.",
    "typing.ResponseClass": "A response class, as a type variable.",
    "typing.AppOrBlueprintKey": "Under which name a function is filed: a blueprint's, or None.",
    "typing.AfterRequestCallable": "What `after_request` takes.",
    "typing.BeforeFirstRequestCallable": "A function called once; kept for its name.",
    "typing.BeforeRequestCallable": "What `before_request` takes.",
    "typing.ShellContextProcessorCallable": "What `shell_context_processor` takes.",
    "typing.TeardownCallable": "What `teardown_request` and `teardown_appcontext` take.",
    "typing.TemplateContextProcessorCallable": "What `context_processor` takes.",
    "typing.TemplateFilterCallable": "What `template_filter` takes.",
    "typing.TemplateGlobalCallable": "What `template_global` takes.",
    "typing.TemplateTestCallable": "What `template_test` takes.",
    "typing.URLDefaultCallable": "What `url_defaults` takes.",
    "typing.URLValuePreprocessorCallable": "What `url_value_preprocessor` takes.",
    "typing.ErrorHandlerCallable": "What `errorhandler` takes.",
    "typing.RouteCallable": "A view.",
    "cross_origin.F": "Any function, as a type variable.",
    "views.http_method_funcs": "The names of methods that answer an HTTP method.",
    "logging.default_handler": "The handler an app's logger gets where no other takes its records.",
    "blueprints.DeferredSetupFunction": "What `Blueprint.record` takes.",
    "plan.route_plan.Function": "Any function.",
    "plan.route_plan.Quick": "What makes an answer ready to send, by the answer's type.",
    "templating.TemplateName": "A template's name, a template, or several to choose from.",
    "cli.group.pass_script_info": "Give a command the `ScriptInfo` as its first argument.",
    "cli.main.cli": "The group of the `bolthead` command.",
    "sessions.session_json_serializer": "The serializer of session cookies.",
}


@dataclass(frozen=True)
class Name:
    """A public name: where it is defined, its signature, its text, and a class's own names."""

    name: str
    path: str
    signature: str
    text: str
    names: tuple[Name, ...] = ()
    bases: tuple[str, ...] = ()


# Reading the source


def find_file(module: str) -> Path:
    """Return the file of a module by its name below the package."""
    folder = SOURCE.joinpath(*module.split(".")) if module else SOURCE
    package = folder / "__init__.py"
    return package if package.is_file() else folder.with_suffix(".py")


def read(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(find_file(module).read_text(encoding="utf-8"))


def read_names(module: str) -> list[Name]:
    """Return the public names of a module, those it hands on included."""
    tree = read(module)
    listed = find_listed(tree)
    found = []
    for name, node, text in statements(tree.body):
        if listed is not None and name not in listed:
            continue
        if name.startswith("_") or is_for_types(node):
            continue
        if isinstance(node, ast.ImportFrom | ast.Import):
            handed_on = find_handed_on(module, name, node)
            found += [handed_on] if handed_on else []
        else:
            found.append(describe(module, name, node, text))
    return found


def is_for_types(node: ast.stmt) -> bool:
    """Tell whether a definition is a type variable or a protocol: of use in annotations only."""
    if isinstance(node, ast.ClassDef):
        return any(ast.unparse(base) == "t.Protocol" for base in node.bases)
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    return ast.unparse(node.value.func) == "t.TypeVar" and node.targets[0].id != "ResponseClass"


def find_listed(tree: ast.Module) -> list[str] | None:
    """Return ``__all__``, or None."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def statements(body: list[ast.stmt]) -> t.Iterator[tuple[str, ast.stmt, str]]:
    """Yield each definition of a body: its name, its node, and the text below an assignment."""
    done = set()
    for number, node in enumerate(body):
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # A setter has its property's text, an overload that of its function.
            marks = {ast.unparse(mark) for mark in node.decorator_list}
            if "t.overload" not in marks and f"{node.name}.setter" not in marks:
                names = [node.name]
        elif isinstance(node, ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            # ``import a as a`` hands a name on; other imports are for the module's own use.
            names = [alias.asname for alias in node.names if alias.asname == alias.name]
        below = body[number + 1] if number + 1 < len(body) else None
        text = ""
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            text = str(below.value.value)
        for name in names:
            if name not in done:
                done.add(name)
                yield name, node, text


def find_handed_on(module: str, name: str, node: ast.ImportFrom | ast.Import) -> Name | None:
    """Return a name that is imported to be handed on, from where it is defined."""
    if isinstance(node, ast.Import):
        return None
    origin = origin_of(module, node)
    if origin is None:
        # Another library's.
        return Name(name, f"{module}.{name}", name, WORDS.get(f"{module}.{name}", ""))
    if name in {"json"} or not find_file(origin).is_file():
        return None
    for defined, inner, text in statements(read(origin).body):
        if defined == name:
            if isinstance(inner, ast.ImportFrom):
                return find_handed_on(origin, name, inner)
            return describe(origin, name, inner, text)
    return None


def origin_of(module: str, node: ast.ImportFrom) -> str | None:
    """Return the module, below the package, that an import reads; None for another library."""
    if node.level == 0:
        if node.module and node.module.startswith("bolthead."):
            return node.module.removeprefix("bolthead.")
        return None
    parts = module.split(".") if module else []
    if find_file(module).name != "__init__.py":
        parts = parts[:-1]
    parts = parts[: len(parts) - (node.level - 1)]
    return ".".join([*parts, *((node.module or "").split(".") if node.module else [])])


def describe(module: str, name: str, node: ast.stmt, text: str) -> Name:
    """Return a definition as a public name."""
    path = f"{module}.{name}"
    if isinstance(node, ast.ClassDef):
        return describe_class(path, node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return Name(name, path, signature_of(node), clean(ast.get_docstring(node) or ""))
    signature = name
    if isinstance(node, ast.AnnAssign):
        signature = f"{name}: {plain(node.annotation)}"
    return Name(name, path, signature, clean(text) or WORDS.get(path, ""))


def describe_class(path: str, node: ast.ClassDef) -> Name:
    """Return a class with its public attributes and methods that have a text."""
    names = []
    makes = ""
    for name, inner, text in statements(node.body):
        if name == "__init__":
            makes = signature_of(t.cast(ast.FunctionDef, inner), "")
        if name.startswith("_"):
            continue
        found = describe(path, name, inner, text)
        if isinstance(inner, ast.FunctionDef) and is_attribute(inner):
            returns = f": {plain(inner.returns)}" if inner.returns else ""
            found = Name(name, found.path, name + returns, found.text)
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) or found.text:
            names.append(found)
    names = [found if found.text else inherited(found, node) for found in names]
    bases = tuple(ast.unparse(base) for base in node.bases)
    text = clean(ast.get_docstring(node) or "")
    return Name(node.name, path, f"{node.name}{makes}", text, tuple(names), bases)


def inherited(name: Name, node: ast.ClassDef) -> Name:
    """Return a method without a text with that of the class it overrides, in the same module."""
    module = name.path.rsplit(".", 2)[0]
    bases = {ast.unparse(base) for base in node.bases}
    for other in read(module).body:
        if isinstance(other, ast.ClassDef) and other.name in bases:
            for defined, inner, _ in statements(other.body):
                if defined == name.name and isinstance(inner, ast.FunctionDef):
                    text = clean(ast.get_docstring(inner) or "")
                    return Name(name.name, name.path, name.signature, text)
    return name


def is_attribute(node: ast.FunctionDef) -> bool:
    """Tell whether a method is read as an attribute."""
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    return bool(marks & {"property", "made", "cached_property"})


def plain(annotation: ast.expr) -> str:
    """Return an annotation's text without quotes and module prefixes."""
    text = ast.unparse(annotation).replace("'", "")
    return re.sub(r"\b(t|ft|cabc)\.(?=[A-Z])", "", text)


def signature_of(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str | None = None) -> str:
    """Return a function's signature as it is called: without ``self``."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    parts = []
    for number, (argument, default) in enumerate(zip(positional, defaults, strict=True)):
        if number == 0 and argument.arg in {"self", "cls"}:
            continue
        parts.append(argument_of(argument, default))
    if given.vararg:
        parts.append(f"*{argument_of(given.vararg, None)}")
    elif given.kwonlyargs:
        parts.append("*")
    parts += map(argument_of, given.kwonlyargs, given.kw_defaults)
    if given.kwarg:
        parts.append(f"**{argument_of(given.kwarg, None)}")
    called = node.name if name is None else name
    returns = plain(node.returns) if node.returns else ""
    arrow = f" -> {returns}" if returns and called else ""
    return f"{called}({', '.join(parts)}){arrow}"


def argument_of(argument: ast.arg, default: ast.expr | None) -> str:
    """Return one argument with its type and default."""
    text = argument.arg
    if argument.annotation is not None:
        text += f": {plain(argument.annotation)}"
    if default is not None:
        text += f"{' = ' if argument.annotation else '='}{ast.unparse(default)}"
    return text


def clean(text: str) -> str:
    """Return a docstring as Markdown."""
    lines = text.strip().splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(indents, default=0) if lines and not text.startswith("\n") else 0
    if margin and all(line[:margin].isspace() or not line.strip() for line in lines[1:]):
        # An indented drawing stays one.
        drawn = any("├" in line for line in lines)
        lines = lines if drawn else [lines[0], *(line[margin:] for line in lines[1:])]
    return "\n".join(lines).replace("``", "`").strip()


# Writing the pages


def title_of(module: str) -> str:
    """Return a module's full name."""
    return f"bolthead.{module}" if module else "bolthead"


def page_of(module: str) -> str:
    """Return the file name of a module's page."""
    return f"{module}.md"


def build_module(module: str) -> str:
    """Return the page of a module."""
    parts = [f"# `{title_of(module)}`", clean(ast.get_docstring(read(module)) or "")]
    for name in read_names(module):
        home = name.path.rpartition(".")[0]
        if home != module and home in MODULES:
            parts.append(f"## {name.name}\n\nSee [`{title_of(home)}`]({page_of(home)}).")
            continue
        parts += build_name(name)
    return "\n\n".join(parts) + "\n"


def build_name(name: Name) -> list[str]:
    """Return the paragraphs of a name."""
    parts = [f"## {name.name}", f"`{name.signature}`", name.text or WORDS.get(name.path, "")]
    bases = [find_base(base) for base in name.bases]
    linked = [link for link in bases if link]
    if linked:
        parts.append(f"Has also what {' and '.join(linked)} has.")
    if name.names:
        parts.append("\n".join(build_item(inner) for inner in name.names))
    return [part for part in parts if part]


def build_item(name: Name) -> str:
    """Return a list item for an attribute or a method of a class."""
    text = name.text.replace("\n\n", " ").replace("\n", " ")
    return f"- `{name.signature}`" + (f": {text}" if text else "")


def find_base(base: str) -> str | None:
    """Return a link to a base class that has a page."""
    if base.startswith("_"):
        return None
    for module in MODULES:
        for name, node, _ in statements(read(module).body):
            if name == base and isinstance(node, ast.ClassDef):
                return f"[`{base}`]({page_of(module)}#{base.lower()})"
    return None


def build_commands() -> str:
    """Return the page of the ``bolthead`` commands."""
    from bolthead.cli import cli

    parts = [
        "# The `bolthead` commands",
        "Also called as `python -m bolthead`. The app is named by `--app`, by the environment"
        " variable `BOLTHEAD_APP` or `FLASK_APP`, or is that of `wsgi.py` or `app.py` in the"
        " working directory. An app's own commands are listed beside these.",
        "## bolthead",
        build_options(cli),
    ]
    for name in sorted(cli.commands):
        command = cli.commands[name]
        text = " ".join((command.help or "").split("\n\n")[0].split())
        parts += [f"## bolthead {name}", text, build_options(command)]
    return "\n\n".join(part for part in parts if part) + "\n"


def build_options(command: click.Command) -> str:
    """Return a list of a command's options."""
    lines = []
    for option in command.params:
        if not isinstance(option, click.Option) or option.name == "help":
            continue
        both = ", ".join(f"`{word}`" for word in (*option.opts, *option.secondary_opts))
        first = option.default
        shown = isinstance(first, str | int) and not isinstance(first, bool) and not option.is_flag
        default = f" Default: `{first}`." if shown else ""
        lines.append(f"- {both}: {' '.join((option.help or '').split())}{default}")
    return "\n".join(lines)


def build_check_findings() -> str:
    """Return the page of what ``bolthead check`` finds, from its rules."""
    from bolthead.check import RULES
    from bolthead.check.report import rules_as_markdown

    parts = [
        "# What `bolthead check` finds",
        "Written from the rules in `check/rules/` by `docs/build_reference.py`."
        " [Check before you deploy](../how-to/check-before-you-deploy.md) tells how to use the"
        " command, and how to leave a finding out. An error makes it end with status 1.",
        rules_as_markdown(RULES),
    ]
    return "\n\n".join(parts) + "\n"


def build_legacy_names() -> str:
    """Return the page of names that were removed, from the table by which they are given back."""
    from bolthead.compat.legacy.table import as_markdown

    parts = [
        "# Removed names",
        "Names that Flask 1.1 to 3.0, Werkzeug and what was used with them had, and have no more."
        " They work again after `install_as_flask(legacy=True)`, or in a virtual environment after"
        " `bolthead adopt --legacy`: [Run an existing app]"
        "(../how-to/run-an-existing-app.md#apps-and-extensions-of-older-releases). The first use"
        " of each gives a `DeprecationWarning` that says what to use. Written from the table in"
        " `compat/legacy/table.py` by `docs/build_reference.py`.",
        as_markdown(),
        "Beside the names, `request.authorization` is a dictionary again, or the header's text for"
        " a scheme such as `Bearer`; what it is today works, too. The attributes of a context are"
        " kept as long as it is.",
        "[Extensions](extensions.md) lists some that run by this.",
    ]
    return "\n\n".join(parts) + "\n"


def build_index() -> str:
    """Return the page that lists the others."""
    parts = [
        "# Reference",
        "One page per module, written from the source by `docs/build_reference.py`. A module of"
        " Flask has the same name here: `flask.app` is `bolthead.app`.",
        "- [Settings](settings.md): every key of the configuration\n"
        "- [Extensions](extensions.md): those whose tests are run, and what to know\n"
        "- [Removed names](legacy-names.md) of older releases, and what to use\n"
        "- [What `bolthead check` finds](check-findings.md), why it matters, and the cure\n"
        "- [Commands](commands.md): `bolthead run`, `routes`, `shell`, `adopt`",
        "## Modules",
        "\n".join(
            f"- [`{title_of(module)}`]({page_of(module)}):"
            f" {first_line(ast.get_docstring(read(module)) or '')}"
            for module in MODULES
        ),
        "## Names of `bolthead`",
        "What `from bolthead import …` gives.",
        "\n".join(build_public_name(name) for name in read_names("")),
    ]
    return "\n\n".join(parts) + "\n"


def build_public_name(name: Name) -> str:
    """Return a list item that names a public name and where it is described."""
    home = name.path.rpartition(".")[0]
    for module in (home, home.rpartition(".")[0]):
        if module in MODULES:
            link = f"[`{name.name}`]({page_of(module)}#{name.name.lower()})"
            return f"- {link}: {first_line(name.text)}"
    return f"- `{name.name}`: {first_line(name.text)}"


def first_line(text: str) -> str:
    """Return the first paragraph of a text, on one line."""
    return " ".join(clean(text).split("\n\n")[0].split())


def build_pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    pages = {page_of(module): build_module(module) for module in MODULES}
    more = {
        "index.md": build_index(),
        "commands.md": build_commands(),
        "check-findings.md": build_check_findings(),
        "legacy-names.md": build_legacy_names(),
    }
    return {**more, **pages}


SAFE_DEFAULTS_PAGE = ROOT / "docs" / "explanation" / "safe-defaults.md"
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def build_safe_defaults() -> str:
    """Return the page of safe defaults with the table as it is in the source."""
    from bolthead.safe_defaults import SAFE_DEFAULTS

    rows = ["| setting | in `Flask` | in `Bolthead` | |", "|---|---|---|---|"]
    rows += [
        f"| `{row.setting}` | {_value(row.in_flask)} | {_value(row.in_bolthead)} | {row.why} |"
        for row in SAFE_DEFAULTS
    ]
    table = "\n".join(["", *rows, "", ""])
    return TABLE.sub(lambda _: table, SAFE_DEFAULTS_PAGE.read_text(encoding="utf-8"))


def _value(value: object) -> str:
    shown = f"{value:_}" if type(value) is int else repr(value).replace("'", '"')
    return f"`{shown}`"


def undescribed() -> list[str]:
    """Return the public names, and public methods of classes, that have no text."""
    missing = []
    for module in ("", *MODULES):
        for name in read_names(module):
            missing += [found.path for found in (name, *name.names) if not found.text]
    return sorted({path for path in missing if path not in WORDS})


def main() -> None:
    """Write the pages; tell which names have no text."""
    TARGET.mkdir(exist_ok=True)
    for name, text in build_pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")
    SAFE_DEFAULTS_PAGE.write_text(build_safe_defaults(), encoding="utf-8")
    missing = undescribed()
    if missing:
        sys.exit("No text for: " + ", ".join(missing))


if __name__ == "__main__":
    main()
