// Shows the watermark on a photo while its settings change.
"use strict";

const settings = document.querySelector("[data-watermark]");
const form = settings.closest("form");
const picture = settings.querySelector("[data-sample]");
const words = settings.querySelector("[data-sample-words]");
const opacity = form?.elements.watermark_opacity;
const usual = words.textContent;
let waiting, asked;

if (opacity) {
  const value = opacity.insertAdjacentElement("afterend", document.createElement("output"));
  value.className = "pf-slider-value";
  const show = () => { value.textContent = `${opacity.value} %`; };
  opacity.addEventListener("input", show);
  show();
}

form.addEventListener("input", (event) => {
  if (!/^(watermark_|logo|remove_logo)/.test(event.target.name)) return;
  window.clearTimeout(waiting);
  waiting = window.setTimeout(refresh, 200);
});

async function refresh() {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(settings.dataset.watermark, { method: "POST", body: new FormData(form), signal: asked.signal });
    if (!answer.ok) {
      words.textContent = answer.headers.get("Content-Type").includes("json") ? (await answer.json()).detail : usual;
      return;
    }
    const url = URL.createObjectURL(await answer.blob());
    picture.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    picture.src = url;
    words.textContent = usual;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}
