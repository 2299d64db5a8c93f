"""Markdown in templates by Flask-Markdown."""

from flask import Flask, render_template_string
from flaskext.markdown import Markdown

app = Flask(__name__)
Markdown(app)


@app.route("/")
def show():
    return render_template_string(
        "{{ text|markdown }}{% filter markdown %}**strong**{% endfilter %}", text="# Title"
    )


def check(ask):
    text = ask("/").text
    assert "<h1>Title</h1>" in text, text
    assert "<strong>strong</strong>" in text, text
