// On a photo's page: pointing at a face lights its box and its row in the list together.
"use strict";
(() => {
  const page = document.querySelector("[data-faces]");
  const of = (event) => event.target.closest?.("[data-face]");

  function light(face) {
    for (const element of page.querySelectorAll("[data-face]")) {
      element.classList.toggle("pf-lit", Boolean(face) && element.dataset.face === face.dataset.face);
    }
    page.classList.toggle("pf-dimmed", Boolean(face));
    if (face?.matches(".pf-box")) reveal(page.querySelector(".pf-face-row.pf-lit"));
  }

  function reveal(row) {
    const list = row.parentElement; // scrolled by itself: scrollIntoView would move the whole page
    const isSeen = row.offsetTop >= list.scrollTop && row.offsetTop + row.offsetHeight <= list.scrollTop + list.clientHeight;
    if (!isSeen) list.scrollTo({ top: row.offsetTop - (list.clientHeight - row.offsetHeight) / 2 });
  }

  for (const name of ["mouseover", "focusin"]) page.addEventListener(name, (event) => light(of(event)));
  for (const name of ["mouseleave", "focusout"]) page.addEventListener(name, () => light(null));
})();
