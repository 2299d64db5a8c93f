"""The forms of the settings page."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from ..accounts.forms import NewPasswordForm, strip
from ..times import zone_names


class ProfileForm(FlaskForm):
    name = StringField(
        "Name",
        [DataRequired("Enter your name."), Length(max=80)],
        filters=[strip],
        render_kw={"autocomplete": "name"},
    )
    timezone = SelectField("Time zone", choices=lambda: [(zone, zone) for zone in zone_names()])
    theme = SelectField(
        "Theme", choices=[("system", "As the device"), ("light", "Light"), ("dark", "Dark")]
    )


class PasswordForm(NewPasswordForm):
    current = PasswordField(
        "Current password",
        [InputRequired("Enter your current password."), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )


class TokenForm(FlaskForm):
    token_name = StringField(
        "Name of the token", [DataRequired("Name the token."), Length(max=80)], filters=[strip]
    )


class DeletionForm(FlaskForm):
    confirm = PasswordField(
        "Your password, to confirm",
        [InputRequired("Enter your password to confirm."), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )
