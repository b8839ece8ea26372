// The drop zone of an event's page: many files at once, one request per file, three at a time, all in one upload.
"use strict";
(() => {
  const PARALLEL = 3;
  const ATTEMPTS = 4;
  const PAUSE_MS = 1000; // before the second attempt; doubled before each further one
  const MEGABYTE = 1024 * 1024;

  const zone = document.querySelector("[data-upload]");
  const settings = JSON.parse(document.getElementById("pf-upload-settings").textContent);
  const texts = settings.texts;
  const find = (name) => zone.querySelector(`[data-${name}]`);
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const megabytes = (bytes) => (bytes / MEGABYTE).toLocaleString(document.documentElement.lang, { maximumFractionDigits: bytes < 100 * MEGABYTE ? 1 : 0 });

  let upload = null; // what is being sent now

  // --- which files ---------------------------------------------------------------------------------------------------

  async function filesOf(entry) {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const reader = entry.createReader();
    const files = [];
    for (;;) {
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) return files; // readEntries gives at most a hundred at a time
      for (const child of entries) files.push(...(await filesOf(child)));
    }
  }

  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
    const files = [];
    for (const entry of entries) files.push(...(await filesOf(entry)));
    return files.filter((file) => !file.name.startsWith("."));
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  function post(url, body, onProgress, requests) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const done = (outcome) => {
        requests.delete(request);
        resolve(outcome);
      };
      request.open("POST", url);
      request.setRequestHeader("X-CSRFToken", token());
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
      request.onload = () => done({ status: request.status, answer: request.response });
      request.onerror = request.ontimeout = () => done({ status: 0 });
      request.onabort = () => done({ cancelled: true });
      requests.add(request);
      request.send(body);
    });
  }

  // A lost connection, an overloaded or a restarting server deserve another attempt; a refusal does not.
  const deservesAnother = ({ status, cancelled }) => !cancelled && (status === 0 || status === 429 || status >= 500);

  async function persist(url, makeBody, onProgress, current) {
    for (let attempt = 1; ; attempt++) {
      const outcome = await post(url, makeBody(), onProgress, current.requests);
      if (current.cancelled || attempt === ATTEMPTS || !deservesAnother(outcome)) return outcome;
      await sleep(PAUSE_MS * 2 ** (attempt - 1));
      if (current.cancelled) return { cancelled: true };
    }
  }

  function trouble({ status, answer }) {
    if (answer?.detail) return answer.detail;
    if (status === 0) return texts.network;
    if (status === 200 || status === 403) return texts.signedOut; // the sign-in page, or CSRF protection
    return fill(texts.server, { status });
  }

  async function send(file, current) {
    if (file.size > settings.maxBytes) {
      const limit = Math.floor(settings.maxBytes / MEGABYTE);
      return refuse(file, fill(texts.tooLarge, { limit }), current, false);
    }
    const body = () => {
      const form = new FormData();
      form.append("file", file, file.name);
      return form;
    };
    const outcome = await persist(current.address, body, (part) => measure(file, part, current), current);
    if (outcome.cancelled) {
      current.queue.unshift(file);
      return;
    }
    if (outcome.status === 202 && outcome.answer) {
      current[outcome.answer.duplicate ? "duplicates" : "taken"] += 1;
      if (!outcome.answer.duplicate) document.dispatchEvent(new Event("photofinder:sent"));
    } else refuse(file, trouble(outcome), current, outcome.status !== 422);
  }

  function refuse(file, reason, current, isWorthAnother) {
    if (isWorthAnother) current.missing.push(file);
    else current.refused += 1;
    const row = document.createElement("li");
    row.append(Object.assign(document.createElement("strong"), { textContent: file.webkitRelativePath || file.name }));
    row.append(` ${reason}`);
    if (isWorthAnother) row.dataset.missing = "yes";
    find("trouble").append(row);
  }

  async function work(current) {
    let file;
    while (!current.cancelled && (file = current.queue.shift())) {
      await send(file, current);
      if (current.cancelled) return;
      current.finished += 1;
      measure(file, 1, current);
    }
  }

  const sizeOf = (files) => files.reduce((sum, file) => sum + file.size, 0);

  // More files while others are being sent join them.
  function add(files) {
    if (!upload) return start(files);
    upload.queue.push(...files);
    upload.total += files.length;
    upload.bytes += sizeOf(files);
  }

  async function start(files, previous) {
    const fresh = { taken: 0, duplicates: 0, refused: 0, address: "", page: "" };
    const current = {
      ...(previous ?? fresh),
      ...{ queue: [...files], total: files.length, bytes: sizeOf(files), finished: 0, parts: new Map(), missing: [] },
      ...{ requests: new Set(), cancelled: false },
    };
    upload = current;
    open(current, Boolean(previous));
    if (current.address || (await begin(current))) {
      await Promise.all(Array.from({ length: PARALLEL }, () => work(current)));
    }
    upload = null;
    close(current);
  }

  async function begin(current) {
    const outcome = await persist(settings.start, () => null, () => {}, current);
    if (outcome.status === 201 && outcome.answer) {
      [current.address, current.page] = [outcome.answer.send_to, outcome.answer.page];
      return true;
    }
    if (!outcome.cancelled) for (const file of current.queue) refuse(file, trouble(outcome), current, true);
    return false;
  }

  // --- what is seen --------------------------------------------------------------------------------------------------

  function open(current, isAgain) {
    find("sending").hidden = false;
    find("cancel").hidden = false;
    find("again").hidden = true;
    find("drop").classList.add("pf-drop-small");
    if (isAgain) zone.querySelectorAll("[data-missing]").forEach((row) => row.remove());
    else find("trouble").replaceChildren();
    find("status").textContent = texts.sending;
    measure(null, 0, current);
  }

  function measure(file, part, current) {
    if (file) current.parts.set(file, part * file.size);
    const sent = [...current.parts.values()].reduce((sum, bytes) => sum + bytes, 0);
    // Files count as well as bytes, so that the bar also moves while the server looks at the last ones.
    find("sent").max = current.bytes + current.total;
    find("sent").value = sent + current.finished;
    const files = fill(texts.files, { done: current.finished, total: current.total });
    const amount = fill(texts.megabytes, { done: megabytes(sent), total: megabytes(current.bytes) });
    find("amount").textContent = `${files} · ${amount}`;
    const counts = [
      [texts.taken, current.taken],
      [texts.duplicates, current.duplicates],
      [texts.refused, current.refused + current.missing.length],
    ];
    const worthSaying = counts.filter(([text, count]) => count || text === texts.taken);
    find("counts").textContent = worthSaying.map(([text, count]) => fill(text, { count })).join(" · ");
  }

  function close(current) {
    const isWhole = !current.missing.length && !current.refused;
    find("status").textContent = current.cancelled ? texts.cancelled : isWhole ? texts.finished : texts.finishedPartly;
    find("cancel").hidden = true;
    if (current.page) {
      find("batch").href = current.page;
      find("batch").hidden = false;
    }
    const rest = [...current.missing, ...current.queue];
    find("again").hidden = !rest.length;
    find("again").onclick = () => upload || start(rest, current);
    find("drop").classList.remove("pf-drop-small");
    zone.dispatchEvent(new CustomEvent("photofinder:finished", { bubbles: true }));
  }

  function say(text) {
    find("sending").hidden = false;
    find("status").textContent = text;
  }

  function cancel() {
    if (!upload) return;
    upload.cancelled = true;
    for (const request of upload.requests) request.abort();
  }

  // --- events --------------------------------------------------------------------------------------------------------

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
    const files = await dropped(event.dataTransfer);
    if (files.length) add(files);
    else say(texts.nothing);
  });
  find("files").hasChangeListener = true; // keeps Unfold's own listener away, which expects a text field beside the input
  find("files").addEventListener("change", (event) => {
    add([...event.target.files]);
    event.target.value = "";
  });
  find("cancel").addEventListener("click", cancel);
  window.addEventListener("beforeunload", (event) => {
    if (upload) event.preventDefault();
  });
})();
