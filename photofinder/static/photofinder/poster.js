// A poster that was opened to be printed asks for it, once its cover is there.
"use strict";

window.addEventListener("load", () => {
  if (new URLSearchParams(window.location.search).has("print") && window.parent === window) window.print();
});
