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
  // A button or key that goes down on one element and up on another makes no click.
  for (const down of ["pointerdown", "keydown"]) addEventListener(down, () => { early.pressing = true; }, true);
  for (const up of ["pointerup", "pointercancel", "keyup", "dragend", "blur"]) {
    addEventListener(up, (e) => { if (up !== "blur" || e.target === window) early.pressing = false; }, true);
  }
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
  if (typeof WebAssembly !== "object") return;
  // The texts come beside the program, not after it.
  early.texts = fetch(script.dataset.language).then((answer) => answer.text());
  early.texts.catch(() => {});
  const go = new Go();
  WebAssembly.instantiateStreaming(fetch(wasm), go.importObject)
    .then((result) => go.run(result.instance))
    .catch((error) => { console.error("Gatehouse goes on without its program:", error); });
})();
