"""Sphinx's settings for the site; ``book/build.py`` puts the pages together and runs it."""

import os
import re
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.search.zh import SearchChinese

project = "Ensemble learning for image generation, hands on"
author = "the ensgen developers"
copyright = author
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
if os.environ.get("ENSGEN_BOOK_SLIDES"):
    extensions.append("sphinx_revealjs")
html_theme = "sphinx_book_theme"
html_title = "ensgen"
book_language = os.environ.get("ENSGEN_BOOK_LANGUAGE", "en")
language = {"zh": "zh_CN"}.get(book_language, book_language)
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["extra"] if (Path(__file__).parent / "extra").exists() else []   # the playground, as it is
exclude_patterns = ["extra"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"                   # what is committed was run and tested
nb_ipywidgets_js = {}                       # widgets need a kernel; a static picture stands beside each
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
suppress_warnings = ["mystnb.unknown_mime_type", "myst.xref_missing", "myst.header"]
add_module_names = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True, "undoc-members": False}
html_context = {"default_mode": "auto", "book_language": book_language}     # dark or light as the reader's system is
html_math_renderer = "mathml"
revealjs_html_theme = "revealjs-simple"
revealjs_style_theme = "white"
revealjs_css_files = ["slides.css"]
revealjs_static_path = ["_static"]
revealjs_script_conf = {"hash": True, "slideNumber": True, "width": 1280, "height": 720, "center": False}
repository = os.environ.get("ENSGEN_REPOSITORY", "")        # https://github.com/OWNER/NAME, for buttons
html_theme_options = {"show_navbar_depth": 1, "home_page_in_toc": True,
                      "article_header_end": ["switch.html", "article-header-buttons.html"], "use_download_button": True,
                      "navbar_persistent": [],
                      "pygments_light_style": "a11y-high-contrast-light", "pygments_dark_style": "a11y-high-contrast-dark"}
if repository:
    html_theme_options |= {
        "repository_url": repository, "repository_branch": "colab", "path_to_docs": "notebooks", "use_repository_button": True,
        "launch_buttons": {"colab_url": "https://colab.research.google.com",
                           "binderhub_url": "https://mybinder.org"}}


def inline(translator, node):
    translator.body.append(mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def block(translator, node):
    translator.body.append(f'<div class="math">{mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


ACCENTED = re.compile(r"""<munderover>\s*(<mi[^>]*>[^<]*</mi>)((?:(?!</?munderover>).)*?)
                      (<mo\ stretchy="false">[ˆˉ˜˙ˇ→]</mo>)\s*</munderover>""", re.DOTALL | re.VERBOSE)


def mathml(formula, as_block):
    """A formula as MathML. docutils' translator knows all commands of the lessons but these, and takes
    the index of an accented letter, \\hat y_j, for a limit below it."""
    ready = re.sub(r"\\big(?![a-z])", "", formula.replace(r"\dots", r"\ldots")).strip()
    return ACCENTED.sub(r'<msub><mover accent="true">\1\3</mover>\2</msub>', tex2mathml(ready, as_block=as_block))


def escape(app, what, name, thing, options, lines):
    """Docstrings are plain text with ``code``: |x| and *x* mean themselves."""
    for number, line in enumerate(lines):
        parts = line.split("``")
        parts[::2] = [re.sub(r"([|*`_])", r"\\\1", part) if not part.lstrip().startswith(":class:") else part
                      for part in parts[::2]]
        lines[number] = "``".join(parts)


def chinese_words(self, text):
    """Words for the index without a dictionary: runs of characters, which the search page looks through for
    three and more, and all pairs of neighbours."""
    runs = re.findall(r"[\u4e00-\u9fff]+", text)
    return [*runs, *(run[k: k + 2] for run in runs for k in range(len(run) - 1)), *re.findall(r"[A-Za-z]\w+", text)]


SearchChinese.split = chinese_words
SearchChinese.language_name = "English"     # the stemmer that Sphinx brings for it, and not "ChineseStemmer"


def setup(app):
    app.connect("autodoc-process-docstring", escape, priority=900)      # after napoleon
    # Formulas as MathML, which every browser draws by itself: no script, no font, no network.
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
