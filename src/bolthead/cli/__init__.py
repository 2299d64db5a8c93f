"""The ``bolthead`` commands, and what an app or an extension needs to write its own.

See https://flask.palletsprojects.com/en/stable/cli/.
"""

from __future__ import annotations

import click as click

from ..devserver.banner import show_server_banner as show_server_banner
from ..devserver.dotenv import load_dotenv as load_dotenv
from .adopt import adopt_command as adopt_command
from .find_app import NoAppException as NoAppException
from .find_app import find_app_by_string as find_app_by_string
from .find_app import find_best_app as find_best_app
from .find_app import locate_app as locate_app
from .find_app import prepare_import as prepare_import
from .group import AppGroup as AppGroup
from .group import FlaskGroup as FlaskGroup
from .group import ScriptInfo as ScriptInfo
from .group import pass_script_info as pass_script_info
from .group import with_appcontext as with_appcontext
from .main import cli as cli
from .main import main as main
from .routes import routes_command as routes_command
from .run import CertParamType as CertParamType
from .run import SeparatedPathType as SeparatedPathType
from .run import run_command as run_command
from .shell import shell_command as shell_command
from .version import get_version as get_version
