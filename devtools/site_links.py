"""Checks the links of the built documentation site, and those of the README into it.

``python -m devtools.site_links build/docs/html`` ends with 1 and a list of what leads nowhere. Links within the site
must lead to a file, and to an anchor in it. Of links to elsewhere only the form is checked: what is there is not asked.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_ROOT = Path(__file__).resolve().parents[1]
_ATTRIBUTES = {"a": "href", "link": "href", "img": "src", "script": "src"}
_LOOPBACK = {"127.0.0.1", "localhost"}
# What Sphinx makes without sources, and what is read by programs only.
_GENERATED = {"genindex.html", "search.html", "py-modindex.html"}


class _Page(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        if link := given.get(_ATTRIBUTES.get(tag, "")):
            self.links.append(link)


def broken_links(site: Path) -> list[str]:
    """Find the links that lead nowhere, each as ``page: link``.

    :param site: the folder of the built site.
    """
    pages: dict[Path, _Page] = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages.items()
        for link in dict.fromkeys(page.links)
        if not _leads_somewhere(link, path, site, pages)
    ]


def orphans(site: Path) -> list[str]:
    """Find the pages that no other page has a link to.

    :param site: the folder of the built site.
    """
    linked: set[Path] = {site / "index.html"}
    for path in site.rglob("*.html"):
        page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
        linked |= {target for link in page.links for target in _target(link, path) if target != path}
    return sorted(
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if path not in linked and path.name not in _GENERATED
    )


def broken_readme_links(readme: Path, site: Path, address: str) -> list[str]:
    """Find the links of a README that lead nowhere: into the pages' sources, other files, or the published site.

    :param readme: the README, beside the folder ``docs``.
    :param site: the folder of the built site.
    :param address: where the site is published.
    """
    text = readme.read_text(encoding="utf-8")
    links = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r"(?:href|src(?:set)?)=\"([^\"]+)\"", text)]
    return [f"{readme.name}: {link}" for link in links if not _is_in_readme(link, readme, site, address)]


def _is_in_readme(link: str, readme: Path, site: Path, address: str) -> bool:
    parts = urlsplit(link)
    if link.startswith(address):
        # Read the Docs puts the language and the version before the page.
        inside = re.sub(r"^en/[^/]+(?:/|$)", "", link.removeprefix(address).partition("#")[0].lstrip("/"))
        page = site / (inside or "index.html")
    elif parts.scheme:
        return is_well_formed(link)
    elif parts.path.startswith("docs/") and parts.path.endswith(".md"):
        page = site / Path(parts.path).relative_to("docs").with_suffix(".html")
    else:
        return (readme.parent / unquote(parts.path)).exists()
    if page.is_dir():
        page /= "index.html"
    if not page.is_file():
        return False
    content = _Page()
    content.feed(page.read_text(encoding="utf-8"))
    return not parts.fragment or unquote(parts.fragment) in content.anchors


def _target(link: str, page: Path) -> Iterator[Path]:
    """The file that a link leads to, if it is one of the site."""
    parts = urlsplit(link)
    if not parts.scheme and not parts.netloc:
        yield (page.parent / unquote(parts.path)).resolve() if parts.path else page


def _leads_somewhere(link: str, page: Path, site: Path, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return is_well_formed(link)
    (target,) = _target(link, page)
    if not target.is_file() or not target.is_relative_to(site):
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].anchors


def is_well_formed(link: str) -> bool:
    """Whether a link to elsewhere can be followed: https, and a host with a domain, or a server on this machine.

    :param link: the link.
    """
    parts = urlsplit(link)
    host = parts.hostname or ""
    if any(sign.isspace() for sign in link) or parts.username is not None:
        return False
    return (parts.scheme == "https" and "." in host.strip(".")) or (
        parts.scheme == "http" and host in _LOOPBACK
    )


def main(site: Path) -> int:
    """Print what is wrong.

    :param site: the folder of the built site.
    :returns: the exit code.
    """
    site = site.resolve()
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    broken = [
        *broken_links(site),
        *broken_readme_links(_ROOT / "README.md", site, project["urls"]["Documentation"]),
        *(f"{page}: no page leads here" for page in orphans(site)),
    ]
    print("\n".join(broken) or f"All links of {sum(1 for _ in site.rglob('*.html'))} pages lead somewhere.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
