// A link into a folded part opens it.
function openFolded() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let above = target; above; above = above.parentElement) if (above.tagName === "DETAILS") above.open = true;
}
addEventListener("hashchange", openFolded);
addEventListener("DOMContentLoaded", openFolded);

// The page in the frame says how high it is, and is told the theme.
const frame = () => document.querySelector("iframe.digit")?.contentWindow;
const tellTheme = () => frame()?.postMessage({ theme: document.documentElement.dataset.theme }, "*");
addEventListener("message", ({ source, data }) => {
  if (source !== frame() || !data.digitHeight) return;
  document.querySelector("iframe.digit").style.height = `${data.digitHeight + 2}px`;
  tellTheme();
});
new MutationObserver(tellTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });

// On a phone a table of sentences becomes a list: each cell says which column it is from.
addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".bd-article table")) {
    const columns = [...(table.tHead?.rows[0].cells ?? [])].map((cell) => cell.textContent.trim());
    const cells = [...table.querySelectorAll("tbody td")];
    const wide = innerWidth < 700 && table.scrollWidth > table.clientWidth;
    if (columns.length < 3 || !(wide || cells.some((cell) => cell.textContent.length > 60))) continue;
    table.classList.add("sentences");
    for (const cell of cells) if (cell.textContent.trim()) cell.dataset.column = columns[cell.cellIndex];
  }
});

// All folded parts open at once: by the button at the top of a lesson, and on paper.
const openAll = () => document.querySelectorAll(".bd-article details").forEach((part) => (part.open = true));
addEventListener("beforeprint", openAll);
addEventListener("DOMContentLoaded", () => document.getElementById("open-all")?.addEventListener("click", openAll));

// In the navigation, what a small arrow opens has a name.
addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll("nav li > details > summary")) {
    arrow.setAttribute("aria-label", `Pages below: ${arrow.closest("li").querySelector("a").textContent.trim()}`);
  }
});
