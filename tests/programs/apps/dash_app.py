"""A Dash app with callbacks: an input, a clientside one, a chained one, and one with an error."""

from dash import Dash, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

app = Dash(__name__, title="Shelves")
server = app.server

app.layout = html.Div(
    [
        html.H1("Shelves"),
        dcc.Input(id="name", value="", debounce=False),
        html.P(id="greeting"),
        dcc.Dropdown(["novels", "atlases"], "novels", id="kind", clearable=False),
        html.Ul(id="books"),
        html.Button("Add", id="add", n_clicks=0),
        html.Output(id="count"),
        dcc.Graph(id="graph"),
        dcc.Store(id="kept", data={"adds": 0}),
        html.P(id="doubled"),
    ]
)

BOOKS = {"novels": ["Emma", "Ulysses"], "atlases": ["Mercator"]}


@app.callback(Output("greeting", "children"), Input("name", "value"))
def greet(name):
    return f"Hello {name}" if name else "Who are you?"


@app.callback(Output("books", "children"), Input("kind", "value"))
def show_books(kind):
    return [html.Li(title) for title in BOOKS[kind]]


@app.callback(
    Output("kept", "data"),
    Output("count", "children"),
    Input("add", "n_clicks"),
    State("kept", "data"),
    prevent_initial_call=True,
)
def add(clicks, kept):
    if ctx.triggered_id != "add":
        raise PreventUpdate
    return {"adds": kept["adds"] + 1}, f"{clicks} added"


@app.callback(Output("graph", "figure"), Input("kept", "data"), State("kind", "value"))
def draw(kept, kind):
    return {
        "data": [{"x": [1, 2], "y": [kept["adds"], 3], "type": "bar", "name": kind}],
        "layout": {"title": {"text": f"{kept['adds']} adds"}},
    }


app.clientside_callback(
    "(data) => `${2 * data.adds} in the browser`",
    Output("doubled", "children"),
    Input("kept", "data"),
)


if __name__ == "__main__":
    import sys

    app.run(port=int(sys.argv[1]), debug=False)
