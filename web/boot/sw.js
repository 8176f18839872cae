// SPDX-License-Identifier: Apache-2.0
// Keeps files whose address names their content, and one page for when there is no network. Never a page or an API answer.
"use strict";
const files = new Set(FILES);
const [offline, ...itsFiles] = OFFLINE; // and what it is drawn with
const cache = "gatehouse-assets";

addEventListener("install", (event) => {
  event.waitUntil(caches.open(cache).then((c) => c.addAll([offline, ...itsFiles])).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const c = await caches.open(cache);
    for (const request of await c.keys()) {
      if (!files.has(new URL(request.url).pathname)) await c.delete(request);
    }
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (files.has(url.pathname)) {
    event.respondWith((async () => {
      // Nobody waits until a file is kept, or goes without it where there is no room, or the browser gives no cache at all.
      const c = await caches.open(cache).catch(() => null);
      const kept = await c?.match(request.url).catch(() => null);
      if (kept) return kept;
      const answer = await fetch(request);
      if (c && answer.ok && answer.type === "basic") event.waitUntil(c.put(request.url, answer.clone()).catch(() => {}));
      return answer;
    })());
    return;
  }
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await (await caches.open(cache)).match(offline)) || Response.error()));
  }
});
