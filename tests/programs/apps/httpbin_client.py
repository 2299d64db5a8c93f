"""Asks a served httpbin for most of what it has, by requests; prints what came out as JSON."""

import hashlib
import json
import sys
import time

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

base = sys.argv[1]
web = requests.Session()
web.trust_env = False
found = {}


def check(name, holds):
    found[name] = bool(holds)


def get(path, **options):
    return web.get(base + path, timeout=20, **options)


for method in ("get", "post", "put", "patch", "delete"):
    answer = web.request(method, f"{base}/{method}?a=1&a=2&b=%C3%A9", timeout=20)
    check(method, answer.json()["args"] == {"a": ["1", "2"], "b": "é"})

form = web.post(f"{base}/post", data={"x": "1", "y": ["a", "b"]}, timeout=20).json()
check("form", form["form"] == {"x": "1", "y": ["a", "b"]})
sent = web.post(f"{base}/post", json={"x": [1, None, "ü"]}, timeout=20).json()
check("json", sent["json"] == {"x": [1, None, "ü"]})
files = web.post(f"{base}/post", files={"f": ("n.txt", b"data")}, data={"a": "1"}, timeout=20)
check("files", files.json()["files"] == {"f": "data"} and files.json()["form"] == {"a": "1"})
binary = web.post(f"{base}/post", data=bytes(range(256)), timeout=20).json()
check("binary", binary["data"].startswith("data:application/octet-stream;base64,"))
# httpbin itself refuses chunked bodies on every server but Gunicorn; some servers do before it.
chunked = web.post(f"{base}/post", data=iter([b"ab", b"cd"]), timeout=20)
if "gunicorn" in get("/get").headers["Server"]:
    check("chunked", chunked.json()["data"] == "abcd")
else:
    check("chunked", chunked.status_code in {411, 501})
large = web.post(f"{base}/post", data=b"x" * 3_000_000, timeout=20).json()
check("large body", len(large["data"]) == 3_000_000)

for code in (200, 201, 204, 304, 400, 404, 418, 500, 503):
    check(f"status {code}", get(f"/status/{code}").status_code == code)
check("teapot", "teapot" in get("/status/418").text)
check("status 401", "WWW-Authenticate" in get("/status/401").headers)

check("headers", get("/headers", headers={"X-Own": "1"}).json()["headers"]["X-Own"] == "1")
check("response headers", get("/response-headers?X-A=1&X-A=2").headers["X-A"] == "1, 2")
check("user agent", get("/user-agent", headers={"User-Agent": "me"}).json()["user-agent"] == "me")
check("ip", get("/ip").json()["origin"] == "127.0.0.1")

jump = get("/redirect/3")
check("redirects", jump.url == f"{base}/get" and len(jump.history) == 3)
check("absolute redirects", get("/absolute-redirect/2").url == f"{base}/get")
kept = web.post(f"{base}/redirect-to?url=/post&status_code=307", data={"k": "1"}, timeout=20)
check("redirect keeps the method", kept.json()["form"] == {"k": "1"})

check("cookies", get("/cookies/set?one=1&two=2").json()["cookies"] == {"one": "1", "two": "2"})
check("deleted cookies", get("/cookies/delete?one").json()["cookies"] == {"two": "2"})

check("basic", get("/basic-auth/u/p", auth=HTTPBasicAuth("u", "p")).status_code == 200)
check("basic, wrong", get("/basic-auth/u/p", auth=HTTPBasicAuth("u", "q")).status_code == 401)
check("hidden basic", get("/hidden-basic-auth/u/p").status_code == 404)
check("bearer", get("/bearer", headers={"Authorization": "Bearer t"}).json()["token"] == "t")
for algorithm in ("MD5", "SHA-256"):
    auth = HTTPDigestAuth("u", "p")
    answer = get(f"/digest-auth/auth/u/p/{algorithm}", auth=auth)
    check(f"digest {algorithm}", answer.status_code == 200)

check("gzip", get("/gzip").json()["gzipped"])
check("deflate", get("/deflate").json()["deflated"])
lines = [json.loads(line) for line in get("/stream/5", stream=True).iter_lines()]
check("stream", [line["id"] for line in lines] == [0, 1, 2, 3, 4])
drips = get("/drip?numbytes=5&duration=0.5&delay=0", stream=True)
check("drip", b"".join(drips.iter_content(1)) == b"*****")
data = get("/stream-bytes/100000?seed=1").content
check("bytes", hashlib.sha1(data).digest() and len(data) == 100_000)
part = get("/range/1000", headers={"Range": "bytes=100-199"})
check("range", part.status_code == 206 and len(part.content) == 100)
check("bad range", get("/range/10", headers={"Range": "bytes=50-60"}).status_code == 416)

tag = get("/etag/abc")
check("etag", get("/etag/abc", headers={"If-None-Match": tag.headers["ETag"]}).status_code == 304)
check("etag, other", get("/etag/abc", headers={"If-Match": '"other"'}).status_code == 412)
fresh = get("/cache", headers={"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"})
check("cache", fresh.status_code == 304)
check("max age", get("/cache/60").headers["Cache-Control"] == "public, max-age=60")

begin = time.monotonic()
check("delay", get("/delay/1").status_code == 200 and time.monotonic() - begin >= 1)
check("html", "<h1>" in get("/html").text)
check("robots", "Disallow" in get("/robots.txt").text)
check("utf-8", "∮" in get("/encoding/utf8").text)
check("png", get("/image/png").content.startswith(b"\x89PNG"))
check("image by accept", get("/image", headers={"Accept": "image/svg+xml"}).text.count("<svg") == 1)
check("anything", get("/anything/a/b").json()["method"] == "GET")
options = web.options(f"{base}/get", timeout=20)
check("options", "GET" in options.headers["Allow"])
head = web.head(f"{base}/get", timeout=20)
check("head", head.status_code == 200 and not head.content)
cors = get("/get", headers={"Origin": "https://elsewhere.example"})
check("cors", cors.headers["Access-Control-Allow-Origin"] == "https://elsewhere.example")
check("start page", "httpbin.org" in get("/").text)
print(json.dumps(found))
