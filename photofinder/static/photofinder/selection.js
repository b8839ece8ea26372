// Choosing several of the things in a list, by mouse, finger and keyboard: `photofinder.selection(root, options)`.
// `options.item` is the selector of a thing, whose dataset names it by `options.key`; each holds one role=checkbox.
"use strict";
window.photofinder.selection = (root, { item, key, onChange }) => {
  const chosen = new Set();
  let anchor = null; // where a range starts
  let current = 0; // the thing that the keyboard is at

  const items = () => [...root.querySelectorAll(item)];
  const box = (thing) => thing.querySelector("[role=checkbox]");
  const name = (thing) => thing.dataset[key];
  const thingOf = (event) => event.target.closest("[role=checkbox]")?.closest(item);

  function show() {
    for (const thing of items()) {
      const isChosen = chosen.has(name(thing));
      box(thing).setAttribute("aria-checked", String(isChosen));
      thing.classList.toggle("pf-chosen", isChosen);
    }
    onChange?.([...chosen]);
  }

  function set(thing, isChosen) {
    if (isChosen) chosen.add(name(thing));
    else chosen.delete(name(thing));
  }

  function toggle(thing) {
    set(thing, !chosen.has(name(thing)));
    anchor = name(thing);
    show();
  }

  // Everything from where the last choice was up to this.
  function extend(thing) {
    const all = items();
    const from = Math.max(all.findIndex((each) => name(each) === anchor), 0);
    const to = all.indexOf(thing);
    for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) set(each, true);
    anchor ??= name(all[from]);
    show();
  }

  function all() {
    for (const thing of items()) set(thing, true);
    show();
  }

  function none() {
    chosen.clear();
    anchor = null;
    show();
  }

  function goTo(index) {
    const things = items();
    if (!things.length) return;
    current = Math.min(Math.max(index, 0), things.length - 1);
    things.forEach((thing, place) => (box(thing).tabIndex = place === current ? 0 : -1));
    box(things[current]).focus();
  }

  function columns() {
    const things = items();
    const below = things.findIndex((thing) => thing.offsetTop > things[0].offsetTop);
    return below < 0 ? things.length : below;
  }

  // After the list was rendered anew: what is gone is not chosen any more, and the keyboard stays where it was.
  function renew({ isFocused }) {
    const left = new Set(items().map(name));
    for (const each of chosen) if (!left.has(each)) chosen.delete(each);
    if (isFocused) goTo(current);
    else items().forEach((thing, place) => (box(thing).tabIndex = place === Math.min(current, left.size - 1) ? 0 : -1));
    show();
  }

  const steps = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -columns(), ArrowDown: () => columns() };

  root.addEventListener("click", (event) => {
    const thing = thingOf(event);
    if (!thing || event.defaultPrevented) return;
    current = items().indexOf(thing);
    if (event.shiftKey) extend(thing);
    else toggle(thing);
    goTo(current);
  });
  root.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // a range of faces, not of text
  root.addEventListener("focusin", (event) => {
    const thing = thingOf(event);
    if (thing) current = items().indexOf(thing);
  });
  root.addEventListener("keydown", (event) => {
    if (!thingOf(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const ends = { Home: 0, End: items().length - 1 };
    const target = event.key in steps ? current + steps[event.key]() : ends[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const isThere = target >= 0 && target < items().length;
    if (event.shiftKey && anchor === null) anchor = name(items()[current]);
    if (isThere) goTo(target);
    if (isThere && event.shiftKey) extend(items()[current]);
  });
  document.addEventListener("keydown", (event) => {
    if (photofinder.isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const isAll = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.code === "KeyA";
    if (isAll) all();
    else if (event.key === "Escape" && chosen.size) none();
    else return;
    event.preventDefault();
  });

  return { all, none, renew, chosen: () => [...chosen], count: () => chosen.size, total: () => items().length };
};
