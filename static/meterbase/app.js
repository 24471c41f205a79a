/* Comforts only: every page works without this file. */
"use strict";

const openMenus = () => document.querySelectorAll(".nav-group[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of openMenus()) {
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  }
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    // The search page has a box of its own; narrow windows show only a link to that page.
    const boxes = ["main [data-search]", ".site-search [data-search]"].map((where) => document.querySelector(where));
    const box = boxes.find((each) => each && each.offsetParent !== null);
    const link = document.querySelector("a.site-search-link");
    if (!box && !link) return;
    event.preventDefault();
    if (box) box.focus();
    else link.click();
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const drawer = event.target.closest("dialog.drawer");
  if (drawer && !drawer.open) drawer.showModal();
});

const PICTURES = ["image/png", "image/jpeg"];

/* A chosen document stands beside the form that is typed off it, before anything is sent. */
document.addEventListener("change", (event) => {
  const place = document.getElementById(event.target.dataset.shownIn);
  if (!place) return;
  const [file] = event.target.files;
  const shown = file && (PICTURES.includes(file.type) ? "img" : file.type === "application/pdf" && "iframe");
  for (const old of place.children) URL.revokeObjectURL(old.src.split("#")[0]);
  place.replaceChildren();
  place.hidden = !shown;
  if (!shown) return;
  const picture = document.createElement(shown);
  picture.src = URL.createObjectURL(file) + (shown === "iframe" ? "#navpanes=0&view=FitH" : "");
  picture[shown === "img" ? "alt" : "title"] = `The chosen document, ${file.name}`;
  place.append(picture);
});
