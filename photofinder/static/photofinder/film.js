// The page of a film: cards and keys move the player, what happens now is lit, words choose events, and while the film
// is indexed its events come in by themselves.
"use strict";
(() => {
  const [EVERY_MS, RENEW_MS, AGAIN_MS] = [2500, 8000, 10_000];
  const [JUMP_S, NEAR_S, MOVED_S] = [5, 0.05, 0.1];
  const root = document.querySelector("[data-film]");
  const player = root.querySelector("[data-player]");
  const form = root.querySelector("[data-search]");
  const words = root.querySelector("[data-words]");
  const find = (selector) => root.querySelector(selector);
  const cards = () => [...root.querySelectorAll("[data-event]")];
  const isTyping = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]");
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const isFound = () => new URL(location.href).searchParams.get("q");
  let version = root.dataset.version;
  let place = Number(root.dataset.at ?? 0); // where the player is, or is to be once it can
  let position = -1; // how far it was indexed when the page was last asked for
  let addressAt = 0; // when the player got another address
  let renewedAt = Date.now();

  const timeline = photofinder.timeline(find("[data-timeline]"), { seek, step });
  const read = (page) => JSON.parse(page.querySelector("#pf-timeline").textContent);

  // --- where the film is -----------------------------------------------------------------------------------------------

  function seek(seconds) {
    place = seconds;
    if (player?.readyState) player.currentTime = seconds;
    show();
  }

  function step(by) {
    const starts = timeline.events().map(([, start]) => start);
    const next = by > 0 ? starts.find((start) => start > place + NEAR_S) : starts.findLast((start) => start < place - 1);
    if (next !== undefined) seek(next);
  }

  function show() {
    timeline.now(place);
    const clock = find("[data-clock]");
    const said = photofinder.clock(place);
    if (clock.textContent !== said) clock.textContent = said;
    for (const card of cards()) {
      const isNow = Number(card.dataset.start) - NEAR_S <= place && place <= Number(card.dataset.end);
      if (card.classList.contains("pf-now") === isNow) continue;
      card.classList.toggle("pf-now", isNow);
      if (isNow && player && !player.paused) keepInView(card);
    }
  }

  // Only the list of cards scrolls: a page that moves by itself while somebody reads would be a nuisance.
  function keepInView(card) {
    const list = find("[data-found]");
    if (!card || list.scrollHeight <= list.clientHeight || list.matches(":hover, :focus-within")) return;
    list.scrollTo({ top: card.offsetTop - list.clientHeight / 3, behavior: "smooth" });
  }

  function jump(card) {
    const start = Number(card.dataset.start);
    seek(start);
    const address = new URL(location.href);
    address.searchParams.set("t", start.toFixed(1));
    history.replaceState(null, "", address);
  }

  // --- the player --------------------------------------------------------------------------------------------------------

  const follow = () => {
    if (Math.abs(player.currentTime - place) > MOVED_S) {
      place = player.currentTime;
      show();
    }
    if (!player.paused && !player.ended) requestAnimationFrame(follow);
  };

  function fail() {
    find("[data-unplayable]").hidden = false;
    player.hidden = true;
  }

  // A signed address works for a while only; whoever comes back to the page later gets another one.
  async function broke() {
    const before = player.getAttribute("src");
    if (Date.now() - addressAt < AGAIN_MS) return fail();
    addressAt = Date.now();
    const state = await ask().catch(() => null);
    if (!state?.url || state.url === before) return fail();
    player.src = state.url;
  }

  if (player) {
    const arrive = () => {
      if (!player.videoWidth) return fail(); // only its sound can be played
      if (place) player.currentTime = place;
    };
    player.addEventListener("loadedmetadata", arrive);
    if (player.readyState) arrive();
    player.addEventListener("error", broke);
    if (player.error) broke();
    player.addEventListener("play", () => requestAnimationFrame(follow));
    for (const name of ["seeked", "timeupdate"]) player.addEventListener(name, () => player.readyState && ((place = player.currentTime), show()));
  }

  // --- what comes from the server ----------------------------------------------------------------------------------------

  async function ask() {
    const answer = await fetch(root.dataset.film, { headers: { Accept: "application/json" } });
    if (answer.status >= 500) throw new Error(answer.statusText);
    return answer.ok && !answer.redirected ? answer.json() : null;
  }

  async function load(address = location.href) {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  function renew(page) {
    find("[data-about]").replaceWith(document.adoptNode(page.querySelector("[data-about]")));
    renewEvents(page);
    timeline.renew(read(page));
    show();
  }

  // Cards that are there already stay: somebody may be at one of them.
  function renewEvents(page) {
    const fresh = document.adoptNode(page.querySelector("[data-found]"));
    const [mine, theirs] = [find("[data-cards]"), fresh.querySelector("[data-cards]")];
    const known = new Map(cards().map((card) => [card.dataset.event, card]));
    const wanted = [...theirs.children].map((card) => {
      const old = known.get(card.dataset.event);
      return old && card.textContent === old.textContent ? old : card;
    });
    wanted.forEach((card, at) => mine.children[at] !== card && mine.insertBefore(card, mine.children[at] ?? null));
    while (mine.children.length > wanted.length) mine.lastChild.remove();
    const found = find("[data-found]");
    for (const part of [...found.children]) if (part !== mine) part.remove();
    let isBefore = true;
    for (const part of [...fresh.children]) {
      if (part === theirs) isBefore = false;
      else if (isBefore) mine.before(part);
      else found.append(part);
    }
    timeline.mark(isFound() ? new Set(cards().map((card) => Number(card.dataset.event))) : null);
  }

  async function search(query) {
    const address = new URL(location.href);
    address.searchParams.delete("page");
    if (query) address.searchParams.set("q", query);
    else address.searchParams.delete("q");
    const found = find("[data-found]");
    found.classList.add("pf-busy");
    try {
      const page = await load(address);
      history.replaceState(null, "", address);
      renewEvents(page);
      found.scrollTop = 0;
      show();
    } catch {
      found.prepend(Object.assign(document.createElement("div"), { className: "pf-notice pf-notice-bad", textContent: form.dataset.broken }));
    }
    found.classList.remove("pf-busy");
  }

  async function watch() {
    while (find("[data-unfinished]")) {
      await wait(EVERY_MS);
      if (document.hidden) continue;
      try {
        const state = await ask();
        if (!state) return; // signed out, or deleted
        if (!player && state.url) return location.reload(); // all of it has been sent
        find("[data-state]").innerHTML = state.state;
        timeline.reach(state.position);
        const isDue = state.position !== position && Date.now() - renewedAt > RENEW_MS; // more of what moves is known
        if (state.version !== version || isDue) {
          renew(await load());
          [version, position, renewedAt] = [state.version, state.position, Date.now()];
        }
      } catch {
        // the server is away for a moment
      }
    }
  }

  // --- events ------------------------------------------------------------------------------------------------------------

  root.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("[data-jump], [data-all]");
    if (!link) return;
    event.preventDefault();
    if (link.matches("[data-jump]")) return jump(link.closest("[data-event]"));
    words.value = "";
    search("");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search(words.value.trim());
  });
  words.addEventListener("search", () => words.value || !isFound() || search("")); // the cross in the field

  function key(event) {
    if (event.code === "Space" && !event.target.closest("a, button, video, summary")) return player && (player.paused ? player.play() : player.pause());
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      if (event.target === player) return false;
      const to = place + (event.key === "ArrowRight" ? JUMP_S : -JUMP_S);
      return seek(Math.min(Math.max(to, 0), player?.duration || to));
    }
    if (event.code === "KeyN" || event.code === "KeyP") return step(event.code === "KeyN" ? 1 : -1);
    if (event.key === "/" || (event.code === "Slash" && !event.shiftKey)) return words.focus(), words.select();
    return false;
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target === words && event.key === "Escape") return words.blur();
    if (!isTyping(event.target) && key(event) !== false) event.preventDefault();
  });

  timeline.renew(read(document));
  if (isFound()) timeline.mark(new Set(cards().map((card) => Number(card.dataset.event))));
  show();
  keepInView(find(".pf-now"));
  watch();
})();
