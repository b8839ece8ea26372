// A person's page: choosing faces and deciding about them, naming, hiding and merging the person.
"use strict";
(() => {
  const page = document.querySelector("[data-person]");
  if (!("mayDecide" in page.dataset)) return;
  const me = page.dataset.person;
  const actions = page.querySelector("[data-actions]");
  const picks = page.querySelector("[data-grid]");
  const texts = page.dataset;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  let busy = false;

  // --- what is chosen ------------------------------------------------------------------------------------------------

  const selection = photofinder.selection(picks, { item: ".pf-pick", key: "face", onChange: show });

  function show(faces) {
    const everything = actions.querySelector("[data-do=all]");
    const total = picks.querySelectorAll(".pf-pick").length;
    everything.checked = total > 0 && faces.length === total;
    everything.indeterminate = faces.length > 0 && faces.length < total;
    everything.disabled = !total;
    const count = actions.querySelector("[data-count]");
    count.hidden = !faces.length;
    count.textContent = fill(texts.chosen, { count: faces.length });
    actions.classList.toggle("pf-actions-on", faces.length > 0);
    for (const button of actions.querySelectorAll("button[data-do]")) {
      button.disabled = !faces.length || (button.dataset.do === "cover" && faces.length > 1);
    }
  }

  // --- what follows a decision -----------------------------------------------------------------------------------------

  // The server renders the page; taking its parts from there keeps one template for both.
  async function renew() {
    const isFocused = picks.contains(document.activeElement) && document.activeElement.matches("[role=checkbox]");
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!("mayDecide" in fresh.querySelector("[data-person]").dataset)) return location.reload(); // merged meanwhile
    for (const part of page.querySelectorAll("[data-part]")) {
      part.replaceWith(document.adoptNode(fresh.querySelector(`[data-part="${part.dataset.part}"]`)));
    }
    document.dispatchEvent(new Event("photofinder:renewed"));
    selection.renew({ isFocused });
  }

  // Where nothing of the person is left, the page goes on to whom it all went to.
  async function follow(result) {
    const isGone = result.gone.includes(Number(me));
    const heir = result.people.find((person) => String(person.id) !== me);
    if (isGone && heir) location.assign(heir.url);
    else {
      selection.none();
      await renew();
    }
  }

  async function decide(fields) {
    if (busy) return;
    busy = true;
    page.classList.add("pf-deciding");
    try {
      const result = await photofinder.decide(fields);
      if (result) await follow(result);
    } finally {
      busy = false;
      page.classList.remove("pf-deciding");
    }
  }

  document.addEventListener("photofinder:undone", (event) => {
    event.preventDefault();
    renew();
  });
  document.addEventListener("photofinder:trouble", (event) => event.detail.status === 409 && renew());

  // --- deciding --------------------------------------------------------------------------------------------------------

  async function move(faces) {
    const title = faces.length === 1 ? texts.moveOne : fill(texts.moveMany, { count: faces.length });
    const to = await photofinder.pick({ title, faces });
    if (to) await decide({ kind: "move", person: me, to: to.id, faces });
  }

  async function merge() {
    const other = await photofinder.pick({ title: texts.mergeWith });
    const answer = other && (await photofinder.join([me, other.id]));
    if (answer) await decide({ kind: "merge", ...answer });
  }

  const about = {
    split: (faces) => decide({ kind: "split", person: me, faces }),
    move,
    reject: (faces) => decide({ kind: "reject", person: me, faces }),
    dismiss: (faces) => decide({ kind: "dismiss", faces }),
    confirm: (faces) => decide({ kind: "confirm", person: me, faces }),
    cover: ([face]) => decide({ kind: "cover", person: me, cover: face }),
  };
  const besides = {
    all: () => (selection.count() === selection.total() ? selection.none() : selection.all()),
    hide: () => decide({ kind: "hide", people: [me] }),
    show: () => decide({ kind: "show", people: [me] }),
    merge,
  };

  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button || button.disabled) return;
    const what = button.dataset.do;
    if (what in about) about[what](selection.chosen());
    else besides[what]?.();
  });

  document.addEventListener("keydown", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (!isPlain || photofinder.isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const face = event.target.closest?.(".pf-pick");
    if (event.key === "Enter" && face && event.target.matches("[role=checkbox]")) {
      event.preventDefault();
      location.assign(face.dataset.link);
      return;
    }
    const button = actions.querySelector(`[data-key="${event.code}"]`); // the place of the key: the same in every alphabet
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  });

  // --- the name ----------------------------------------------------------------------------------------------------------

  async function name(field) {
    if (field.value.trim() === field.defaultValue) return (field.value = field.defaultValue);
    await decide({ kind: "name", person: me, name: field.value });
  }

  page.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-name]")) return;
    event.preventDefault();
    event.target.elements.name.blur();
  });
  page.addEventListener("focusout", (event) => event.target.matches("[data-name] input") && name(event.target));
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !event.target.matches("[data-name] input")) return;
    event.target.value = event.target.defaultValue;
    event.target.blur();
  });

  show([]);
})();
