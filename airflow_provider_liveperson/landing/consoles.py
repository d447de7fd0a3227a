"""Where people look at an object or a folder in a browser."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

_AWS = {
    ".amazonaws.com": "console.aws.amazon.com",
    ".amazonaws.com.cn": "console.amazonaws.cn",
}
_GOV_REGION = "us-gov-"
_GOV_CONSOLE = "console.amazonaws-us-gov.com"


def s3_console(endpoint: str, region: str | None, bucket: str, key: str) -> str | None:
    """An object or a folder in the console of Amazon S3.

    :param endpoint: the endpoint of the requests.
    :param region: their region.
    :param bucket: the bucket.
    :param key: the object's key, or a folder with a slash at its end.
    :returns: None for other stores with the same API, which have no such page.
    """
    host = urlsplit(endpoint).hostname or ""
    console = next((console for end, console in _AWS.items() if host.endswith(end)), None)
    if console is None:
        return None
    if region and region.startswith(_GOV_REGION):
        console = _GOV_CONSOLE
    page = "buckets" if key.endswith("/") else "object"
    params = {"region": region, "prefix": key} if region else {"prefix": key}
    return f"https://{console}/s3/{page}/{quote(bucket)}?{urlencode(params)}"


def gcs_console(uri: str) -> str | None:
    """An object or a folder in the console of Google Cloud Storage.

    :param uri: its URI, a folder's with a slash at its end.
    :returns: None for any other store.
    """
    scheme, found, place = uri.partition("://")
    if not found or scheme not in ("gs", "gcs"):
        return None
    page = "" if place.endswith("/") else "_details/"
    return f"https://console.cloud.google.com/storage/browser/{page}{quote(place.rstrip('/'))}"
