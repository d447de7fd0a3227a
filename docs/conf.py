"""How Sphinx makes the documentation site; ``make docs`` builds it into build/docs/html."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# The API reference imports Airflow, which would otherwise write its configuration into the home directory.
os.environ["AIRFLOW_HOME"] = str(ROOT / "build" / "docs" / "airflow")
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"

from airflow_provider_liveperson import __version__  # noqa: E402

project = "airflow-provider-liveperson"
author = "the contributors"
copyright = "the contributors; Apache License 2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "devtools.sphinx_extension",
]

# Dashes only: quotation marks are part of what is to be typed.
smartquotes_action = "D"
# GitHub's anchors, so that a link works in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "colon_fence"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"airflow-provider-liveperson {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
copybutton_prompt_text = "$ "
