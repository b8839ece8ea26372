// Buttons that copy a text, and buttons that ask before they do something.
"use strict";

document.addEventListener("click", async (event) => {
  const sure = event.target.closest("[data-sure]");
  if (sure && !window.confirm(sure.dataset.sure)) event.preventDefault();
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copied(button.dataset.copy);
  const words = button.querySelector("span:last-child");
  const before = words.textContent;
  words.textContent = button.dataset.copied;
  window.setTimeout(() => { words.textContent = before; }, 1600);
});

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page without HTTPS has no clipboard
    const field = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
