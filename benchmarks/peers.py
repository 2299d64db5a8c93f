"""The same work in the words of other frameworks, as far as they have the concept.

Each class is one framework; each method builds the app of the workload that has its name, with
``_`` for ``-``. Nothing is imported before a peer is asked for.
"""

from __future__ import annotations

import logging
import typing as t

from workloads import DOCUMENT, OutOfStock, WsgiApp, folder


class Raw:
    """A plain WSGI function: what calling anything at all costs."""

    def text(self) -> WsgiApp:
        body = b"Hello, World!"
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]

        def app(environ: t.Any, start_response: t.Any) -> list[bytes]:
            start_response("200 OK", headers)
            return [body]

        return app

    def json(self) -> WsgiApp:
        from json import dumps

        def app(environ: t.Any, start_response: t.Any) -> list[bytes]:
            body = dumps(DOCUMENT).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response("200 OK", headers)
            return [body]

        return app


class Falcon:
    """Falcon, with the extension modules that its wheel has."""

    def _app(self, routes: dict[str, t.Any], **options: t.Any) -> t.Any:
        import falcon

        app = falcon.App(**options)
        for path, resource in routes.items():
            app.add_route(path, resource)
        return app

    def text(self) -> WsgiApp:
        return t.cast("WsgiApp", self._app({"/": _FalconText("Hello, World!")}))

    def json(self) -> WsgiApp:
        class Json:
            def on_get(self, req: t.Any, resp: t.Any) -> None:
                resp.media = DOCUMENT

        return t.cast("WsgiApp", self._app({"/json": Json()}))

    def _typed(self, rules: int) -> WsgiApp:
        import falcon

        class Show:
            def on_get(self, req: t.Any, resp: t.Any, number: int) -> None:
                resp.content_type = falcon.MEDIA_TEXT
                resp.text = f"number {number}"

        routes: dict[str, t.Any] = {}
        for index in range(rules // 2):
            routes[f"/page{index}/about"] = _FalconText("static")
            routes[f"/things{index}/{{number:int}}"] = Show()
        return t.cast("WsgiApp", self._app(routes))

    def typed_200(self) -> WsgiApp:
        return self._typed(200)

    def typed_10000(self) -> WsgiApp:
        # Adding them takes Falcon most of a minute; the requests are what counts.
        return self._typed(10_000)

    def nested(self) -> WsgiApp:
        return t.cast("WsgiApp", self._app({"/outer/inner/view": _FalconText("inner view")}))

    def method_view(self) -> WsgiApp:
        return t.cast("WsgiApp", self._app({"/hello": _FalconText("Hello, World!")}))

    def hooks(self) -> WsgiApp:
        import falcon

        class View:
            def on_get(self, req: t.Any, resp: t.Any) -> None:
                seen = req.context
                resp.content_type = falcon.MEDIA_TEXT
                resp.text = str(seen.first + seen.second + seen.third)

        class Middleware:
            def __init__(self, name: str, value: int, header: str) -> None:
                self.name, self.value, self.header = name, value, header

            def process_request(self, req: t.Any, resp: t.Any) -> None:
                setattr(req.context, self.name, self.value)

            def process_response(
                self, req: t.Any, resp: t.Any, resource: t.Any, succeeded: bool
            ) -> None:
                resp.set_header(f"X-{self.header}", self.header.lower())

        middleware = [
            Middleware("first", 1, "A"),
            Middleware("second", 2, "B"),
            Middleware("third", 3, "C"),
        ]
        return t.cast("WsgiApp", self._app({"/": View()}, middleware=middleware))

    def form(self) -> WsgiApp:
        class Search:
            def on_post(self, req: t.Any, resp: t.Any) -> None:
                posted = req.get_media()
                resp.media = {
                    "q": req.get_param("q", required=True),
                    "page": req.get_param_as_int("page"),
                    "tags": req.get_param_as_list("tag"),
                    "name": posted["name"],
                    "born": int(posted["born"]),
                }

        return t.cast("WsgiApp", self._app({"/search": Search()}))

    def static(self) -> WsgiApp:
        app = self._app({})
        app.add_static_route("/static", str(folder() / "static"))
        return t.cast("WsgiApp", app)

    def static_304(self) -> WsgiApp:
        return self.static()

    def upload(self) -> WsgiApp:
        import falcon
        from falcon.media import MultipartFormHandler

        class Take:
            def on_post(self, req: t.Any, resp: t.Any) -> None:
                title, size = "", 0
                for part in req.get_media():
                    if part.name == "title":
                        title = part.text
                    else:
                        size = len(part.stream.read())
                resp.content_type = falcon.MEDIA_TEXT
                resp.text = f"{title}: {size}"

        app = self._app({"/upload": Take()})
        app.req_options.media_handlers[falcon.MEDIA_MULTIPART] = MultipartFormHandler()
        return t.cast("WsgiApp", app)

    def _404(self) -> WsgiApp:
        import falcon

        def not_found(req: t.Any, resp: t.Any, ex: Exception, params: t.Any) -> None:
            resp.status = falcon.HTTP_404
            resp.content_type = falcon.MEDIA_TEXT
            resp.text = "nothing here"

        app = self._app({"/": _FalconText("Hello, World!")})
        app.add_error_handler(falcon.HTTPNotFound, not_found)
        return t.cast("WsgiApp", app)

    def error(self) -> WsgiApp:
        import falcon

        class Buy:
            def on_get(self, req: t.Any, resp: t.Any) -> None:
                raise OutOfStock("no more")

        def out_of_stock(req: t.Any, resp: t.Any, ex: Exception, params: t.Any) -> None:
            resp.status = falcon.HTTP_409
            resp.content_type = falcon.MEDIA_TEXT
            resp.text = str(ex)

        app = self._app({"/buy": Buy()})
        app.add_error_handler(OutOfStock, out_of_stock)
        return t.cast("WsgiApp", app)


class _FalconText:
    """A Falcon resource that answers a text."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def on_get(self, req: t.Any, resp: t.Any) -> None:
        resp.content_type = "text/plain; charset=utf-8"
        resp.text = self.answer

    def on_post(self, req: t.Any, resp: t.Any) -> None:
        resp.text = "posted"


class Bottle:
    """Bottle."""

    def _app(self) -> t.Any:
        import bottle

        return bottle.Bottle()

    def text(self) -> WsgiApp:
        app = self._app()

        @app.get("/")  # type: ignore[untyped-decorator]  # Bottle has no types
        def hello() -> str:
            return "Hello, World!"

        return t.cast("WsgiApp", app)

    def json(self) -> WsgiApp:
        app = self._app()

        @app.get("/json")  # type: ignore[untyped-decorator]  # Bottle has no types
        def show() -> dict[str, t.Any]:
            return DOCUMENT

        return t.cast("WsgiApp", app)

    def _typed(self, rules: int) -> WsgiApp:
        app = self._app()

        def show(number: int) -> str:
            return f"number {number}"

        def static() -> str:
            return "static"

        for index in range(rules // 2):
            app.route(f"/page{index}/about", "GET", static)
            app.route(f"/things{index}/<number:int>", "GET", show)
        return t.cast("WsgiApp", app)

    def typed_200(self) -> WsgiApp:
        return self._typed(200)

    def typed_10000(self) -> WsgiApp:
        return self._typed(10_000)

    def nested(self) -> WsgiApp:
        app = self._app()

        @app.get("/outer/inner/view")  # type: ignore[untyped-decorator]  # Bottle has no types
        def view() -> str:
            return "inner view"

        return t.cast("WsgiApp", app)

    def hooks(self) -> WsgiApp:
        import bottle

        app = self._app()
        for name, value in (("first", 1), ("second", 2), ("third", 3)):
            app.add_hook(
                "before_request",
                lambda name=name, value=value: bottle.request.environ.__setitem__(name, value),
            )
        for header in "ABC":
            app.add_hook(
                "after_request",
                lambda header=header: bottle.response.set_header(f"X-{header}", header.lower()),
            )

        @app.get("/")  # type: ignore[untyped-decorator]  # Bottle has no types
        def view() -> str:
            seen = bottle.request.environ
            return str(seen["first"] + seen["second"] + seen["third"])

        return t.cast("WsgiApp", app)

    def form(self) -> WsgiApp:
        import bottle

        app = self._app()

        @app.post("/search")  # type: ignore[untyped-decorator]  # Bottle has no types
        def search() -> dict[str, t.Any]:
            args, posted = bottle.request.query, bottle.request.forms
            return {
                "q": args["q"],
                "page": args.get("page", type=int),
                "tags": args.getall("tag"),
                "name": posted["name"],
                "born": posted.get("born", type=int),
            }

        return t.cast("WsgiApp", app)

    def static(self) -> WsgiApp:
        import bottle

        app = self._app()
        root = str(folder() / "static")

        @app.get("/static/<name:path>")  # type: ignore[untyped-decorator]  # Bottle has no types
        def file(name: str) -> t.Any:
            return bottle.static_file(name, root=root)

        return t.cast("WsgiApp", app)

    def static_304(self) -> WsgiApp:
        return self.static()

    def upload(self) -> WsgiApp:
        import bottle

        app = self._app()

        @app.post("/upload")  # type: ignore[untyped-decorator]  # Bottle has no types
        def take() -> str:
            read = bottle.request.files["file"].file.read()
            return f"{bottle.request.forms['title']}: {len(read)}"

        return t.cast("WsgiApp", app)

    def _404(self) -> WsgiApp:
        app = self.text()

        @app.error(404)  # type: ignore[attr-defined]  # Bottle has no types
        def not_found(error: t.Any) -> str:
            return "nothing here"

        return app


class Pyramid:
    """Pyramid."""

    def _app(
        self, routes: dict[str, t.Any], renderer: str = "string", **options: t.Any
    ) -> tuple[t.Any, t.Any]:
        from pyramid.config import Configurator

        config = Configurator(**options)
        for path, view in routes.items():
            config.add_route(path, path)
            config.add_view(view, route_name=path, renderer=renderer)
        return config, config.make_wsgi_app

    def text(self) -> WsgiApp:
        _, make = self._app({"/": lambda request: "Hello, World!"})
        return t.cast("WsgiApp", make())

    def json(self) -> WsgiApp:
        _, make = self._app({"/json": lambda request: DOCUMENT}, "json")
        return t.cast("WsgiApp", make())

    def _typed(self, rules: int) -> WsgiApp:
        def show(request: t.Any) -> str:
            return f"number {int(request.matchdict['number'])}"

        routes: dict[str, t.Any] = {}
        for index in range(rules // 2):
            routes[f"/page{index}/about"] = lambda request: "static"
            routes[f"/things{index}/{{number:\\d+}}"] = show
        _, make = self._app(routes)
        return t.cast("WsgiApp", make())

    def typed_200(self) -> WsgiApp:
        return self._typed(200)

    def typed_10000(self) -> WsgiApp:
        return self._typed(10_000)

    def nested(self) -> WsgiApp:
        config, make = self._app({})

        def inner(config: t.Any) -> None:
            config.add_route("view", "/view")
            config.add_view(
                lambda request: "inner view", route_name="view", renderer="string"
            )  # fmt: skip

        config.include(
            lambda config: config.include(inner, route_prefix="/inner"), route_prefix="/outer"
        )
        return t.cast("WsgiApp", make())

    def method_view(self) -> WsgiApp:
        class Hello:
            def __init__(self, request: t.Any) -> None:
                self.request = request

            def get(self) -> str:
                return "Hello, World!"

            def post(self) -> str:
                return "posted"

        config, make = self._app({})
        config.add_route("hello", "/hello")
        for method in ("get", "post"):
            config.add_view(
                Hello,
                attr=method,
                request_method=method.upper(),
                route_name="hello",
                renderer="string",
            )
        return t.cast("WsgiApp", make())

    def form(self) -> WsgiApp:
        def search(request: t.Any) -> dict[str, t.Any]:
            args, posted = request.GET, request.POST
            return {
                "q": args["q"],
                "page": int(args["page"]),
                "tags": args.getall("tag"),
                "name": posted["name"],
                "born": int(posted["born"]),
            }

        _, make = self._app({"/search": search}, "json")
        return t.cast("WsgiApp", make())

    def hooks(self) -> WsgiApp:
        from pyramid.events import NewRequest, NewResponse

        def view(request: t.Any) -> str:
            return str(request.first + request.second + request.third)

        config, make = self._app({"/": view})
        for name, (value, header) in NUMBERS.items():
            config.add_subscriber(
                lambda event, name=name, value=value: setattr(event.request, name, value),
                NewRequest,
            )
            config.add_subscriber(
                lambda event, header=header: event.response.headers.__setitem__(
                    f"X-{header}", header.lower()
                ),
                NewResponse,
            )
        return t.cast("WsgiApp", make())

    def upload(self) -> WsgiApp:
        def take(request: t.Any) -> str:
            posted = request.POST
            return f"{posted['title']}: {len(posted['file'].file.read())}"

        _, make = self._app({"/upload": take})
        return t.cast("WsgiApp", make())

    def session(self) -> WsgiApp:
        from pyramid.session import JSONSerializer, SignedCookieSessionFactory

        def count(request: t.Any) -> str:
            request.session["count"] = request.session.get("count", 0) + 1
            return "counted"

        factory = SignedCookieSessionFactory("a key", serializer=JSONSerializer())
        _, make = self._app({"/count": count}, session_factory=factory)
        return t.cast("WsgiApp", make())

    def url_for(self) -> WsgiApp:
        def links(request: t.Any) -> str:
            urls = [request.route_path("thing", number=number) for number in range(10)]
            urls += [request.route_path("about") for _ in range(5)]
            urls += [
                request.route_path("thing", number=number, _query={"page": 2})
                for number in range(5)
            ]
            return "\n".join(urls)

        config, make = self._app({"/links": links})
        config.add_route("thing", "/things/{number}")
        config.add_route("about", "/about")
        return t.cast("WsgiApp", make())

    def static(self) -> WsgiApp:
        config, make = self._app({})
        config.add_static_view("static", str(folder() / "static"))
        return t.cast("WsgiApp", make())

    def _404(self) -> WsgiApp:
        from pyramid.response import Response

        config, make = self._app({"/": lambda request: "Hello, World!"})
        config.add_notfound_view(lambda request: Response("nothing here", status=404))
        return t.cast("WsgiApp", make())

    def error(self) -> WsgiApp:
        from pyramid.response import Response

        def buy(request: t.Any) -> str:
            raise OutOfStock("no more")

        config, make = self._app({"/buy": buy})
        config.add_exception_view(
            lambda error, request: Response(str(error), status=409), context=OutOfStock
        )
        return t.cast("WsgiApp", make())


class Django:
    """Django, with only the middleware that a workload needs.

    Its settings are one for a process, so that an app is asked before the next one is made.
    """

    def _app(self, patterns: list[t.Any], *middleware: t.Any, **handlers: t.Any) -> WsgiApp:
        import types

        import django
        from django.conf import settings
        from django.core.handlers.wsgi import WSGIHandler
        from django.urls import clear_url_caches

        urls = types.ModuleType("urls")
        vars(urls).update(urlpatterns=patterns, **handlers)
        settings.ROOT_URLCONF = urls
        settings.MIDDLEWARE = list(middleware)
        clear_url_caches()
        django.setup()
        return t.cast("WsgiApp", WSGIHandler())

    def _tools(self) -> t.Any:
        from django.conf import settings

        if not settings.configured:
            settings.configure(
                ALLOWED_HOSTS=["*"],
                SECRET_KEY="a key for benchmarks",  # noqa: S106  # signs nothing of value
                SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
                LOGGING_CONFIG=None,
            )
            # As the others, it writes nothing about a refused request.
            logging.getLogger("django.request").disabled = True
        from django import http, urls, views

        return http, urls, views

    def text(self) -> WsgiApp:
        http, urls, _ = self._tools()
        return self._app([urls.path("", lambda request: http.HttpResponse("Hello, World!"))])

    def json(self) -> WsgiApp:
        http, urls, _ = self._tools()
        return self._app([urls.path("json", lambda request: http.JsonResponse(DOCUMENT))])

    def _typed(self, rules: int) -> WsgiApp:
        http, urls, _ = self._tools()

        def show(request: t.Any, number: int) -> t.Any:
            return http.HttpResponse(f"number {number}")

        def static(request: t.Any) -> t.Any:
            return http.HttpResponse("static")

        patterns = []
        for index in range(rules // 2):
            patterns.append(urls.path(f"page{index}/about", static))
            patterns.append(urls.path(f"things{index}/<int:number>", show))
        return self._app(patterns)

    def typed_200(self) -> WsgiApp:
        return self._typed(200)

    def typed_10000(self) -> WsgiApp:
        return self._typed(10_000)

    def nested(self) -> WsgiApp:
        http, urls, _ = self._tools()
        inner = [urls.path("view", lambda request: http.HttpResponse("inner view"))]
        outer = [urls.path("inner/", urls.include(inner))]
        return self._app([urls.path("outer/", urls.include(outer))])

    def method_view(self) -> WsgiApp:
        http, urls, views = self._tools()

        class Hello(views.View):  # type: ignore[misc,name-defined]  # Django has no types
            def get(self, request: t.Any) -> t.Any:
                return http.HttpResponse("Hello, World!")

            def post(self, request: t.Any) -> t.Any:
                return http.HttpResponse("posted")

        return self._app([urls.path("hello", Hello.as_view())])

    def hooks(self) -> WsgiApp:
        http, urls, _ = self._tools()

        def view(request: t.Any) -> t.Any:
            return http.HttpResponse(str(request.first + request.second + request.third))

        return self._app([urls.path("", view)], *(f"peers.django_{name}" for name in NUMBERS))

    def form(self) -> WsgiApp:
        http, urls, _ = self._tools()

        def search(request: t.Any) -> t.Any:
            args, posted = request.GET, request.POST
            return http.JsonResponse(
                {
                    "q": args["q"],
                    "page": int(args["page"]),
                    "tags": args.getlist("tag"),
                    "name": posted["name"],
                    "born": int(posted["born"]),
                }
            )

        return self._app([urls.path("search", search)])

    def session(self) -> WsgiApp:
        http, urls, _ = self._tools()

        def count(request: t.Any) -> t.Any:
            request.session["count"] = request.session.get("count", 0) + 1
            return http.HttpResponse("counted")

        middleware = "django.contrib.sessions.middleware.SessionMiddleware"
        return self._app([urls.path("count", count)], middleware)

    def url_for(self) -> WsgiApp:
        http, urls, _ = self._tools()
        reverse = urls.reverse

        def links(request: t.Any) -> t.Any:
            found = [reverse("thing", args=(number,)) for number in range(10)]
            found += [reverse("about") for _ in range(5)]
            found += [reverse("thing", args=(number,), query={"page": 2}) for number in range(5)]
            return http.HttpResponse("\n".join(found))

        return self._app(
            [
                urls.path("links", links),
                urls.path("things/<int:number>", links, name="thing"),
                urls.path("about", links, name="about"),
            ]
        )

    def upload(self) -> WsgiApp:
        http, urls, _ = self._tools()

        def take(request: t.Any) -> t.Any:
            size = len(request.FILES["file"].read())
            return http.HttpResponse(f"{request.POST['title']}: {size}")

        return self._app([urls.path("upload", take)])

    def _404(self) -> WsgiApp:
        http, urls, _ = self._tools()

        def not_found(request: t.Any, exception: Exception) -> t.Any:
            return http.HttpResponse("nothing here", status=404)

        hello = urls.path("", lambda request: http.HttpResponse("Hello, World!"))
        return self._app([hello], handler404=not_found)

    def error(self) -> WsgiApp:
        _, urls, _ = self._tools()

        def buy(request: t.Any) -> t.Any:
            raise OutOfStock("no more")

        return self._app([urls.path("buy", buy)], "peers.DjangoOutOfStock")


NUMBERS = {"first": (1, "A"), "second": (2, "B"), "third": (3, "C")}


def _django_middleware(name: str) -> t.Any:
    """Return a Django middleware that notes a number and sets a header."""
    value, header = NUMBERS[name]

    def middleware(get_response: t.Any) -> t.Any:
        def handle(request: t.Any) -> t.Any:
            setattr(request, name, value)
            response = get_response(request)
            response.headers[f"X-{header}"] = header.lower()
            return response

        return handle

    return middleware


# Django takes middleware by its name.
django_first, django_second, django_third = map(_django_middleware, NUMBERS)


class DjangoOutOfStock:
    """A Django middleware that answers a view's exception."""

    def __init__(self, get_response: t.Any) -> None:
        self.get_response = get_response

    def __call__(self, request: t.Any) -> t.Any:
        return self.get_response(request)

    def process_exception(self, request: t.Any, exception: Exception) -> t.Any:
        from django.http import HttpResponse

        if isinstance(exception, OutOfStock):
            return HttpResponse(str(exception), status=409)
        return None


PEERS: dict[str, t.Any] = {
    "raw WSGI": Raw(),
    "Falcon": Falcon(),
    "Bottle": Bottle(),
    "Pyramid": Pyramid(),
    "Django": Django(),
}


def find(peer: str, workload: str) -> t.Callable[[], WsgiApp] | None:
    """Return what builds a workload's app by a peer, or None where it has no such concept."""
    name = workload.replace("-", "_")
    found = getattr(PEERS[peer], f"_{name}" if name[0].isdigit() else name, None)
    return t.cast("t.Callable[[], WsgiApp] | None", found)
