// SPDX-License-Identifier: Apache-2.0
// Starts the program that takes the page over. The page works without it.
"use strict";
(() => {
  const script = document.currentScript;
  const wasm = script.dataset.wasm;
  // What happens before the program runs, and what it must wait for. The program adds running, or left where it leaves the page alone.
  const early = (window.gatehouse = { composing: false, sent: false, language: script.dataset.language });
  addEventListener("compositionstart", () => { early.composing = true; }, true);
  addEventListener("compositionend", () => { early.composing = false; }, true);
  addEventListener("submit", (e) => { if (!e.defaultPrevented) early.sent = true; });

  if ("serviceWorker" in navigator) {
    // Trusted Types: this one policy lets the address of the service worker through, and nothing else.
    const only = (url) => { if (url !== "/sw.js") throw new TypeError(url); return url; };
    const policy = window.trustedTypes ? trustedTypes.createPolicy("gatehouse", { createScriptURL: only }) : null;
    navigator.serviceWorker.register(policy ? policy.createScriptURL("/sw.js") : "/sw.js").catch(() => {});
  }
  if (typeof WebAssembly !== "object") return;
  const go = new Go();
  WebAssembly.instantiateStreaming(fetch(wasm), go.importObject)
    .then((result) => go.run(result.instance))
    .catch((error) => { console.error("Gatehouse goes on without its program:", error); });
})();
