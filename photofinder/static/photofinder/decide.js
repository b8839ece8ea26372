// Deciding from any page of Admin: `photofinder.decide(fields)`, and the bar that says what was done and takes it back.
// The page includes parts/decide.html. A page that can follow an undo in place listens for `photofinder:undone` and
// calls preventDefault(); any other page is loaded anew.
"use strict";
window.photofinder = (() => {
  const KEPT_MS = 15 * 60 * 1000;
  const SHOWN_MS = 20 * 1000;
  const MOST_KEPT = 20;
  const ICONS = { done: "check_circle", undone: "undo", trouble: "error" };

  const bar = document.querySelector("[data-decide]");
  // What can be taken back, the last one at the end; survives a change of page. Each room has decisions of its own.
  const KEPT = bar?.dataset.kept ?? "photofinder.decided";
  const part = (name) => bar.querySelector(`[data-bar-${name}]`);
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const isTyping = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]");
  let hiding = 0;
  let last = Promise.resolve(); // one decision after the other: each is about what the one before left

  // --- asking the server ---------------------------------------------------------------------------------------------

  function encoded(fields) {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== null && each !== undefined) body.append(name, each);
      }
    }
    return body;
  }

  // The server's answer to a POST. Throws an Error with a sentence for people, and with the `code` and `status`.
  async function post(url, fields = {}) {
    const headers = { "X-CSRFToken": token(), Accept: "application/json" };
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body: encoded(fields), headers, redirect: "manual" });
    } catch {
      throw Object.assign(new Error(bar.dataset.network), { code: "network", status: 0 });
    }
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    const said = isJson ? await answer.json() : {};
    if (answer.ok && isJson) return said;
    const signedOut = answer.type === "opaqueredirect" || answer.status === 403;
    const text = signedOut ? bar.dataset.signedOut : said.detail || bar.dataset.server;
    throw Object.assign(new Error(text), { ...said, status: answer.status });
  }

  // One decision; answers what the server says, or null after saying in the bar what is wrong.
  async function decide(fields) {
    return attempt(async () => {
      const result = await post(bar.dataset.decide, fields);
      if (result.undo) keep([...kept(), { text: result.sentence, undo: result.undo, at: Date.now() }]);
      show("done", result.sentence, Boolean(result.undo));
      return result;
    });
  }

  // Takes the last decision back.
  const undo = () => attempt(async () => (kept().length ? taken(kept().at(-1).undo) : null));

  // Takes the decision back that has this address, whether it is the last or not.
  const takeBack = (url) => attempt(() => taken(url));

  async function taken(url) {
    let result;
    try {
      result = await post(url);
    } catch (error) {
      if (error.status === 404 || error.code === "undone_already") forget(url);
      throw error;
    }
    forget(url);
    show("undone", result.sentence, false); // a double click must not take back two
    const isFollowed = !document.dispatchEvent(new CustomEvent("photofinder:undone", { detail: result, cancelable: true }));
    if (!isFollowed) location.reload();
    return result;
  }

  function attempt(work) {
    last = last.catch(() => null).then(async () => {
      bar.classList.add("pf-bar-busy");
      try {
        return await work();
      } catch (error) {
        if (!("status" in error)) throw error;
        show("trouble", error.message, false);
        document.dispatchEvent(new CustomEvent("photofinder:trouble", { detail: error }));
        return null;
      } finally {
        bar.classList.remove("pf-bar-busy");
      }
    });
    return last;
  }

  // --- what can be taken back ----------------------------------------------------------------------------------------

  function kept() {
    const rows = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return rows.filter((row) => Date.now() - row.at < KEPT_MS);
  }

  const forget = (url) => keep(kept().filter((row) => row.undo !== url));
  const keep = (rows) => sessionStorage.setItem(KEPT, JSON.stringify(rows.slice(-MOST_KEPT)));

  // --- the bar -------------------------------------------------------------------------------------------------------

  function show(kind, text, isUndoable) {
    bar.dataset.kind = kind;
    bar.setAttribute("role", kind === "trouble" ? "alert" : "status");
    bar.hidden = false;
    part("icon").textContent = ICONS[kind];
    part("text").textContent = text;
    part("undo").hidden = !isUndoable;
    clearTimeout(hiding);
    hiding = setTimeout(hide, SHOWN_MS);
  }

  const hide = () => (bar.hidden = true);
  const say = (text) => show("done", text, false);
  const complain = (text) => show("trouble", text, false);

  if (bar) {
    const decided = kept().at(-1);
    if (decided && Date.now() - decided.at < SHOWN_MS) show("done", decided.text, true);
    part("undo").addEventListener("click", undo);
    part("close").addEventListener("click", hide);
    for (const name of ["pointerenter", "focusin"]) bar.addEventListener(name, () => clearTimeout(hiding));
    bar.addEventListener("pointerleave", () => (hiding = setTimeout(hide, SHOWN_MS)));
    document.addEventListener("keydown", (event) => {
      const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.code === "KeyZ";
      if (!isUndo || isTyping(event.target) || document.querySelector("dialog[open]") || !kept().length) return;
      event.preventDefault();
      if (!event.repeat) undo();
    });
  }

  return { decide, undo, takeBack, say, complain, isTyping };
})();
