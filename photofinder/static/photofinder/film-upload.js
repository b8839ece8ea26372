// Uploading films: film after film, each in parts, three of them at a time. What was sent is kept: a lost connection
// costs the parts that were on their way, and the same file chosen again goes on where it stopped.
"use strict";
(() => {
  const PARALLEL = 3;
  const ATTEMPTS = 6; // at a server that answers with errors; a lost connection is waited for as long as it takes
  const PAUSE_MS = 1000; // before the second attempt; doubled before each further one
  const LONGEST_PAUSE_MS = 15_000;
  const SPEED_MS = 8000; // the time over which speed is measured
  const EVERY_MS = 2000; // between questions how far films are
  const MEGABYTE = 1024 * 1024;

  const root = document.querySelector("[data-film-upload]");
  const settings = JSON.parse(document.getElementById("pf-film-upload-settings").textContent);
  const texts = settings.texts;
  const find = (name) => root.querySelector(`[data-${name}]`);
  const token = () => root.querySelector("[name=csrfmiddlewaretoken]").value;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const number = (value, digits) => value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
  const megabytes = (bytes) => number(bytes / MEGABYTE, bytes < 100 * MEGABYTE ? 1 : 0);

  const films = []; // whatever was chosen, in that order
  let isBusy = false;

  // --- asking the server -----------------------------------------------------------------------------------------------

  function post(url, body, film, onProgress) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const done = (outcome) => {
        film?.requests.delete(request);
        resolve(outcome);
      };
      request.open("POST", url);
      request.setRequestHeader("X-CSRFToken", token());
      request.setRequestHeader("Accept", "application/json");
      if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
      request.responseType = "json";
      if (onProgress) request.upload.onprogress = (event) => onProgress(event.loaded);
      request.onload = () => done({ status: request.status, answer: request.response });
      request.onerror = request.ontimeout = () => done({ status: 0 });
      request.onabort = () => done({ cancelled: true });
      film?.requests.add(request);
      request.send(body);
    });
  }

  function pause(attempt) {
    return new Promise((resolve) => {
      const over = () => {
        window.removeEventListener("online", over);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(over, Math.min(PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS));
      window.addEventListener("online", over);
    });
  }

  async function isReadable(body) {
    if (!(body instanceof Blob)) return true;
    try {
      await body.slice(0, 1).arrayBuffer();
      return true;
    } catch {
      return false; // moved, changed or on a stick that was taken away
    }
  }

  // Until the server says something that stands.
  async function persist(url, body, film, onProgress) {
    for (let attempt = 0; ; attempt++) {
      const outcome = await post(url, body, film, onProgress);
      if (film.stopped || outcome.cancelled) return { cancelled: true };
      if (outcome.status && outcome.status !== 429 && (outcome.status < 500 || outcome.status === 507)) return outcome;
      if (outcome.status && attempt + 1 >= ATTEMPTS) return outcome;
      if (!(await isReadable(body))) return { unreadable: true };
      if (!outcome.status) show(film, "offline", texts.offline);
      await pause(attempt);
      if (film.stopped) return { cancelled: true };
    }
  }

  function trouble({ status, answer, unreadable }) {
    if (unreadable) return texts.unreadable;
    if (answer?.detail) return answer.detail;
    if (status === 200 || status === 403) return texts.signedOut; // the sign-in page, or CSRF protection
    return fill(texts.server, { status });
  }

  // --- sending ---------------------------------------------------------------------------------------------------------

  async function send(film) {
    film.stopped = false;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (!(await begin(film)) || !(await sendParts(film))) return;
      show(film, "completing", texts.completing);
      const outcome = await persist(film.links.complete, null, film);
      if (outcome.status === 202) return tell(film, outcome.answer);
      if (outcome.answer?.code !== "parts_missing") return fail(film, outcome);
    }
    fail(film, { status: 409 });
  }

  async function begin(film) {
    const form = new FormData();
    form.append("name", film.file.name);
    form.append("bytes", film.file.size);
    form.append("event", film.event);
    const outcome = await persist(settings.begin, form, film);
    if (outcome.status !== 201 || !outcome.answer) return fail(film, outcome);
    film.links = outcome.answer;
    forget(root.querySelector(`[data-begun="${film.links.id}"]`));
    film.done = film.file.size - film.links.missing.reduce((sum, start) => sum + part(film, start).size, 0);
    film.samples = [];
    if (film.done) show(film, "sending", fill(texts.goesOn, { percent: Math.floor((100 * film.done) / film.file.size) }));
    return true;
  }

  const part = (film, start) => film.file.slice(start, start + settings.chunkBytes);

  async function sendParts(film) {
    const queue = [...film.links.missing];
    film.moving = new Map();
    await Promise.all(Array.from({ length: PARALLEL }, () => work(film, queue)));
    return !film.stopped;
  }

  async function work(film, queue) {
    while (queue.length && !film.stopped) {
      const start = queue.shift();
      const body = part(film, start);
      const outcome = await persist(film.links.part.replace(/0\/$/, `${start}/`), body, film, (bytes) => {
        film.moving.set(start, bytes);
        measure(film);
      });
      film.moving.delete(start);
      if (outcome.status !== 204) return fail(film, outcome);
      film.done += body.size;
      measure(film);
    }
  }

  function stop(film) {
    film.stopped = true;
    for (const request of film.requests) request.abort();
  }

  function fail(film, outcome) {
    if (outcome.cancelled || film.stopped) return false;
    stop(film);
    show(film, "failed", trouble(outcome));
    return false;
  }

  async function cancel(film) {
    stop(film);
    show(film, "cancelled", texts.cancelled);
    if (film.links) await post(film.links.cancel, null);
    film.links = null;
  }

  async function goOn() {
    if (isBusy) return;
    isBusy = true;
    for (let film; (film = films.find((one) => one.state === "waiting")); ) {
      show(film, "sending", "");
      await send(film);
    }
    isBusy = false;
  }

  // --- what is seen ----------------------------------------------------------------------------------------------------

  function measure(film) {
    if (film.stopped) return;
    const sent = film.done + [...film.moving.values()].reduce((sum, bytes) => sum + bytes, 0);
    const now = performance.now();
    film.samples.push([now, sent]);
    while (film.samples.length > 2 && now - film.samples[0][0] > SPEED_MS) film.samples.shift();
    const [since, before] = film.samples[0];
    const speed = now > since + 500 ? Math.max((1000 * (sent - before)) / (now - since), 0) : 0;
    const share = Math.min(sent / film.file.size, 1);
    const words = [fill(texts.sending, { percent: Math.floor(100 * share), size: megabytes(film.file.size) })];
    if (speed) words.push(fill(texts.speed, { speed: number(speed / MEGABYTE, 1) }), timeLeft((film.file.size - sent) / speed));
    film.bar.value = share;
    show(film, "sending", words.join(" · "));
  }

  function timeLeft(seconds) {
    if (seconds < 90) return fill(texts.seconds, { n: Math.ceil(seconds) });
    return seconds < 5400 ? fill(texts.minutes, { n: Math.round(seconds / 60) }) : fill(texts.hours, { n: number(seconds / 3600, 1) });
  }

  const SAID = new Set(["failed", "cancelled", "offline", "completing", "told", "ready"]);

  function show(film, state, words) {
    const isNews = film.state !== state && SAID.has(state);
    film.state = state;
    film.row.dataset.state = state;
    film.how.textContent = words;
    film.again.hidden = !["failed", "cancelled"].includes(state) || !film.file;
    film.cancel.hidden = !["waiting", "sending", "offline", "failed"].includes(state) || !film.file;
    if (isNews) find("said").textContent = `${film.name.textContent}: ${words}`;
  }

  // What the server says of a film that it has.
  function tell(film, told) {
    film.id = told.id;
    film.isOver = ["ready", "failed"].includes(told.state);
    film.name.href = told.page;
    const words = told.reason ? `${told.words}: ${told.reason}` : told.words;
    film.file = null;
    show(film, told.state === "failed" || told.state === "ready" ? told.state : "told", [film.note, words].filter(Boolean).join(" · "));
    watch();
  }

  let isWatching = false;

  async function watch() {
    if (isWatching) return;
    isWatching = true;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const going = films.filter((film) => film.id && !film.isOver);
      if (!going.length) break;
      if (document.hidden) continue;
      try {
        const answer = await fetch(`${settings.states}?ids=${going.map((film) => film.id)}`, { headers: { Accept: "application/json" } });
        if (answer.redirected || (!answer.ok && answer.status < 500)) break; // signed out
        for (const told of (await answer.json()).films) going.filter((film) => film.id === told.id).forEach((film) => tell(film, told));
      } catch {
        continue; // the server is away for a moment
      }
    }
    isWatching = false;
  }

  function add(name, file) {
    const row = find("row").content.firstElementChild.cloneNode(true);
    const inRow = (what) => row.querySelector(`[data-${what}]`);
    const film = {
      ...{ file, row, event: find("event").value, requests: new Set(), links: null, done: 0, moving: new Map(), samples: [] },
      ...{ name: inRow("name"), how: inRow("how"), bar: inRow("bar"), again: inRow("again"), cancel: inRow("cancel") },
    };
    film.key = file && `${file.name}/${file.size}/${file.lastModified}/${film.event}`;
    film.name.textContent = name;
    film.bar.setAttribute("aria-label", name);
    film.cancel.addEventListener("click", () => cancel(film));
    film.again.addEventListener("click", () => {
      show(film, "waiting", texts.waiting);
      goOn();
    });
    find("films").append(row);
    films.push(film);
    return film;
  }

  // The same file twice is one film, unless the first came to nothing.
  function choose(files) {
    for (const file of files) {
      const key = `${file.name}/${file.size}/${file.lastModified}/${find("event").value}`;
      const same = films.find((film) => film.file && film.key === key);
      if (same && !["failed", "cancelled"].includes(same.state)) continue;
      same?.row.remove();
      if (same) films.splice(films.indexOf(same), 1);
      show(add(file.name, file), "waiting", texts.waiting);
    }
    goOn();
  }

  // --- dropping and choosing -------------------------------------------------------------------------------------------

  async function filesOf(entry) {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) return found; // readEntries gives at most a hundred at a time
      for (const child of entries) found.push(...(await filesOf(child)));
    }
  }

  const isFilm = (file) => file.type.startsWith("video/") || find("files").accept.split(",").some((end) => file.name.toLowerCase().endsWith(end));

  // Of a folder the films only; a file that was dropped by itself is answered for.
  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
    const found = [];
    for (const entry of entries) found.push(...(await filesOf(entry)));
    return found.filter((file) => !file.name.startsWith(".") && isFilm(file));
  }

  const area = find("drop");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // a file that misses the zone must not replace the page
      area.classList.add("pf-drop-over");
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget || area.classList.remove("pf-drop-over"));
  document.addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    area.classList.remove("pf-drop-over");
    const found = await dropped(event.dataTransfer);
    if (found.length) choose(found);
    else show(add(texts.nothing, null), "failed", "");
  });
  find("files").hasChangeListener = true; // keeps Unfold's own listener away, which expects a text field beside the input
  find("files").addEventListener("change", (event) => {
    choose([...event.target.files]);
    event.target.value = "";
  });
  window.addEventListener("beforeunload", (event) => {
    if (isBusy) event.preventDefault();
  });

  function forget(row) {
    row?.remove();
    if (!root.querySelector("[data-begun]")) find("unfinished")?.remove();
  }

  // --- what lies on the server, and what was begun earlier -------------------------------------------------------------

  find("path")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    form.append("event", find("event").value);
    const outcome = await post(settings.path, form);
    const isTaken = outcome.status === 202;
    find("wrong").textContent = isTaken ? "" : trouble(outcome);
    event.target.elements.path.setAttribute("aria-invalid", String(!isTaken));
    if (!isTaken) return;
    for (const told of outcome.answer.films) {
      const film = add(told.name, null);
      film.note = told.known ? texts.known : "";
      tell(film, told);
    }
    for (const refused of outcome.answer.refused) show(add(refused.name, null), "failed", refused.detail);
  });
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-forget]");
    if (!button) return;
    const outcome = await post(button.dataset.forget, null);
    if (outcome.status === 204 || outcome.status === 404) forget(button.closest("[data-begun]"));
  });
})();
