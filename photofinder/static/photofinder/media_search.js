// The search of the library: keys, short addresses, and searching by a picture without leaving the page, so that the
// chosen file stays chosen. Without this script words and filters work, and a picture by the button beside it.
"use strict";
(() => {
  const root = document.querySelector("[data-library]");
  const form = root.querySelector("[data-search-form]");
  const words = root.querySelector("[data-words]");
  const photo = root.querySelector("[data-photo]");
  const token = document.querySelector("#pf-picture [name=csrfmiddlewaretoken]").value;
  let running = null;
  let preview = "";

  async function searchByPicture(page = 1) {
    running?.abort();
    const mine = (running = new AbortController());
    root.classList.add("pf-searching");
    const body = new FormData(form);
    body.delete("like");
    body.append("photo", photo.files[0]);
    body.append("page", page);
    const results = document.getElementById("pf-results");
    results.classList.add("pf-busy");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": token }, signal: mine.signal });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("pf-results");
      results.replaceWith(document.adoptNode(fresh));
      showPreview();
      document.dispatchEvent(new Event("photofinder:renewed"));
      if (page > 1) fresh.scrollIntoView();
    } catch (error) {
      if (error.name === "AbortError") return;
      const notice = Object.assign(document.createElement("div"), { className: "pf-notice pf-notice-bad", textContent: root.dataset.broken });
      results.replaceChildren(notice);
      results.classList.remove("pf-busy");
    }
  }

  function showPreview() {
    const image = document.querySelector("#pf-results [data-preview]");
    if (!image) return;
    image.addEventListener("load", () => (image.hidden = false)); // browsers that know no HEIC show none
    URL.revokeObjectURL(preview);
    image.src = preview = URL.createObjectURL(photo.files[0]);
  }

  photo.hasChangeListener = true; // keeps Unfold's own listener away, which expects a text field beside the input
  photo.addEventListener("change", () => photo.files.length && searchByPicture());
  form.addEventListener("submit", (event) => {
    if (photo.files.length) {
      event.preventDefault();
      return searchByPicture();
    }
    for (const field of form.elements) if (!field.value) field.disabled = true; // nothing is said of them in the address
    setTimeout(() => [...form.elements].forEach((field) => (field.disabled = false)));
  });
  root.addEventListener("click", (event) => {
    const page = event.target.closest("[data-page]");
    if (!page) return;
    event.preventDefault();
    searchByPicture(page.dataset.page);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target === words && event.key === "Escape") return words.blur();
    if (photofinder.isTyping(event.target) || !(event.key === "/" || (event.code === "Slash" && !event.shiftKey))) return;
    event.preventDefault();
    words.focus();
    words.select();
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      root.classList.add("pf-lib-over");
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget || root.classList.remove("pf-lib-over"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    root.classList.remove("pf-lib-over");
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    photo.files = one.files;
    searchByPicture();
  });
})();
