// Keeps the rows of films that are not finished up to date. The server renders the list; its cells are taken from
// there, and the boxes that are ticked stay.
"use strict";
(() => {
  const EVERY_MS = 3000;
  const wait = () => new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  const rows = (page) => [...page.querySelectorAll("#result_list .data-row")];
  const name = (row) => row.querySelector(".field-name a")?.getAttribute("href")?.split("?")[0];
  const isWaiting = () => document.querySelector("#result_list [data-unfinished]");

  async function refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.status >= 500) throw new Error(answer.statusText);
    if (!answer.ok || answer.redirected) return false; // signed out
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = new Map(rows(page).map((row) => [name(row), row]));
    for (const row of rows(document)) {
      if (row.querySelector("[data-unfinished]") && fresh.has(name(row))) renew(row, fresh.get(name(row)));
    }
    return true;
  }

  function renew(row, fresh) {
    for (const field of ["picture", "duration", "progress", "size"]) {
      const [cell, now] = [row, fresh].map((of) => of.querySelector(`.field-${field}`));
      if (cell && now && cell.innerHTML !== now.innerHTML) cell.innerHTML = now.innerHTML;
    }
  }

  async function watch() {
    let goesOn = true;
    while (goesOn && isWaiting()) {
      await wait();
      try {
        goesOn = document.hidden || (await refresh());
      } catch {
        goesOn = true; // the server is away for a moment
      }
    }
  }

  watch();
})();
