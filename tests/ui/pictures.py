"""The pictures of the documentation, which the browser tests take: always in light and dark."""

from __future__ import annotations

import os
from pathlib import Path

import playwright.sync_api as playwright

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def take_pictures(page: playwright.Page, name: str, tmp_path: Path) -> None:
    """Take ``NAME-light.png`` and ``NAME-dark.png`` of what is shown; UPDATE_SCREENSHOTS=1 puts them into the docs.

    :param page: the tab, which follows the theme of its system.
    :param name: the name of the picture.
    :param tmp_path: where they are put otherwise.
    """
    folder = IMAGES if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path
    taken = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_function(
            "theme => document.documentElement.style.colorScheme === theme"
            " || document.documentElement.classList.contains(theme)",
            arg=theme,
        )
        path = folder / f"{name}-{theme}.png"
        taken[theme] = page.screenshot(path=path, animations="disabled")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert min(map(len, taken.values())) > 5_000
    assert taken["light"] != taken["dark"]
