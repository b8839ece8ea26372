// The review board: walking over the cards, selecting, naming, merging and hiding, each without leaving the page.
"use strict";
(() => {
  const root = document.querySelector("[data-board]");
  if (!root) return;
  const { decide, complain, draggable } = window.photofinder ?? {};
  const MAY_DECIDE = Boolean(decide);
  const SEARCH_MS = 220;
  const body = root.querySelector("[data-body]");
  const dialog = root.querySelector("[data-dialog]");
  const help = root.querySelector("[data-keys]");
  const search = root.querySelector("[data-search]");
  const bar = root.querySelector("[data-chosen-bar]");
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

  // --- cards ---------------------------------------------------------------------------------------------------------

  const list = () => body.querySelector("[data-people]");
  const cards = () => [...list().children];
  const card = (person) => list().querySelector(`[data-person="${person}"]`);
  const cardOf = (element) => element?.closest?.("[data-person]");
  const box = (of) => of.querySelector("[type=checkbox]");
  const idOf = (of) => Number(of.dataset.person);
  const isBusy = (of) => of.classList.contains("pf-busy"); // the server is being told about it
  const chosen = () => cards().filter((each) => box(each)?.checked && !isBusy(each));
  const current = () => cardOf(document.activeElement);
  const focus = (of, options) => of?.querySelector("[data-focus]")?.focus(options);
  let anchor = null; // where a range begins
  let latest = 0; // which search was the last one

  function choose(of, isChosen) {
    box(of).checked = isChosen;
    of.classList.toggle("pf-chosen", isChosen);
    if (isChosen) anchor = of;
  }

  function chooseUpTo(of) {
    const all = cards();
    const [from, to] = [all.indexOf(anchor?.isConnected ? anchor : of), all.indexOf(of)].sort((one, other) => one - other);
    for (const each of all.slice(from, to + 1)) choose(each, true);
  }

  function toggle(of, isRange) {
    if (isRange) chooseUpTo(of);
    else choose(of, !box(of).checked);
    showChosen();
  }

  function chooseNobody() {
    for (const each of chosen()) choose(each, false);
    showChosen();
  }

  function showChosen() {
    if (!bar) return;
    const count = chosen().length;
    bar.hidden = !count;
    bar.querySelector("[data-chosen-count]").textContent = fill(root.dataset.selected, { count });
    bar.querySelector("[data-do=merge]").disabled = count < 2;
    bar.querySelector("[data-do=differ]").hidden = count !== 2;
  }

  // --- keeping the page up to date -------------------------------------------------------------------------------------

  async function fetched(address) {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (!answer.ok || answer.redirected) throw new Error((isJson && (await answer.json()).detail) || root.dataset.broken);
    return parsed(await answer.text());
  }

  function part(name, parameters = {}) {
    const address = new URL(location.href);
    address.searchParams.set("part", name);
    address.searchParams.delete("after");
    for (const [key, values] of Object.entries(parameters)) {
      address.searchParams.delete(key);
      for (const value of [values].flat()) address.searchParams.append(key, value);
    }
    return fetched(address);
  }

  const troubled = (error) => (complain ? complain(error.message) : console.error(error));
  const adopted = (element) => document.adoptNode(element);

  function count(page) {
    root.querySelector("[data-views]").replaceWith(adopted(page.querySelector("[data-views]")));
  }

  // Show these people as they are now: changed in place, gone, or come back in the order of the cards.
  async function update(people) {
    const ids = [...new Set(people)];
    const page = await part("cards", { people: ids });
    const fresh = new Map([...page.querySelectorAll("[data-person]")].map((each) => [idOf(each), adopted(each)]));
    const after = neighbour(ids);
    for (const id of ids) {
      const [old, now] = [card(id), fresh.get(id)];
      if (now && old && box(old)?.checked) choose(now, true);
      if (old && now && old.dataset.photos === now.dataset.photos) old.replaceWith(now);
      else {
        old?.remove();
        if (now) insert(now);
      }
    }
    if (cards().length) body.querySelector("[data-nobody]")?.remove();
    else if (!body.querySelector("[data-more]")) await load(location.href);
    count(page);
    showChosen();
    return after;
  }

  // Who has the focus once these people may be gone: the next card that stays.
  function neighbour(ids) {
    const all = cards();
    const first = all.findIndex((each) => ids.includes(idOf(each)));
    const stays = (each) => !ids.includes(idOf(each));
    return idOf(all.slice(first).find(stays) ?? all.findLast(stays) ?? { dataset: {} });
  }

  function insert(now) {
    const rank = (each) => [-Number(each.dataset.photos), idOf(each)];
    const [photos, id] = rank(now);
    const next = cards().find((each) => rank(each)[0] > photos || (rank(each)[0] === photos && rank(each)[1] > id));
    if (next) next.before(now);
    else if (!body.querySelector("[data-more]")) list().append(now); // else it comes with those people
  }

  async function load(address) {
    const mine = ++latest;
    const url = new URL(address, location.href);
    url.searchParams.set("part", "cards");
    const page = await fetched(url);
    if (mine !== latest) return; // something else was asked for meanwhile
    body.replaceChildren(...[...page.body.children].filter((each) => !each.matches("[data-views]")).map(adopted));
    count(page);
    watchMore();
    showChosen();
  }

  async function loadMore() {
    const more = body.querySelector("[data-more]");
    if (!more || more.classList.contains("pf-busy")) return;
    more.classList.add("pf-busy");
    try {
      const url = new URL(more.querySelector("a").href);
      url.searchParams.set("part", "cards");
      const page = await fetched(url);
      const news = [...page.querySelectorAll("[data-person]")].filter((each) => !card(idOf(each)));
      list().append(...news.map(adopted));
      const next = page.querySelector("[data-more]");
      if (next) more.replaceWith(adopted(next));
      else more.remove();
      watchMore();
    } catch (error) {
      more.classList.remove("pf-busy");
      troubled(error);
    }
  }

  const watcher = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && loadMore(), { rootMargin: "900px" });

  function watchMore() {
    watcher.disconnect();
    const more = body.querySelector("[data-more]");
    if (more) watcher.observe(more);
  }

  // --- deciding --------------------------------------------------------------------------------------------------------

  // Decide, show what came of it, and put the focus where the work goes on.
  async function act(fields, people, { stayOn = null } = {}) {
    for (const person of people) card(person)?.classList.add("pf-busy");
    showChosen();
    const result = await decide(fields);
    for (const person of people) card(person)?.classList.remove("pf-busy");
    await follow(result ? [...result.people.map((person) => person.id), ...result.gone] : people, stayOn, Boolean(result));
  }

  async function follow(people, stayOn, isDone = true) {
    if (isDone) chooseNobody();
    try {
      const after = await update(people);
      focus(card(stayOn) ?? card(after), { preventScroll: true });
    } catch (error) {
      troubled(error);
    }
  }

  async function merge(people, into) {
    if (people.length < 2) return complain(root.dataset.needTwo);
    try {
      const page = await part("merge", { people, into: into ?? [] });
      dialog.replaceChildren(adopted(page.querySelector("[data-merge]")));
    } catch (error) {
      return follow(people, null, false).then(() => complain(error.message));
    }
    dialog.returnValue = "";
    dialog.showModal();
    const name = dialog.querySelector("[name=name]");
    name.focus();
    name.select();
  }

  function merged() {
    const form = dialog.querySelector("[data-merge]");
    if (dialog.returnValue !== "merge" || !form) return;
    const into = Number(form.dataset.into);
    const people = [...form.querySelectorAll("[data-chosen]")].map((each) => Number(each.dataset.chosen));
    const cover = form.elements.cover?.value || null;
    const others = people.filter((person) => person !== into);
    act({ kind: "merge", into, people: others, name: form.elements.name.value.trim(), cover }, people, { stayOn: into });
  }

  function hide() {
    const people = (chosen().length ? chosen() : [current()].filter((of) => of && !isBusy(of))).map(idOf);
    if (!people.length) return complain(root.dataset.needOne);
    act({ kind: root.dataset.view === "hidden" ? "show" : "hide", people }, people);
  }

  function differ() {
    const people = chosen().map(idOf);
    if (people.length === 2) act({ kind: "differ", people }, people, { stayOn: people[0] });
  }

  // --- naming ------------------------------------------------------------------------------------------------------------

  function rename(of) {
    const button = of?.querySelector("button[data-name]");
    if (!button) return;
    const before = button.dataset.name;
    const input = Object.assign(document.createElement("input"), { value: before, maxLength: 200, placeholder: button.textContent.trim() });
    input.className = "pf-board-rename";
    input.autocomplete = "off";
    input.setAttribute("aria-label", button.getAttribute("aria-label"));
    let isOver = false;
    const finish = (isMeant, goesOn) => {
      if (isOver) return;
      isOver = true;
      const name = input.value.trim();
      const hadFocus = document.activeElement === input;
      input.replaceWith(button);
      if (!isMeant || name === before) return hadFocus && focus(of, { preventScroll: true });
      button.firstElementChild.textContent = name || button.firstElementChild.textContent;
      const person = idOf(of);
      act({ kind: "name", person, name }, [person], { stayOn: goesOn ? person : -1 });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") finish(true, true);
      else if (event.key === "Escape") finish(false);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    input.addEventListener("blur", () => finish(true, false));
    button.replaceWith(input);
    input.focus();
    input.select();
  }

  // --- keys --------------------------------------------------------------------------------------------------------------

  function neighbourOf(of, key) {
    const all = cards();
    const place = all.indexOf(of);
    if (place < 0) return all[0];
    const columns = all.findIndex((each) => each.offsetTop > all[0].offsetTop);
    const row = columns < 0 ? all.length : columns;
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, ArrowUp: place - row, ArrowDown: place + row, Home: 0, End: all.length - 1 }[key];
    return all[to] ?? (key === "ArrowDown" ? all.at(-1) : of);
  }

  const KEYS = {
    KeyM: () => merge(chosen().map(idOf)),
    KeyH: hide,
    KeyD: differ,
    KeyN: () => rename(current() ?? chosen()[0]),
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) {
      if (event.key === "Escape" && event.target === search) search.blur();
      return;
    }
    if (event.key === "?") help.showModal();
    else if (event.key === "/" || (event.code === "Slash" && !event.shiftKey)) {
      search.focus();
      search.select();
    } else if (/^(Arrow|Home|End)/.test(event.key) && (current() || event.target === document.body)) {
      const next = neighbourOf(current(), event.key);
      if (event.shiftKey && MAY_DECIDE && current()) {
        choose(current(), true);
        choose(next, true);
        showChosen();
      }
      focus(next);
    } else if (event.key === "Enter" && event.target.matches("[type=checkbox]")) open(current());
    else if (MAY_DECIDE && event.key === " " && event.shiftKey && current()) toggle(current(), true);
    else if (MAY_DECIDE && event.key === "Escape" && chosen().length) chooseNobody();
    else if (MAY_DECIDE && !event.shiftKey && KEYS[event.code]) KEYS[event.code]();
    else return;
    event.preventDefault();
  }

  const open = (of) => (location.href = of.querySelector("[data-open]").href);

  // --- events --------------------------------------------------------------------------------------------------------

  document.addEventListener("keydown", onKey);
  root.querySelector("[data-help]").addEventListener("click", () => help.showModal());
  root.querySelector("[data-event]").addEventListener("change", (event) => event.target.form.submit());
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.delete("after");
      if (search.value.trim()) address.searchParams.set("q", search.value.trim());
      else address.searchParams.delete("q");
      history.replaceState(null, "", address);
      load(address).catch(troubled);
    }, SEARCH_MS);
  });
  body.addEventListener("click", (event) => {
    if (!event.target.closest("[data-more] a")) return;
    event.preventDefault();
    loadMore();
  });
  watchMore();
  if (!MAY_DECIDE) return;

  let touched = false; // the last press was a finger's
  body.addEventListener("pointerdown", (event) => (touched = event.pointerType !== "mouse"), true);
  body.addEventListener("click", (event) => {
    const of = cardOf(event.target);
    if (!of || event.target.closest("a, .pf-board-rename")) return;
    if (event.target.closest("button[data-name]")) return rename(of);
    if (event.target.matches("[type=checkbox]")) {
      // the browser has changed it already
      if (event.shiftKey) chooseUpTo(of);
      else choose(of, event.target.checked);
      return showChosen();
    }
    if (event.target.closest("label")) return; // a click on the box follows
    if (touched && !chosen().length) return open(of);
    toggle(of, event.shiftKey);
    focus(of, { preventScroll: true });
  });
  body.addEventListener("dblclick", (event) => {
    const of = cardOf(event.target);
    if (of && !touched && !event.target.closest("a, input, label, button")) open(of);
  });
  body.addEventListener("mousedown", (event) => event.shiftKey && cardOf(event.target) && event.preventDefault()); // marks no text
  bar.addEventListener("click", (event) => {
    const what = event.target.closest("[data-do]")?.dataset.do;
    ({ clear: chooseNobody, merge: KEYS.KeyM, differ, hide })[what]?.();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-cancel]") || event.target === dialog) dialog.close("");
    const name = event.target.closest("[data-called]");
    if (name) dialog.querySelector("[name=name]").value = name.dataset.called;
  });
  dialog.addEventListener("close", merged);
  help.addEventListener("click", (event) => event.target === help && help.close());
  document.addEventListener("photofinder:undone", (event) => {
    event.preventDefault();
    const { people, gone } = event.detail;
    follow([...people.map((person) => person.id), ...gone], people[0]?.id);
  });
  draggable(body, {
    cardsOf: (of) => (box(of).checked ? chosen() : [of]),
    caption: (target) => fill(root.dataset.into, { name: target.dataset.title }),
    onDrop: (target, dropped) => merge([idOf(target), ...dropped.map(idOf)], idOf(target)),
    onHold: (of) => toggle(of, false),
  });
})();
