// The page of an image: what is said of it is saved, and taken back, in place.
"use strict";
(() => {
  const form = document.querySelector("[data-say]");
  if (!form) return;
  const image = Number(document.querySelector("[data-image-page]").dataset.imagePage);

  function show(images) {
    const said = images.find((each) => each.id === image);
    if (!said) return;
    form.elements.rating.value = said.rating;
    form.elements.tags.value = said.tags_text;
    form.elements.caption.value = said.caption;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { rating, tags, caption } = form.elements;
    const result = await photofinder.decide({ kind: "say", image, rating: rating.value, tags: tags.value, caption: caption.value });
    if (result) show(result.images);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.addEventListener("photofinder:undone", (event) => {
    if (!event.detail.images) return;
    event.preventDefault();
    show(event.detail.images);
  });
})();
