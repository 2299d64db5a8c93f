"""A JSON view in Django, without middleware."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import JsonResponse
from django.urls import path
from workloads import DOCUMENT

settings.configure(ALLOWED_HOSTS=["*"], DEBUG=False, ROOT_URLCONF=__name__)
django.setup()


def show(request):
    """Answer the document."""
    return JsonResponse(DOCUMENT)


urlpatterns = [path("json", show)]
app = WSGIHandler()
