// The search over all films: "/" goes to the words, and what was left empty is not in the address.
"use strict";
(() => {
  const form = document.querySelector("[data-search-form]");
  const words = form.querySelector("[data-words]");
  const isTyping = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]");
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (!field.value) field.disabled = true;
    setTimeout(() => [...form.elements].forEach((field) => (field.disabled = false)));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === words && event.key === "Escape") return words.blur();
    if (isTyping(event.target) || !(event.key === "/" || (event.code === "Slash" && !event.shiftKey))) return;
    event.preventDefault();
    words.focus();
    words.select();
  });
})();
