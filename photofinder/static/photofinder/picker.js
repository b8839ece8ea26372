// Choosing somebody in a dialog: `photofinder.pick({ title, faces })` answers the person, or null. The nearest to these
// faces and the latest come first; typing searches by name.
"use strict";
photofinder.pick = (() => {
  const WAIT_MS = 150;
  const dialog = document.querySelector("[data-picker]");
  if (!dialog) return null;
  const part = (name) => dialog.querySelector(`[data-picker-${name}]`);
  let answer = null;
  let faces = [];
  let waiting = 0;
  let asked = 0;

  const made = (tag, values = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  };

  function card(person) {
    const cover = person.cover ? made("img", { src: person.cover, alt: "", width: 56, height: 56 }) : made("span", { className: "pf-blank" });
    const title = made("strong", { textContent: person.name, className: person.is_named ? "" : "pf-nameless" });
    const text = made("span", {}, title, made("span", { textContent: person.facts, className: "pf-muted" }));
    const button = made("button", { type: "button", className: "pf-somebody" }, cover, text);
    if (person.alike) button.append(made("span", { textContent: person.alike, className: "pf-alike" }));
    button.addEventListener("click", () => close(person));
    return made("li", {}, button);
  }

  function show(groups) {
    const filled = groups.filter((group) => group.people.length);
    const sections = filled.map(({ title, people }) =>
      made("section", {}, made("h3", { textContent: title, className: "pf-heading" }), made("ul", {}, ...people.map(card))),
    );
    const none = made("p", { textContent: dialog.dataset.none, className: "pf-muted pf-picker-none" });
    part("groups").replaceChildren(...(sections.length ? sections : [none]));
    part("groups").scrollTop = 0;
  }

  async function ask() {
    const number = ++asked;
    const query = new URLSearchParams({ q: part("term").value });
    for (const face of faces) query.append("faces", face);
    dialog.classList.add("pf-busy-list");
    try {
      const found = await fetch(`${dialog.dataset.picker}?${query}`, { headers: { Accept: "application/json" } });
      const said = found.ok && !found.redirected ? await found.json() : { groups: [] };
      if (number === asked) show(said.groups); // an earlier question may be answered later
    } catch {
      if (number === asked) show([]);
    } finally {
      if (number === asked) dialog.classList.remove("pf-busy-list");
    }
  }

  function close(person) {
    answer = person;
    dialog.close();
  }

  // Arrows go through the people, from the search field too; Enter there takes the first one.
  function steer(event) {
    const people = [...dialog.querySelectorAll(".pf-somebody")];
    const at = people.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && people.length) {
      event.preventDefault();
      if (at + step < 0) part("term").focus();
      else people[Math.min(at + step, people.length - 1)].focus();
    }
    if (event.key === "Enter" && event.target === part("term")) {
      event.preventDefault();
      if (part("term").value && !dialog.classList.contains("pf-busy-list")) people[0]?.click();
    }
  }

  part("term").addEventListener("input", () => {
    dialog.classList.add("pf-busy-list");
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT_MS);
  });
  part("close").addEventListener("click", () => close(null));
  dialog.addEventListener("keydown", steer);
  dialog.addEventListener("click", (event) => event.target === dialog && close(null)); // beside it

  return (options) => {
    answer = null;
    faces = options.faces ?? [];
    part("title").textContent = options.title;
    part("term").value = "";
    part("groups").replaceChildren();
    dialog.showModal();
    part("term").focus();
    ask();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(answer), { once: true }));
  };
})();
