// Searching without leaving the page, so that the chosen file stays chosen when one of several faces is clicked.
// Without this script the form works too; only the file has to be chosen again.
"use strict";
(() => {
  const form = document.getElementById("pf-find");
  const area = form.querySelector("[data-drop]");
  const input = form.querySelector("[name=photo]");
  const preview = form.querySelector("[data-preview]");
  const nameplate = form.querySelector("[data-name]");
  let running = null;

  async function search(submitter) {
    running?.abort();
    const mine = (running = new AbortController());
    form.classList.add("pf-busy");
    const found = document.getElementById("pf-found");
    try {
      const body = new FormData(form, submitter);
      const answer = await fetch(form.action, { method: "POST", body, signal: mine.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = document.adoptNode(page.getElementById("pf-found"));
      found.replaceWith(fresh);
      if (fresh.getBoundingClientRect().top > innerHeight / 2) fresh.scrollIntoView({ behavior: "smooth" });
    } catch (error) {
      if (error.name === "AbortError") return;
      const notice = Object.assign(document.createElement("div"), { className: "pf-notice pf-notice-bad" });
      notice.textContent = form.dataset.broken;
      found.replaceChildren(notice);
    }
    form.classList.remove("pf-busy");
  }

  function look() {
    const [file] = input.files;
    nameplate.textContent = file ? file.name : nameplate.textContent;
    URL.revokeObjectURL(preview.src);
    preview.hidden = true;
    if (file) preview.src = URL.createObjectURL(file);
  }

  preview.addEventListener("load", () => (preview.hidden = false)); // browsers that know no HEIC show the icon only
  input.hasChangeListener = true; // keeps Unfold's own listener away, which expects a text field beside the input
  input.addEventListener("change", look);
  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    event.preventDefault();
    search(event.submitter);
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      area.classList.add("pf-drop-over");
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget || area.classList.remove("pf-drop-over"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    area.classList.remove("pf-drop-over");
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    look();
    search(null);
  });
})();
