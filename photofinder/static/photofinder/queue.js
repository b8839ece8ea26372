// The queue of questions: one pair at a time, answered by a key, the next ones loaded meanwhile.
"use strict";
(() => {
  const queue = document.querySelector("[data-queue]");
  const find = (name) => queue.querySelector(`[data-${name}]`);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const mayDecide = "mayDecide" in queue.dataset;
  const ANSWERS = { Digit1: "yes", Numpad1: "yes", KeyY: "yes", Digit2: "no", Numpad2: "no", KeyN: "no", Digit3: "later", Numpad3: "later", KeyL: "later" };
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1] };

  let waiting = []; // questions that came from the server, the shown one first
  let counts = { left: 0, postponed: 0 };
  let places = [0, 0]; // which face of each side is shown
  let running = Promise.resolve(); // answers go to the server one after another
  let refused = 0; // answers that are on their way
  const answered = []; // {question, isDecision}: what can be taken back, the last one at the end
  const loaded = new Set();

  // --- which questions -----------------------------------------------------------------------------------------------

  const keyOf = (question) => question.key;
  const speaksOf = (question, people) => question.people.some((person) => people.has(person));

  function take(answer) {
    counts = { left: answer.left, postponed: answer.postponed };
    const known = new Set(waiting.map(keyOf));
    waiting.push(...answer.questions.filter((question) => !known.has(question.key)));
    preload();
  }

  async function more() {
    const answer = await fetch(queue.dataset.queue, { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) take(await answer.json());
  }

  function preload() {
    for (const question of waiting.slice(0, 4)) {
      for (const { faces } of question.sides) for (const face of faces.slice(0, 3)) load(face);
    }
  }

  function load(face) {
    for (const url of [face.crop, face.photo]) {
      if (!url || loaded.has(url)) continue;
      loaded.add(url);
      new Image().src = url;
    }
  }

  // --- answering -----------------------------------------------------------------------------------------------------

  function answer(choice) {
    const question = waiting.shift();
    if (!question) return;
    if (!mayDecide) {
      waiting.push(question);
      return show();
    }
    refused += 1;
    counts.left -= choice === "later" ? 0 : 1;
    show();
    running = running.then(() => send(question, choice)).finally(() => (refused -= 1));
  }

  // Whoever is merged or loses a face is not who they were in the questions that were loaded: these come anew.
  async function send(question, choice) {
    const before = waiting[0];
    if (choice === "later" && question.isBack) {
      waiting.push({ ...question, isBack: false });
      answered.push({ question, isDecision: false });
      return settle(before);
    }
    const result = await photofinder.decide(question.fields[choice]);
    if (result) {
      answered.push({ question, isDecision: choice !== "later" });
      const people = new Set([...result.gone, ...result.people.map((person) => person.id)]);
      if (choice !== "later") waiting = waiting.filter((other) => other.isBack || !speaksOf(other, people));
    }
    await more();
    settle(before);
  }

  function settle(before) {
    if (waiting[0]?.key === before?.key && waiting.length) count();
    else show();
  }

  function bringBack() {
    const last = answered.pop();
    if (!last) return false;
    const rest = waiting.filter((question) => question.key !== last.question.key);
    waiting = [{ ...last.question, isBack: true }, ...rest];
    counts.left += last.isDecision ? 1 : 0;
    show();
    return true;
  }

  // --- what is seen --------------------------------------------------------------------------------------------------

  function show() {
    const question = waiting[0];
    for (const name of ["head", "duel", "answers", "keys"]) find(name)?.toggleAttribute("hidden", !question);
    find("empty").hidden = Boolean(question) || refused > 1;
    count();
    find("notes").hidden = !question?.notes.length;
    if (!question) return;
    places = [0, 0];
    find("title").textContent = question.title;
    find("alike").textContent = question.alike;
    find("postponed").hidden = !question.postponed;
    const isFace = question.key.split("-")[2] !== "None";
    for (const name of ["yes", "no"]) {
      const label = find(name);
      if (label) label.textContent = label.dataset[isFace ? "face" : "pair"];
    }
    find("notes").replaceChildren(...question.notes.map(note));
    find("duel").replaceChildren(...question.sides.map(side));
    question.sides.forEach((_, number) => turn(number, 0));
    preload();
  }

  function count() {
    const text = counts.postponed ? queue.dataset.leftPostponed : queue.dataset.leftOne;
    const n = Math.max(counts.left, waiting.length ? 1 : 0);
    find("left").textContent = fill(text, { n, later: counts.postponed });
    const badge = document.querySelector(".pf-tab[aria-current] b");
    if (badge) badge.textContent = n || "";
  }

  function note({ kind, text }) {
    const icon = Object.assign(document.createElement("span"), { className: "material-symbols-outlined", textContent: kind === "bad" ? "warning" : "badge" });
    icon.ariaHidden = "true";
    const row = Object.assign(document.createElement("p"), { className: `pf-notice ${kind === "bad" ? "pf-notice-bad" : ""}` });
    row.append(icon, text);
    return row;
  }

  function side(who, number) {
    const card = find("side").content.firstElementChild.cloneNode(true);
    const part = (name) => card.querySelector(`[data-${name}]`);
    card.style.setProperty("--pf-hue", who.hue);
    part("name").textContent = who.title;
    part("name").classList.toggle("pf-nameless", !who.named);
    if (who.url) part("name").href = who.url;
    part("about").textContent = who.owner ?? fill(part("about").dataset.photos, { n: who.photos });
    const crops = who.faces.map((face, place) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "pf-side-face" });
      button.append(Object.assign(document.createElement("img"), { src: face.crop, alt: face.name, width: 64, height: 64 }));
      button.addEventListener("click", () => turn(number, place - places[number]));
      return button;
    });
    part("strip").replaceChildren(...crops);
    part("strip").hidden = crops.length < 2;
    for (const button of card.querySelectorAll("[data-step]")) {
      button.hidden = crops.length < 2;
      button.addEventListener("click", () => turn(number, Number(button.dataset.step)));
    }
    swipe(card.querySelector(".pf-side-stage"), number);
    return card;
  }

  function turn(number, by) {
    const { faces } = waiting[0].sides[number];
    if (!faces.length) return;
    places[number] = (places[number] + by + faces.length) % faces.length;
    const face = faces[places[number]];
    const card = find("duel").children[number];
    const part = (name) => card.querySelector(`[data-${name}]`);
    part("crop").src = face.crop;
    part("crop").alt = face.name;
    part("photo").src = face.photo;
    part("photo").alt = face.name;
    part("photo").parentElement.style.setProperty("--pf-ratio", face.ratio);
    part("box").style = face.box;
    part("file").textContent = face.name;
    part("file").href = face.url;
    part("place").textContent = faces.length > 1 ? `${places[number] + 1} / ${faces.length}` : "";
    [...part("strip").children].forEach((button, place) => button.setAttribute("aria-pressed", place === places[number]));
    for (const step of [-1, 1, 2]) load(faces[(places[number] + step + faces.length) % faces.length]);
  }

  function swipe(stage, number) {
    let start = null;
    stage.addEventListener("pointerdown", (event) => (start = event.pointerType === "touch" ? event.clientX : null));
    stage.addEventListener("pointerup", (event) => {
      if (start !== null && Math.abs(event.clientX - start) > 40) turn(number, event.clientX < start ? 1 : -1);
      start = null;
    });
  }

  // --- events --------------------------------------------------------------------------------------------------------

  queue.addEventListener("click", (event) => {
    const button = event.target.closest("[data-answer]");
    if (button) answer(button.dataset.answer);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest?.("input, textarea, select, [contenteditable=true]")) return;
    if (event.ctrlKey || event.metaKey) return putOffAgain(event);
    if (event.altKey || event.shiftKey || !waiting.length) return;
    if (STEPS[event.code]) turn(...STEPS[event.code]);
    else if (ANSWERS[event.code] && !event.repeat) answer(ANSWERS[event.code]);
    else return;
    event.preventDefault();
  }, true);

  // "Later" is no decision that the undo bar could take back: here it is, before the bar sees the key.
  function putOffAgain(event) {
    if (event.code !== "KeyZ" || event.shiftKey || event.altKey || !mayDecide) return;
    const last = answered.at(-1);
    if (last && last.isDecision) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (bringBack()) photofinder.say(queue.dataset.back);
    else photofinder.undo();
  }

  // The last decision that the bar took back was made here, or on another page before this one was opened.
  document.addEventListener("photofinder:undone", (event) => {
    event.preventDefault();
    while (answered.length && !answered.at(-1).isDecision) answered.pop();
    const people = new Set([...event.detail.gone, ...event.detail.people.map((person) => person.id)]);
    waiting = waiting.filter((question) => !speaksOf(question, people));
    if (!bringBack()) show();
    more().then(() => (waiting.length > 1 ? count() : show()));
  });

  take(JSON.parse(document.getElementById("pf-questions").textContent));
  show();
})();
