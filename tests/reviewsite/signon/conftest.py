"""A provider, a site that trusts it, and a browser that signs on."""

from collections.abc import Callable, Iterator

import pytest
import requests
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from tests.reviewsite.signon.fake_provider import CLIENT, SECRET, Provider

BACKEND = "reviewsite.signon.backend.SignOnBackend"


@pytest.fixture
def provider(db, settings) -> Iterator[Provider]:
    found = Provider()
    settings.OIDC_ISSUER = found.url
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT, SECRET
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, BACKEND]
    yield found
    found.close()


@pytest.fixture
def sign_on(provider: Provider, client: Client) -> Callable[..., HttpResponse]:
    """Sign on as the person with these `claims`. Returns the response of the callback."""

    def there_and_back(**claims) -> HttpResponse:
        provider.person = {"email": "reviewer@example.org", "email_verified": True} | claims
        away = client.get("/accounts/oidc/?next=/accounts/profile/")
        back = requests.get(away["Location"], allow_redirects=False, timeout=5)
        return client.get(back.headers["Location"].removeprefix("http://testserver"))

    return there_and_back


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]
