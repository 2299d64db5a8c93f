"""The forms of accounts."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length

from ..times import zone_names


def strip(value: str | None) -> str | None:
    return value.strip() if value else value


def new_password_fields():
    """Return the validators of a password that is chosen."""
    return [InputRequired("Choose a password."), Length(10, 200, "Use at least 10 characters.")]


class EmailForm(FlaskForm):
    email = EmailField(
        "Email",
        [
            DataRequired("Enter your email address."),
            Email("This is not an email address."),
            Length(max=254),
        ],
        filters=[strip],
        render_kw={"autocomplete": "username"},
    )


class LoginForm(EmailForm):
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField("Stay logged in on this device")


class RegistrationForm(EmailForm):
    name = StringField(
        "Name",
        [DataRequired("Enter your name."), Length(max=80)],
        filters=[strip],
        render_kw={"autocomplete": "name"},
    )
    password = PasswordField(
        "Password",
        new_password_fields(),
        description="At least 10 characters.",
        render_kw={"autocomplete": "new-password"},
    )
    timezone = StringField("Time zone", render_kw={"hidden": True})

    def chosen_zone(self) -> str:
        """Return what the browser says its zone is, if it is one."""
        zone = self.timezone.data
        return zone if zone in zone_names() else "UTC"


class NewPasswordForm(FlaskForm):
    password = PasswordField(
        "New password",
        new_password_fields(),
        description="At least 10 characters.",
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "New password, again",
        [InputRequired("Repeat the password."), EqualTo("password", "The two are not the same.")],
        render_kw={"autocomplete": "new-password"},
    )
