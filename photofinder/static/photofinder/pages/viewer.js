// One photo in full: arrow keys or a swipe lead to its neighbours, Escape or the way back closes it.
"use strict";
(() => {
  const dialog = document.querySelector("[data-viewer]");
  const { gallery: photos } = pages;
  if (!dialog || !photos) return;
  const SWIPE_PX = 48;
  const find = (name) => dialog.querySelector(`[data-viewer-${name}]`);
  const image = find("image");
  const broken = find("broken");
  const preloaded = new Set();
  let shown = null; // the card

  const linkOf = (card) => card.querySelector("[data-open]");
  const cardAt = (place) => photos.cards()[place];
  const place = () => photos.cards().indexOf(shown);

  // --- which photo ---------------------------------------------------------------------------------------------------

  function open(card) {
    show(card);
    dialog.showModal();
    history.pushState({ viewer: true }, "");
  }

  function show(card) {
    shown = card;
    const thumb = card.querySelector("img");
    broken.hidden = true;
    image.hidden = false;
    image.style.backgroundImage = `url("${thumb.currentSrc || thumb.src}")`; // until the large one is there
    image.src = linkOf(card).href;
    image.alt = thumb.alt;
    find("download").href = card.dataset.download;
    count();
    for (const step of [1, -1, 2]) preload(cardAt(place() + step));
    if (place() > photos.cards().length - 4) photos.more();
  }

  function count() {
    if (!shown) return;
    const here = place();
    find("place").textContent = dialog.dataset.of.replace("{n}", here + 1).replace("{count}", photos.count());
    for (const button of dialog.querySelectorAll("[data-viewer-step]")) {
      button.disabled = !cardAt(here + Number(button.dataset.viewerStep));
    }
  }

  function preload(card) {
    if (!card || preloaded.has(card)) return;
    preloaded.add(card);
    new Image().src = linkOf(card).href;
  }

  function step(by) {
    const card = cardAt(place() + by);
    if (card) show(card);
  }

  // --- what can be done with it --------------------------------------------------------------------------------------

  function notMe() {
    const card = shown;
    const neighbour = cardAt(place() + 1) ?? cardAt(place() - 1);
    photos.notMe(card);
    if (neighbour) show(neighbour);
    else dialog.close();
  }

  dialog.addEventListener("close", () => {
    if (history.state?.viewer) history.back();
    const card = shown;
    shown = null;
    image.removeAttribute("src");
    if (!card?.hidden) linkOf(card).focus();
  });
  addEventListener("popstate", () => dialog.open && dialog.close());
  image.addEventListener("load", () => (image.style.backgroundImage = "none"));
  image.addEventListener("error", () => {
    if (!shown) return;
    image.hidden = true;
    broken.hidden = false;
  });
  find("close").addEventListener("click", () => dialog.close());
  find("not-me")?.addEventListener("click", notMe);
  for (const button of dialog.querySelectorAll("[data-viewer-step]")) {
    button.addEventListener("click", () => step(Number(button.dataset.viewerStep)));
  }
  dialog.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });

  // --- swiping -------------------------------------------------------------------------------------------------------

  const stage = find("stage");
  let start = null;
  stage.addEventListener("pointerdown", (event) => {
    start = event.isPrimary && event.pointerType !== "mouse" ? [event.clientX, event.clientY] : null;
  });
  stage.addEventListener("pointerup", (event) => {
    if (!start || visualViewport?.scale > 1) return;
    const [x, y] = [event.clientX - start[0], event.clientY - start[1]];
    start = null;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
  });

  // --- opening -------------------------------------------------------------------------------------------------------

  photos.gallery.addEventListener("more", count);
  photos.gallery.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link.closest("[data-photo]"));
  });
})();
