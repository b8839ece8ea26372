// Being forgotten and opting out without loading the page between the selfie and the question.
"use strict";
(() => {
  const page = document.querySelector("[data-leave]");
  const [who, sure] = [page.querySelector("[data-step-who]"), page.querySelector("[data-step-sure]")];
  const form = sure.querySelector("[data-sure]");

  function ask(likeness) {
    form.elements.likeness.value = likeness;
    who.hidden = true;
    sure.hidden = false;
    sure.querySelector("h2").focus();
  }

  page.querySelector("[data-selfie]").addEventListener("photofinder:likeness", (event) => {
    event.preventDefault();
    pages.camera.close(); // before the question can have the focus
    ask(event.detail.likeness);
  });
  form.addEventListener("submit", () => pages.keepLikeness("", ""));
  const known = page.dataset.result && pages.likeness(page.dataset.result);
  page.classList.toggle("is-known", Boolean(known)); // there is one step only
  if (known) ask(known);
})();
