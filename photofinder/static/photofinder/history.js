// The history: a decision is taken back in place. Without this script its button opens the page that asks.
"use strict";
(() => {
  // The server renders the list; taking its parts from there keeps one template for both.
  async function renew() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#changelist-form");
    document.querySelector("#result_list").replaceWith(document.adoptNode(fresh.querySelector("#result_list")));
  }

  if (!document.querySelector("[data-decide]")) return;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("a[data-undo]");
    if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    button.setAttribute("aria-busy", "true");
    photofinder.takeBack(button.href).finally(() => button.removeAttribute("aria-busy"));
  });
  document.addEventListener("photofinder:undone", (event) => {
    event.preventDefault();
    renew();
  });
})();
