// Which name and which cover stay when people are merged: `photofinder.join(people)` asks in the page's [data-joining]
// dialog and answers the fields of the decision, or null. The server proposes who survives.
"use strict";
photofinder.join = (() => {
  const dialog = document.querySelector("[data-joining]");
  if (!dialog) return null;

  async function question(people) {
    const query = new URLSearchParams({ part: "merge" });
    for (const person of people) query.append("people", person);
    const answer = await fetch(`${dialog.dataset.joining}?${query}`);
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (!answer.ok || answer.redirected) throw new Error(isJson ? (await answer.json()).detail : answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return document.adoptNode(page.querySelector("[data-merge]"));
  }

  function fields() {
    const form = dialog.querySelector("[data-merge]");
    if (dialog.returnValue !== "merge") return null;
    const { into } = form.dataset;
    const people = [...form.querySelectorAll("[data-chosen]")].map((each) => each.dataset.chosen);
    const others = people.filter((person) => person !== into);
    return { into, people: others, name: form.elements.name.value.trim(), cover: form.elements.cover?.value };
  }

  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-cancel]") || event.target === dialog) dialog.close("");
    const name = event.target.closest("[data-called]");
    if (name) dialog.querySelector("[name=name]").value = name.dataset.called;
  });

  return async (people) => {
    try {
      dialog.replaceChildren(await question(people));
    } catch (error) {
      photofinder.complain(error.message);
      return null;
    }
    dialog.returnValue = "";
    dialog.showModal();
    dialog.querySelector("[name=name]").select();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(fields()), { once: true }));
  };
})();
