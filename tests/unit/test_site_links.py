"""What the check of the built site finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.site_links import broken_links, broken_readme_links, is_well_formed, orphans

ADDRESS = "https://docs.example.com/"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Three pages, of which the first leads to the second."""
    site = tmp_path / "html"
    (site / "a").mkdir(parents=True)
    (site / "picture.png").touch()
    (site / "index.html").write_text(
        '<a href="a/second.html#here">2</a><a id="top" href="#top"></a><img src="picture.png">'
    )
    (site / "a" / "second.html").write_text('<h2 id="here">Here</h2><a href="../index.html">1</a>')
    (site / "genindex.html").touch()
    return site


def test_a_site_whose_links_lead_somewhere(site):
    assert broken_links(site) == []
    assert orphans(site) == []


@pytest.mark.parametrize(
    "link",
    [
        "a/third.html",
        "a/second.html#there",
        "#there",
        "../outside.html",
        "a",
        "http://example.com/",
        "https://example/",
        "https://user@example.com/",
        "mailto:somebody@example.com",
        "//example.com/x.js",
    ],
)
def test_a_link_that_leads_nowhere(site, link):
    (site.parent / "outside.html").touch()
    with (site / "index.html").open("a") as page:
        page.write(f'<a href="{link}">x</a>')
    assert broken_links(site) == [f"index.html: {link}"]


@pytest.mark.parametrize(
    "tag", ['<img src="no.png">', '<link href="no.css">', '<script src="no.js"></script>']
)
def test_pictures_styles_and_scripts_are_there(site, tag):
    (site / "a" / "second.html").write_text(f'<h2 id="here"></h2>{tag}')
    assert [line.partition(":")[0] for line in broken_links(site)] == ["a/second.html"]


def test_a_page_that_nothing_leads_to(site):
    (site / "a" / "third.html").write_text('<a href="third.html">itself</a>')
    assert orphans(site) == ["a/third.html"]


@pytest.mark.parametrize(
    ("link", "fine"),
    [
        ("docs/a/second.md", True),
        ("docs/a/second.md#here", True),
        ("docs/a/second.md#there", False),
        ("docs/a/third.md", False),
        ("LICENSE", True),
        ("COPYING", False),
        (ADDRESS, True),
        (f"{ADDRESS}en/stable/a/second.html#here", True),
        (f"{ADDRESS}en/stable/a/second.html#there", False),
        (f"{ADDRESS}a/third.html", False),
        ("https://airflow.apache.org/docs/", True),
        ("http://airflow.apache.org/docs/", False),
    ],
)
def test_links_of_the_readme(site, link, fine):
    (site.parent / "LICENSE").touch()
    readme = site.parent / "README.md"
    readme.write_text(f"See [this]({link}).")
    assert broken_readme_links(readme, site, ADDRESS) == ([] if fine else [f"README.md: {link}"])


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8765/", "http://localhost:8080", "https://va.example.com/a?b=1#c"]
)
def test_addresses_that_can_be_followed(address):
    assert is_well_formed(address)
