"""How Sphinx makes the site. See course/building/website/__init__.py, which puts this beside the pages."""
from docutils import nodes

from course.building.website import docstrings

project, author, copyright = "GANs from scratch", "gan_scratch", ""
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_design", "sphinxcontrib.bibtex"]
mathjax_path = "mathjax/tex-mml-chtml.js"
bibtex_bibfiles, bibtex_cite_id = ["references.bib"], "ref-{key}"
html_theme, html_title, html_static_path = "sphinx_book_theme", "GANs from scratch", ["_static"]
html_js_files = ["pages.js"]
html_css_files, html_show_sphinx, html_show_copyright, html_copy_source = ["pages.css"], False, False, False
html_theme_options = {"use_download_button": False, "use_fullscreen_button": False, "show_navbar_depth": 1, "show_toc_level": 2,
                      "home_page_in_toc": True, "navbar_persistent": [], "navigation_with_keys": True}
html_sidebars = {"_modules/**": ["navbar-logo.html", "search-button-field.html"]}  # a hundred menus take half a minute
html_context = {"default_mode": "auto"}
nb_code_prompt_show, nb_code_prompt_hide = "Show the code of this figure", "Hide the code of this figure"
nb_execution_mode, nb_merge_streams = "off", True
myst_enable_extensions, myst_heading_anchors, myst_dmath_double_inline = ["dollarmath", "amsmath", "colon_fence"], 3, True
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "ref.python"]  # sections of lectures begin where slides do
exclude_patterns = ["_static"]
autodoc_typehints = "signature"
autodoc_default_options = {"show-inheritance": True, "member-order": "bysource"}


def as_they_stand(app, doctree: nodes.document) -> None:
    """Sphinx would put formulas of several lines into an environment that allows no number."""
    for formula in doctree.findall(nodes.math_block):
        formula["no-wrap"] = formula["nowrap"] = True
        formula.children = [nodes.Text(rf"\[{formula.astext()}\]")]


def setup(app) -> None:
    """Docstrings are texts for people, and no markup."""
    app.connect("autodoc-process-docstring", docstrings.as_text)
    app.connect("doctree-read", as_they_stand)
