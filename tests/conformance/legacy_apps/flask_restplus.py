"""A described API by Flask-RESTPlus, with its own description and errors."""

from flask import Flask
from flask_restplus import Api, Resource, fields

app = Flask(__name__)
api = Api(app, doc="/doc")
item = api.model("Item", {"number": fields.Integer(min=1), "name": fields.String})


@api.route("/items/<int(min=1):number>")
class Item(Resource):
    @api.marshal_with(item)
    def get(self, number):
        if number > 9:
            api.abort(404, "no such item")
        return {"number": number, "name": "pen", "secret": 1}

    @api.expect(item, validate=True)
    def put(self, number):
        return api.payload, 201


def check(ask):
    assert ask("/items/3").json == {"number": 3, "name": "pen"}
    assert ask("/items/10").status == 404
    assert ask("/items/10").json["message"].startswith("no such item")
    assert ask("/items/3", method="PUT", json={"number": 3}).status == 201
    assert "number" in ask("/items/3", method="PUT", json={"number": "x"}).json["errors"]
    described = ask("/swagger.json").json["paths"]["/items/{number}"]
    assert described["parameters"][0]["type"] == "integer"
    assert "swagger-ui" in ask("/doc").text
