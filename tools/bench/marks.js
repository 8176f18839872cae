// Runs in every page before anything else and tells the benchmark, through the binding benchMark, when something is on screen.
(() => {
  if (window !== window.top) return;
  // frame waits for the next frame, and for its being drawn: browsers ask for no frame before the style sheet is there.
  const frame = (then) => requestAnimationFrame(() => {
    const drawn = new MessageChannel();
    drawn.port1.onmessage = then;
    drawn.port2.postMessage(0);
  });
  const told = new Set();
  const tell = (name, more) => {
    if (told.has(name)) return;
    told.add(name);
    frame(() => benchMark(JSON.stringify({name, at: performance.now(), ...more?.()})));
  };
  const middle = (e) => {
    const r = e.getBoundingClientRect();
    return {x: r.x + Math.min(r.width, 40) / 2, y: r.y + r.height / 2};
  };
  const rows = () => document.querySelectorAll("main tbody tr");
  let first;
  const look = () => {
    const root = document.body?.firstElementChild;
    if (!root) return;
    first ??= root;
    if (document.querySelector("#sign-in [name=password]") && document.querySelector("#sign-in [type=submit], #sign-in button")) tell("form");
    if (rows().length >= 100) tell("rows", () => middle(rows()[0].querySelector("a[href]")));
    if (!first.isConnected && rows().length >= 100) tell("program");
  };
  new MutationObserver(look).observe(document, {childList: true, subtree: true});

  // sinceAnswer is how long ago the last byte of the last page that was fetched had come when something was drawn. The browser may list the
  // answer a moment after that.
  const sinceAnswer = (drawn, resolve) => {
    const answer = performance.getEntriesByType("resource").findLast((e) => e.initiatorType === "xmlhttprequest");
    if (answer) resolve(drawn - answer.responseEnd);
    else setTimeout(() => sinceAnswer(drawn, resolve), 10);
  };

  // Times the drawing of another page of rows by the program: from the last byte of the page that it fetches, to the frame that shows it.
  window.benchRedraw = (link) => new Promise((resolve) => {
    const before = rows()[0].textContent;
    performance.clearResourceTimings();
    const seen = new MutationObserver(() => {
      if (rows().length < 100 || rows()[0].textContent === before) return;
      seen.disconnect();
      frame(() => sinceAnswer(performance.now(), resolve));
    });
    seen.observe(document.body, {childList: true, subtree: true, characterData: true});
    document.querySelector(link).click();
  });

  // Times the least that this can take: the browser fetches the same page, puts its rows in place of those that are there, and draws the
  // frame. No program has a part in it.
  window.benchReplace = (link) => new Promise((resolve) => {
    performance.clearResourceTimings();
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.onload = () => {
      document.querySelector("main tbody").replaceWith(document.adoptNode(request.response.querySelector("main tbody")));
      document.querySelector(link).href = request.response.querySelector(link).href;
      frame(() => sinceAnswer(performance.now(), resolve));
    };
    request.open("GET", document.querySelector(link).href);
    request.send();
  });
})();
