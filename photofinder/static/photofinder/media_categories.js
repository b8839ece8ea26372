// Categories: selected, merged and named on their wall; named and taken apart on the page of one.
"use strict";
(() => {
  const wall = document.querySelector("[data-categories]");
  const page = document.querySelector("[data-category-page]");
  const fill = (text, count) => text.replace("{count}", count);

  if (page && "maySort" in page.dataset) {
    const form = page.querySelector("[data-name-form]");
    const input = form.elements.name;
    const name = async () => {
      if (input.value.trim() === input.defaultValue) return;
      const result = await photofinder.decide({ kind: "name", category: form.dataset.nameForm, name: input.value });
      if (result) input.defaultValue = input.value = input.value.trim();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      input.blur();
    });
    input.addEventListener("blur", name);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      input.value = input.defaultValue;
      input.blur();
    });
    page.addEventListener("click", async (event) => {
      const button = event.target.closest("[data-unmerge]");
      if (button && (await photofinder.decide({ kind: "unmerge", category: button.dataset.unmerge }))) location.reload();
    });
  }
  if (!wall) return;

  const search = wall.querySelector("[data-search]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || photofinder.isTyping(event.target) || event.key !== "/") return;
    event.preventDefault();
    search.focus();
    search.select();
  });
  if (!("maySort" in wall.dataset)) return;

  const dialog = wall.querySelector("[data-dialog]");
  const bar = wall.querySelector("[data-chosen-bar]");
  const merging = bar.querySelector("[data-do=merge]");
  const card = (id) => wall.querySelector(`[data-category="${id}"]`);
  const current = () => document.activeElement.closest?.("[data-category]");
  const selection = photofinder.selection(wall, {
    item: "[data-category]",
    key: "category",
    onChange: (chosen) => {
      bar.hidden = !chosen.length;
      bar.querySelector("[data-count]").textContent = fill(wall.dataset.selected, chosen.length);
      merging.disabled = chosen.length < 2;
      wall.classList.toggle("pf-choosing", chosen.length > 0);
    },
  });

  // The server renders the wall; taking it from there keeps one template for both.
  async function renew() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-body]");
    wall.querySelector("[data-body]").replaceWith(document.adoptNode(fresh));
    selection.none();
    selection.renew({ isFocused: false });
  }

  async function decide(fields) {
    const result = await photofinder.decide(fields);
    await renew();
    return result;
  }

  // --- merging -----------------------------------------------------------------------------------------------------------

  function ask() {
    const chosen = selection.chosen().map(card);
    if (chosen.length < 2) return;
    chosen.sort((a, b) => b.dataset.size - a.dataset.size);
    const names = [...new Set(chosen.map((each) => each.dataset.name).filter(Boolean))];
    const form = dialog.querySelector("[data-merge-form]");
    form.dataset.into = chosen[0].dataset.category;
    form.dataset.others = chosen.slice(1).map((each) => each.dataset.category).join(" ");
    dialog.querySelector("#pf-merge-title").textContent = fill(wall.dataset.merge, chosen.length);
    form.elements.name.value = names[0] ?? "";
    form.elements.name.placeholder = chosen[0].dataset.title;
    const chips = names.length > 1 ? names : [];
    dialog.querySelector("[data-names]").replaceChildren(
      ...chips.map((name) => Object.assign(document.createElement("button"), { type: "button", className: "pf-chip", textContent: name })),
    );
    dialog.returnValue = "";
    dialog.showModal();
    form.elements.name.select();
  }

  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-cancel]") || event.target === dialog) dialog.close("");
    const name = event.target.closest("[data-names] button");
    if (name) dialog.querySelector("[name=name]").value = name.textContent;
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "merge") return;
    const form = dialog.querySelector("[data-merge-form]");
    decide({ kind: "merge", into: form.dataset.into, others: form.dataset.others.split(" "), name: form.elements.name.value });
  });

  // --- naming in place -----------------------------------------------------------------------------------------------------

  function rename(of) {
    const button = of?.querySelector("[data-rename]");
    if (!button) return;
    const before = of.dataset.name;
    const input = Object.assign(document.createElement("input"), { value: before, maxLength: 200, placeholder: of.dataset.title, className: "pf-board-rename" });
    input.autocomplete = "off";
    input.setAttribute("aria-label", button.getAttribute("aria-label"));
    let isOver = false;
    const finish = (isMeant) => {
      if (isOver) return;
      isOver = true;
      const name = input.value.trim();
      input.replaceWith(button);
      if (isMeant && name !== before) decide({ kind: "name", category: of.dataset.category, name });
      else of.querySelector("[role=checkbox]").focus({ preventScroll: true });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === "Enter");
    });
    input.addEventListener("blur", () => finish(true));
    button.replaceWith(input);
    input.focus();
    input.select();
  }

  // --- events --------------------------------------------------------------------------------------------------------------

  wall.addEventListener("click", (event) => {
    const of = event.target.closest("[data-category]");
    const what = event.target.closest("[data-do]")?.dataset.do;
    if (what === "none") selection.none();
    else if (what === "merge") ask();
    else if (event.target.closest("[data-rename]")) rename(of);
    else if (event.target.closest("[data-open]") && (selection.count() || event.shiftKey)) {
      event.preventDefault();
      of.querySelector("[role=checkbox]").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || photofinder.isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.code === "KeyM") ask();
    else if (event.code === "KeyN" && current()) rename(current());
    else if (event.code === "KeyX" && current()) current().querySelector("[role=checkbox]").click();
    else if (event.key === "Enter" && event.target.matches("[role=checkbox]")) location.href = current().querySelector("[data-open]").href;
    else if (/^Arrow/.test(event.key) && event.target === document.body) wall.querySelector("[role=checkbox]")?.focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("photofinder:undone", (event) => {
    event.preventDefault();
    renew();
  });
})();
