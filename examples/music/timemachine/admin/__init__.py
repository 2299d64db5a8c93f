"""The admin page (Flask-Admin): users and imports, for administrators only."""

import typing as t

from flask import abort, redirect, request, url_for
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.contrib.sqla import ModelView
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from wtforms.validators import AnyOf, ValidationError

from ..extensions import db
from ..imports import jobs
from ..models import ADMIN, MEMBER, Import, Play, User
from ..showing import localtime, megabytes, number


class ForAdministrators:
    """What both kinds of view share: who may see them."""

    def is_accessible(self):
        return current_user.is_authenticated and current_user.is_admin

    def inaccessible_callback(self, name, **kwargs):
        if current_user.is_authenticated:
            abort(403)
        return redirect(url_for("accounts.login", next=request.path))


class Overview(ForAdministrators, AdminIndexView):
    @expose("/")
    def index(self):
        counts = {
            "Users": db.session.scalar(select(func.count()).select_from(User)),
            "Plays": db.session.scalar(
                select(func.count())
                .select_from(Play)
                .join(User, (User.id == Play.user_id) & (User.edition == Play.edition))
            ),
            "Imports": db.session.scalar(select(func.count()).select_from(Import)),
            "Imports that wait or run": db.session.scalar(
                select(func.count())
                .select_from(Import)
                .where(Import.status.in_(["waiting", "running"]))
            ),
        }
        return self.render("admin/overview.html", counts=counts)


class Table(ForAdministrators, ModelView):
    # Flask-WTF's form: its token is what the app asks of every form.
    form_base_class = FlaskForm
    can_create = False
    page_size = 25


class Users(Table):
    column_list = ("email", "name", "role", "active", "timezone", "created_at")
    column_searchable_list = ("email", "name")
    column_filters = ("role", "active")
    column_formatters: t.ClassVar = {
        "created_at": lambda view, context, row, name: localtime(row.created_at)
    }
    form_columns = ("name", "role", "active")
    form_choices: t.ClassVar = {"role": [(MEMBER, MEMBER), (ADMIN, ADMIN)]}
    form_args: t.ClassVar = {"role": {"validators": [AnyOf([MEMBER, ADMIN])]}}
    can_delete = False

    def on_model_change(self, form, model, is_created):
        if model.id == current_user.id and not (model.is_admin and model.active):
            raise ValidationError("You cannot take your own access away.")
        if not model.active:
            # Open sessions end at once.
            model.session_version += 1


class Imports(Table):
    can_edit = False
    column_list = (
        "id", "user", "name", "size", "status", "added", "found", "reason", "attempts",
        "created_at",
    )  # fmt: skip
    column_searchable_list = ("name", "user.email")
    column_filters = ("status",)
    column_default_sort = ("id", True)
    column_formatters: t.ClassVar = {
        "created_at": lambda view, context, row, name: localtime(row.created_at),
        "size": lambda view, context, row, name: megabytes(row.size),
        "added": lambda view, context, row, name: number(row.added),
        "found": lambda view, context, row, name: number(row.found),
    }

    def after_model_delete(self, model):
        jobs.path_of(model.id).unlink(missing_ok=True)


def init_app(app) -> None:
    # One for each app: Flask-Admin keeps its views in the object.
    admin = Admin(name="Music Time Machine", index_view=Overview(url="/admin"))
    admin.add_view(Users(User, db, name="Users", endpoint="admin_users"))
    admin.add_view(Imports(Import, db, name="Imports", endpoint="admin_imports"))
    admin.init_app(app)
