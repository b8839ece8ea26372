// What every page of attendees shares: asking the server, saying what happened, and the likeness of the visitor, which
// stays in this tab.
"use strict";
window.pages = (() => {
  const KEPT = "photofinder.likeness"; // {result: path of the result's page, likeness: sealed by the server}
  const SHOWN_MS = 8000;
  const words = document.body.dataset;
  const toast = document.querySelector("[data-toast]");
  const toastText = document.querySelector("[data-toast-text]");
  const toastButton = document.querySelector("[data-toast-button]");
  let hiding = 0;

  document.documentElement.classList.add("js");

  // The server's answer to a form. Throws an Error with `title` and `detail` for people, and the server's `code`.
  async function post(url, body) {
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      throw Object.assign(new Error("network"), { title: "", detail: words.network });
    }
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    const said = isJson ? await answer.json() : {};
    if (answer.ok && isJson) return said;
    throw Object.assign(new Error(said.code ?? String(answer.status)), { title: "", detail: words.server, ...said });
  }

  // One line at the lower edge, with one thing to do about it; read out by screen readers.
  function say(text, label = "", act = null) {
    clearTimeout(hiding);
    (document.querySelector("dialog[open]") ?? document.body).append(toast);
    toast.hidden = false;
    toastText.textContent = text;
    toastButton.hidden = !act;
    toastButton.textContent = label;
    toastButton.onclick = () => {
      toast.hidden = true;
      act();
    };
    hiding = setTimeout(hide, SHOWN_MS);
  }

  function hide() {
    if (toast.matches(":focus-within, :hover")) hiding = setTimeout(hide, SHOWN_MS);
    else toast.hidden = true;
  }

  // What lies outside of an open dialog can be neither seen nor reached.
  document.addEventListener("close", () => document.body.append(toast), true);

  // The likeness behind the result at that path, if this tab has searched it.
  function likeness(result) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
      return kept.result === result ? kept.likeness : "";
    } catch {
      return "";
    }
  }

  function keepLikeness(result, sealed) {
    try {
      if (sealed) sessionStorage.setItem(KEPT, JSON.stringify({ result, likeness: sealed }));
      else sessionStorage.removeItem(KEPT);
    } catch {
      // A browser that keeps nothing asks for another selfie instead.
    }
  }

  return { post, say, likeness, keepLikeness };
})();
