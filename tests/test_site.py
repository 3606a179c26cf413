"""The site, built and opened from the disk in a browser without a window."""

import re

import nbformat
import pytest
from engines import draw

from tools.lesson_checks import text_cells
from tools.paths import DEEPER, LESSONS, NOTEBOOKS, name_of
from tools.site import __main__ as site
from tools.walkthrough import html_page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is missing: no page was audited."
)
AUDITED = ["index", "README", "reference", "teaching/glossary", "teaching/guide"]
AUDITED += [
    "teaching/quizzes/03_training",
    *(f"notebooks/{name_of(path)}" for path in (LESSONS[5], DEEPER[0])),
]
IN_VIEW = "[...document.querySelectorAll('.tag_answer')].some(cell => !cell.closest('details.prediction'))"
CODE_SCROLLS = "[...document.querySelectorAll('.cell_input pre')].some(e => e.scrollWidth > e.clientWidth)"


def test_every_page_opens_alone_folds_each_answer_and_fits_both_widths(open_page, built):
    wrong, pages = [], [path for path in built.folder.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 2 * len(NOTEBOOKS)
    page = open_page("about:blank")  # one for all: opening another takes as long as half of the looking
    for path in pages:
        page.goto(path.as_uri())
        if page.evaluate(IN_VIEW):
            wrong.append(f"{path.name} shows what a prediction asks for")
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{path.name} is wider than {width} pixels")
            if page.evaluate(CODE_SCROLLS):
                wrong.append(f"code of {path.name} scrolls at {width} pixels")
    assert wrong == []


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_axe_finds_nothing_serious_on_the_site_nor_on_a_page_of_a_run(browser, built, tmp_path, scheme):
    run, found = tmp_path / "page.html", []
    asked = {"runOnly": ["color-contrast"]} if scheme == "dark" else None  # all else is the same in both
    run.write_text(html_page(nbformat.read(LESSONS[1], 4), LESSONS[1].stem), encoding="utf-8")
    page = browser.new_page(color_scheme=scheme)  # axe itself fills the console
    for path in (run, *(built.folder / f"{name}.html" for name in AUDITED)):
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        for violation in axe.Axe().run(page, options=asked).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append((path.name, violation["id"], violation["nodes"][0]["html"][:100]))
    page.close()
    assert found == []


def test_predictions_and_solutions_open_when_asked(open_page, built):
    page = open_page((built.folder / "notebooks" / "02_model.html").as_uri())
    answer = page.locator(".tag_answer .cell_output").first
    assert not answer.is_visible()
    page.get_by_text("show what happens").first.click()
    assert answer.is_visible()
    solution = page.get_by_text("moving_kernel = [[0, 0, 0], [1, 0, 0], [0, 0, 0]]")
    assert not solution.is_visible()
    page.locator("section#exercise-nine-weights-that-move-the-digit summary", has_text="Solution").click()
    assert solution.is_visible()
    assert "convolution" in page.locator("a.term", has_text="kernel").first.get_attribute("title")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_page_of_a_notebook_is_whole_and_folds_for_every_prediction(built, path):
    html = (built.folder / "notebooks" / f"{name_of(path)}.html").read_text(encoding="utf-8")
    notebook = nbformat.read(path, 4)
    asked = sum(cell.source.count("**Predict") for cell in text_cells(notebook))
    assert html.count('class="prediction"') >= asked and html.count("tag_answer") > 1
    stored = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    assert len(re.findall("<img[^>]*_images", html)) == sum("image/png" in data for data in stored)
    assert "$" not in re.sub("<(pre|code).*?</\\1>", "", html, flags=re.DOTALL)  # formulas are MathML
    assert html.count("<details") == html.count("</details>") and "No description" not in html
    assert not re.findall(r"<img(?![^>]*alt=\"[^\"]+\")[^>]*_images[^>]*>", html)
    downloaded = nbformat.read(built.folder / "_sources" / "notebooks" / f"{name_of(path)}.ipynb", 4)
    assert downloaded.cells == [*notebook.cells[:1], *notebook.cells[2:]]  # no address, so no cell for Colab


def test_front_page_reads_what_is_written_and_its_frame_switches_the_theme_with_it(open_page, built):
    page = open_page((built.folder / "index.html").as_uri())
    frame, shade = page.frames[1], "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    for theme, shades in {"light": range(201, 256), "dark": range(50)}.items():
        if theme == "dark":
            page.locator("button.theme-switch-button:visible").click()
            page.locator(".dropdown-menu:visible").get_by_text("Dark").click()
        frame.wait_for_selector(f"html[data-ready][data-theme='{theme}']")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert frame.evaluate(shade) in shades
    canvas, live = frame.locator("#paper"), frame.locator("#live")
    canvas.scroll_into_view_if_needed()
    frame.locator("#clear").click()
    live.filter(has_text="The paper is empty").wait_for(state="attached")
    draw(page, canvas, [(0.5, 0.2), (0.5, 0.5), (0.5, 0.8)])
    live.filter(has_text="The CNN reads").wait_for(state="attached")


def test_buttons_lead_to_the_project_where_it_is_named(built, tmp_path):
    name = f"notebooks/{name_of(DEEPER[0])}"
    assert site.build(built.folder.parent / "source", tmp_path, "somebody/digits") == 0
    html = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    assert f"https://colab.research.google.com/github/somebody/digits/blob/main/{name}.ipynb" in html
    assert "mybinder.org/v2/gh/somebody/digits/main" in html and "sys.modules" not in html
    assert "github.com/somebody" not in (built.folder / f"{name}.html").read_text(encoding="utf-8")
