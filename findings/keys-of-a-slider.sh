#!/bin/sh
# A slider of ipywidgets that has the focus does not get the arrow keys in Notebook 7; it does in JupyterLab.
#
# notebook 7.6.5, jupyterlab 4.6.6, ipywidgets 8.1.9, Chromium 156, Python 3.11: both applications are made of the
# same parts and bind → to a command of the notebook. JupyterLab looks for its commands after a widget had the key,
# Notebook 7 before. So the slider stays, the notebook selects another cell, and who cannot use a mouse cannot move
# it. A widget of one's own gets its keys if the element itself has the attribute data-lm-suppress-shortcuts; on an
# element around it, as is enough for JupyterLab, it does nothing there. Needs Chromium; without it nothing is
# tried, and the exit code is 2.
# Output seen: at 3, then → pressed: lab 4, notebooks 3
set -eu
command -v chromium >/dev/null || command -v google-chrome >/dev/null || { echo "Chromium is missing." >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    notebook==7.6.5 jupyterlab==4.6.6 ipywidgets==8.1.9 ipykernel==7.4.0 playwright==1.65.2
export HOME="$folder" PATH="$folder/venv/bin:$PATH"
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import pathlib, re, shutil, subprocess, sys, time
import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

folder = pathlib.Path(sys.argv[1])
cell, kernel = "import ipywidgets\nipywidgets.IntSlider(3)", {"name": "python3", "display_name": "Python 3"}
nbformat.write(new_notebook(cells=[new_code_cell(cell)], metadata={"kernelspec": kernel}), folder / "a.ipynb")
command = [sys.executable, "-m", "notebook", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}"]
command += ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
IDLE = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext.session?.kernel?.status === 'idle'"
log = folder / "log"
server = subprocess.Popen([*command, "--IdentityProvider.token=abc"], stdout=log.open("w"), stderr=subprocess.STDOUT)
try:
    while not (address := re.search(r"(http://127\.0\.0\.1:\d+)/", log.read_text())) and server.poll() is None:
        time.sleep(0.2)
    found = {}
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for application in ("lab/tree", "notebooks"):
            page = browser.new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{address[1]}/{application}/a.ipynb?token=abc")
            page.wait_for_function(IDLE)
            page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
            page.locator(".noUi-handle").click()
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(3_000)
            found[application.split("/")[0]] = page.locator(".widget-readout").inner_text()
            page.close()
finally:
    server.terminate()
    server.wait()
print("at 3, then → pressed:", ", ".join(f"{name} {value}" for name, value in found.items()))
sys.exit(found != {"lab": "4", "notebooks": "3"})
PYTHON
