// Images in a grid: selecting, rating and tagging them by mouse, finger and keys. The page has [data-grid-page] and
// loads decide.js and selection.js; what is in it may be rendered anew, of which it hears by `photofinder:renewed`.
"use strict";
(() => {
  const root = document.querySelector("[data-grid-page]");
  const MAY_SAY = "maySay" in root.dataset;
  const find = (selector) => root.querySelector(selector);
  const fill = (text, count) => text.replace("{count}", count);
  const card = (id) => find(`[data-image="${id}"]`);
  const current = () => document.activeElement.closest?.("[data-image]");
  const help = find("[data-keys]");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || photofinder.isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    help.showModal();
  });
  root.addEventListener("click", (event) => event.target.closest("[data-help]") && help.showModal());
  help.addEventListener("click", (event) => event.target === help && help.close());
  if (!MAY_SAY) return;

  const selection = photofinder.selection(root, { item: "[data-image]", key: "image", onChange: showChosen });

  function showChosen(images) {
    const bar = find("[data-chosen-bar]");
    if (!bar) return;
    bar.hidden = !images.length;
    find("[data-count]").textContent = fill(root.dataset.selected, images.length);
    root.classList.toggle("pf-choosing", images.length > 0);
    const ratings = new Set(images.map((id) => card(id)?.dataset.rating));
    bar.querySelector(".pf-stars").dataset.stars = ratings.size === 1 ? [...ratings][0] : 0;
  }

  // --- what follows a decision -----------------------------------------------------------------------------------------

  function show(images) {
    for (const image of images) {
      const of = card(image.id);
      if (!of) continue;
      of.dataset.rating = image.rating;
      const stars = of.querySelector(".pf-stars");
      stars.dataset.stars = image.rating;
      stars.setAttribute("aria-label", fill(root.dataset.rated, image.rating));
      const tags = image.tags.map((tag) => Object.assign(document.createElement("span"), { textContent: tag }));
      of.querySelector("[data-tags]").replaceChildren(...tags);
    }
    showChosen(selection.chosen());
  }

  async function decide(fields) {
    const result = await photofinder.decide(fields);
    if (result) show(result.images);
    return result;
  }

  // What is meant: the selected images, or the one that the keyboard is at.
  function meant() {
    const chosen = selection.chosen();
    return chosen.length ? chosen : [current()?.dataset.image].filter(Boolean);
  }

  const rate = (images, rating) => images.length && decide({ kind: "rate", images, rating });

  async function tag(form, kind) {
    const result = await decide({ kind, images: meant(), tags: form.elements.tags.value });
    if (result) form.reset();
  }

  function startTagging() {
    if (!selection.count() && current()) current().querySelector("[role=checkbox]").click();
    if (selection.count()) find("[data-tagging] input").focus();
  }

  // --- events ----------------------------------------------------------------------------------------------------------

  root.addEventListener("click", (event) => {
    const of = event.target.closest("[data-image]");
    const star = event.target.closest("[data-rate]");
    const forAll = event.target.closest("[data-rate-chosen]");
    const what = event.target.closest("[data-do]")?.dataset.do;
    if (star) rate([of.dataset.image], star.dataset.rate === of.dataset.rating ? 0 : star.dataset.rate);
    else if (forAll) rate(selection.chosen(), forAll.dataset.rateChosen === forAll.parentElement.dataset.stars ? 0 : forAll.dataset.rateChosen);
    else if (what === "none") selection.none();
    else if (what === "all") selection.all();
    else if (event.target.closest("[data-open]") && (selection.count() || event.shiftKey)) {
      // while some are selected a click selects: only the corner did before
      event.preventDefault();
      of.querySelector("[role=checkbox]").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
    }
  });
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-tagging]")) return;
    event.preventDefault();
    tag(event.target, event.submitter?.value || "tag");
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (photofinder.isTyping(event.target)) {
      if (event.key === "Escape" && event.target.closest("[data-tagging]")) focusOn(card(selection.chosen()[0]));
      return;
    }
    const digit = /^(?:Digit|Numpad)([0-5])$/.exec(event.code)?.[1];
    const isArrow = /^Arrow/.test(event.key);
    if (digit && meant().length) rate(meant(), digit);
    else if (event.code === "KeyX" && current()) current().querySelector("[role=checkbox]").click();
    else if (event.code === "KeyT") startTagging();
    else if (event.key === "Enter" && event.target.matches("[role=checkbox]")) location.href = current().querySelector("[data-open]").href;
    else if (isArrow && event.target === document.body) focusOn(find("[data-image]"));
    else return;
    event.preventDefault();
  });

  const focusOn = (of) => of?.querySelector("[role=checkbox]").focus();

  document.addEventListener("photofinder:renewed", () => selection.renew({ isFocused: false }));
  document.addEventListener("photofinder:undone", (event) => {
    if (!event.detail.images) return;
    event.preventDefault();
    show(event.detail.images);
  });
})();
