// SPDX-License-Identifier: Apache-2.0
// Starts the program that takes the page over. The page works without it.
"use strict";
(() => {
  const script = document.currentScript;
  const wasm = script.dataset.wasm;
  // What happens before the program runs, and what it must wait for. The program adds waits, running, or left where it leaves the page alone.
  const early = (window.gatehouse = { composing: false, pressing: false, sent: false });
  addEventListener("compositionstart", () => { early.composing = true; }, true);
  addEventListener("compositionend", () => { early.composing = false; }, true);
  // A button or key that goes down on one element and up on another makes no click. A key that comes up, or a window that is left, lets go of no
  // button: where that came up unseen, the next movement tells.
  const held = new Set();
  const presses = (what, down) => { held[down ? "add" : "delete"](what); early.pressing = held.size > 0; };
  addEventListener("pointerdown", () => presses("button", true), true);
  for (const up of ["pointerup", "pointercancel", "dragend"]) addEventListener(up, () => presses("button", false), true);
  addEventListener("pointermove", (e) => { if (early.pressing && !e.buttons) presses("button", false); }, { capture: true, passive: true });
  addEventListener("keydown", () => presses("key", true), true);
  addEventListener("keyup", () => presses("key", false), true);
  addEventListener("blur", (e) => { if (e.target === window) presses("key", false); }, true);
  addEventListener("submit", (e) => { if (!e.defaultPrevented) early.sent = true; });

  // Copying and printing do not wait for the program: on a page that shows something once it never comes.
  addEventListener("click", (e) => {
    const button = early.running ? null : e.target.closest("[data-copied], [data-print]");
    if (!button) return;
    if (button.dataset.print) return print();
    const { copy, copyOf } = button.dataset; // a secret stands in the page once, and is copied from there
    const text = copy ?? [...document.querySelectorAll(copyOf)].map((part) => part.innerText.trim().replace(/\n+/, ": ")).join("\n");
    navigator.clipboard?.writeText(text).then(() => { button.nextElementSibling.textContent = button.dataset.copied; });
  });

  if ("serviceWorker" in navigator) {
    // Trusted Types: this one policy lets the address of the service worker through, and nothing else.
    const only = (url) => { if (url !== "/sw.js") throw new TypeError(url); return url; };
    const policy = window.trustedTypes ? trustedTypes.createPolicy("gatehouse", { createScriptURL: only }) : null;
    navigator.serviceWorker.register(policy ? policy.createScriptURL("/sw.js") : "/sw.js").catch(() => {});
  }
  // Where the program does not come, the server loads what a page with placeholders waits for, as it does without scripts; unless somebody is on the
  // way to another page, which gives the program up.
  let { again } = script.dataset;
  if (again) addEventListener("beforeunload", () => { again = null; });
  const alone = () => { if (again && !early.running && !early.sent) location.replace(again); };
  if (typeof WebAssembly !== "object") return alone();
  // The texts come beside the program, not after it.
  early.texts = fetch(script.dataset.language).then((answer) => answer.text());
  early.texts.catch(() => {});
  const go = new Go();
  WebAssembly.instantiateStreaming(fetch(wasm), go.importObject)
    .then((result) => go.run(result.instance))
    .catch((error) => { console.error("Gatehouse goes on without its program:", error); })
    .then(alone); // it ends at once where it leaves the page alone
})();
