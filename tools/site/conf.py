"""Sphinx's settings for the site; `python -m tools.site` calls it with the pages that it has prepared."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

project = "How a CNN reads digits"
author = "the authors of the MNIST CNN walkthrough"
copyright = "2026, the authors. Text and figures: CC BY 4.0. Code: MIT"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_copybutton", "tools.site.lessons"]

nb_execution_mode = "off"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 4
html_math_renderer = "mathml"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True

# Where the project lies on a code-hosting site, as OWNER/NAME; tools.site takes it from the README.
repository = os.environ.get("SITE_REPOSITORY", "")

html_theme = "sphinx_book_theme"
html_title = project
html_use_index = html_domain_indices = False
html_favicon = "favicon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_permalinks_icon = "#"
html_context = {"default_mode": "auto"}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
html_theme_options = {
    "navbar_persistent": [],
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if repository:
    html_theme_options |= {
        "repository_url": f"https://github.com/{repository}",
        "repository_branch": "main",
        "use_repository_button": True,
        "use_issues_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }
