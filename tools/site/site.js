// A link into a folded part opens it.
function openFolded() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let above = target; above; above = above.parentElement) if (above.tagName === "DETAILS") above.open = true;
}
addEventListener("hashchange", openFolded);
addEventListener("DOMContentLoaded", openFolded);
