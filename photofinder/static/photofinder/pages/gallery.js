// A result's photos: more of them while one scrolls, "not me", and the link to show to others.
"use strict";
pages.gallery = (() => {
  const gallery = document.querySelector("[data-gallery]");
  const form = document.querySelector("[data-gallery-form]");
  const pager = document.querySelector("[data-pager]");
  const heading = document.querySelector("[data-heading]");

  const cards = () => [...gallery.querySelectorAll("[data-photo]:not([hidden])")];
  const count = () => Number(gallery.dataset.count);

  // --- more ----------------------------------------------------------------------------------------------------------

  const next = pager?.querySelector("[data-next]");
  let loading = null;

  // The photos that follow; those hidden meanwhile do not count on the server either.
  function more() {
    loading ??= load().finally(() => (loading = null));
    return loading;
  }

  async function load() {
    if (!next?.isConnected) return;
    const start = Number(new URL(location.href).searchParams.get("start")) + cards().length;
    const answer = await fetch(`${pager.dataset.url}?start=${start}`).catch(() => null);
    if (!answer?.ok) return watcher.unobserve(next); // the link is still there to be clicked
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-photo]");
    const known = new Set(cards().map((card) => card.dataset.photo));
    const added = [...fresh].filter((card) => !known.has(card.dataset.photo)).map((card) => document.adoptNode(card));
    gallery.append(...added);
    if (!added.length || start + fresh.length >= count()) next.remove();
    gallery.dispatchEvent(new CustomEvent("more"));
    if (next.isConnected) watch();
  }

  const watcher = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && more(), { rootMargin: "1200px" });
  function watch() {
    watcher.unobserve(next);
    watcher.observe(next);
  }
  if (next) {
    watch();
    next.addEventListener("click", (event) => {
      event.preventDefault();
      more();
    });
  }

  // --- not me --------------------------------------------------------------------------------------------------------

  // Hides the photo at once; it comes back when the server does not take it, or when it is taken back.
  async function notMe(card) {
    card.hidden = true;
    tell(count() - 1);
    try {
      await object(card);
      pages.say(form.dataset.hidden, form.dataset.undo, () => back(card));
    } catch (error) {
      restore(card, error);
    }
  }

  async function back(card) {
    card.hidden = false;
    tell(count() + 1);
    try {
      await object(card, "1");
      pages.say(form.dataset.back);
      card.querySelector("a").focus();
    } catch (error) {
      card.hidden = true;
      tell(count() - 1);
      pages.say(error.detail);
    }
  }

  function restore(card, error) {
    card.hidden = false;
    tell(count() + 1);
    pages.say(error.detail);
  }

  async function object(card, undo = "") {
    const body = new FormData(form);
    body.set("photo", card.dataset.photo);
    body.set("undo", undo);
    const answer = await pages.post(form.action, body);
    tell(answer.photos_count, answer.heading);
  }

  function tell(photos, text = "") {
    gallery.dataset.count = photos;
    if (text && heading) heading.textContent = text;
    document.querySelector("[data-empty]")?.toggleAttribute("hidden", photos > 0);
    gallery.dispatchEvent(new CustomEvent("more"));
  }

  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const card = event.submitter?.closest("[data-photo]");
    if (!card) return;
    const neighbour = cards()[cards().indexOf(card) + 1] ?? cards().at(-2);
    notMe(card);
    neighbour?.querySelector("a").focus();
  });

  // --- showing it to others ------------------------------------------------------------------------------------------

  const share = document.querySelector("[data-share]");
  const shared = document.querySelector("[data-shared]");
  const link = document.querySelector("[data-shared-url]");

  async function give() {
    try {
      const answer = await pages.post(share.action, new FormData(share));
      link.value = answer.url;
      shared.hidden = false;
      if (navigator.share) await navigator.share({ title: share.dataset.title, url: answer.url });
      else await copy();
    } catch (error) {
      if (error.name !== "AbortError") pages.say(error.detail ?? "");
    }
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(link.value);
      pages.say(share.dataset.copied);
    } catch {
      link.focus(); // where the clipboard is closed: chosen, to be copied by hand
      link.select();
    }
  }

  share?.addEventListener("submit", (event) => {
    event.preventDefault();
    give();
  });
  document.querySelector("[data-copy]")?.addEventListener("click", copy);

  return gallery && { gallery, cards, count, more, notMe };
})();
