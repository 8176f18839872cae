// SPDX-License-Identifier: Apache-2.0
// Asks while a name is typed what the button beside it asks: whether the name is free. The page works without it.
"use strict";
(() => {
  const field = document.querySelector("#join input[name=localpart]:not([readonly])");
  if (!field) return;
  const notes = (input) => input.closest(".gh-field").querySelector("[role=status]");
  const key = field.form.elements._key.value;
  let asked = field.value.trim(), left = 40, timer, asking; // left: whoever goes on presses the button, or sends the form

  // What the server wrote below the field, and how it marked it; below a field of which nothing is known stands nothing but the help.
  const help = notes(field).querySelectorAll("[id$=-help]");
  const show = (from) => notes(field).replaceChildren(...(from ? notes(from).childNodes : help));
  const mark = (from) => {
    field.parentElement.className = from ? from.parentElement.className : field.parentElement.className.replace(/ pf-m-(success|error)/g, "");
    for (const name of ["aria-invalid", "aria-describedby"]) {
      const value = from ? from.getAttribute(name) : name === "aria-describedby" ? field.getAttribute(name).replace(/\S+-(good|error) ?/g, "") : null;
      value === null ? field.removeAttribute(name) : field.setAttribute(name, value);
    }
  };
  const told = (page, name) => {
    if (field.value.trim() !== name) return;
    const from = page?.getElementById(field.id);
    show(from);
    mark(from);
  };
  const ask = () => {
    const name = field.value.trim();
    if (name === asked) return;
    asking?.abort();
    asked = name;
    if (!name || left-- < 1) return told(null, name);
    // The browser reads the answer as a page that stands nowhere: no script has HTML in its hands.
    asking = new XMLHttpRequest();
    asking.open("POST", field.form.getAttribute("action"));
    asking.responseType = "document";
    asking.onload = ({ target }) => told([200, 409, 422].includes(target.status) ? target.response : null, name);
    asking.onerror = () => told(null, name);
    asking.send(new URLSearchParams({ _key: key, _check: "1", localpart: name }));
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 300); });
})();
