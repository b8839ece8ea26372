// Keeps [data-progress] elements up to date while photos are being processed, and with them the parts of the page
// that are marked [data-refreshed]. A page says `photofinder:sent` when new photos are on their way.
"use strict";
(() => {
  const EVERY_MS = 2000;
  const REFRESH_MS = 5000;
  let refreshedAt = Date.now();
  const shown = new Map();

  // An event is done when its people are sorted out as well; an upload does not say.
  const isDone = (figures) => figures.unfinished === 0 && figures.settled !== false;

  function show(element, figures) {
    for (const place of element.querySelectorAll("[data-figure]")) {
      const value = figures[place.dataset.figure];
      if (value === undefined) continue;
      place.textContent = value ?? "";
      place.toggleAttribute("data-none", !value);
    }
    const bar = element.querySelector("[data-bar]");
    bar.max = figures.total || 1;
    bar.value = figures.processed;
    element.toggleAttribute("data-done", isDone(figures));
    for (const place of document.querySelectorAll(".pf-toolbar [data-figure=total]")) place.textContent = figures.total;
  }

  // The server renders the page; taking its parts from there keeps one template for both.
  async function refresh() {
    refreshedAt = Date.now();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-refreshed]")) {
      const fresh = page.querySelector(`[data-refreshed="${part.dataset.refreshed}"]`);
      if (fresh) part.replaceWith(document.adoptNode(fresh));
    }
  }

  async function ask(element) {
    const answer = await fetch(element.dataset.progress, { headers: { Accept: "application/json" } });
    if (answer.status >= 500) throw new Error(answer.statusText);
    if (!answer.ok || answer.redirected) return false; // signed out
    const figures = await answer.json();
    show(element, figures);
    const moved = shown.get(element) !== figures.processed && shown.has(element);
    shown.set(element, figures.processed);
    const finished = isDone(figures);
    const due = finished || Date.now() - refreshedAt > REFRESH_MS;
    if (moved && due && document.querySelector("[data-refreshed]")) await refresh();
    return !finished;
  }

  async function watch(element) {
    if (element.dataset.watched) return;
    element.dataset.watched = "yes";
    let goes_on = true;
    while (goes_on) {
      try {
        goes_on = document.hidden || (await ask(element));
      } catch {
        goes_on = true; // the server is away for a moment
      }
      if (goes_on) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    delete element.dataset.watched;
  }

  const all = document.querySelectorAll("[data-progress]");
  for (const element of all) {
    shown.set(element, Number(element.querySelector("[data-bar]")?.value));
    if (!("done" in element.dataset)) watch(element);
  }
  document.addEventListener("photofinder:sent", () => all.forEach(watch));
})();
