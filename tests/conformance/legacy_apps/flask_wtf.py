"""Forms with a token against forged ones by Flask-WTF."""

import re

from flask import Flask, render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired

app = Flask(__name__)
app.secret_key = "a key"
CSRFProtect(app)


class NameForm(FlaskForm):
    name = StringField(validators=[DataRequired()])


@app.route("/", methods=["GET", "POST"])
def show():
    form = NameForm()
    if form.validate_on_submit():
        return f"hello {form.name.data}"
    return render_template_string("{{ form.hidden_tag() }}{{ form.name }}", form=form)


def check(ask):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', ask("/").text).group(1)
    assert ask("/", form={"name": "ada"}).status == 400
    assert ask("/", form={"name": "ada", "csrf_token": token}).text == "hello ada"
