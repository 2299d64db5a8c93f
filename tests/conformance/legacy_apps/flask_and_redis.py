"""A counter in Redis by Flask-And-Redis."""

import socketserver
import threading
import typing as t

from flask import Flask
from flask_redis import Redis


class Counting(socketserver.StreamRequestHandler):
    """As much of a Redis server as the app needs: INCRBY (and OK to the rest), in its protocol."""

    counts: t.ClassVar = {}

    def handle(self):
        while line := self.rfile.readline():
            words = [
                self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in count_of(line)
            ]
            if words[0].upper() == b"INCRBY":
                self.counts[words[1]] = self.counts.get(words[1], 0) + int(words[2])
                self.wfile.write(b":%d\r\n" % self.counts[words[1]])
            else:
                self.wfile.write(b"+OK\r\n")


def count_of(line):
    return range(int(line[1:]))


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counting)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()

app = Flask(__name__)
app.config["REDIS_URL"] = f"redis://127.0.0.1:{server.server_address[1]}/0"
redis = Redis()
redis.init_app(app)


@app.route("/count")
def count():
    return str(redis.incr("visits"))


def check(ask):
    assert [ask("/count").text for _ in range(3)] == ["1", "2", "3"]
