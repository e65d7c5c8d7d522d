// Choosing customers. The list shows a part of them at a time; what is chosen is kept here until the form is sent.
(() => {
  const form = document.getElementById("report-form");
  if (!form) return;
  const field = form.querySelector("#accounts");
  const panel = form.querySelector("#choosing");
  const list = form.querySelector("#account-list");
  const count = form.querySelector("#chosen-count");
  const chosen = new Set(field.value.split(",").filter(Boolean));
  const numbers = new Intl.NumberFormat(document.documentElement.lang);

  const mark = (within) => {
    for (const box of within.querySelectorAll("[data-account]")) box.checked = chosen.has(box.dataset.account);
  };
  const show = () => {
    field.value = [...chosen].join(",");
    count.textContent = count.dataset.words
      .replace("{n}", numbers.format(chosen.size))
      .replace("{total}", numbers.format(Number(count.dataset.total)));
    mark(list);
  };
  const open = () => {
    panel.hidden = form.elements.scope.value !== "some";
    if (!panel.hidden && !list.firstElementChild) htmx.trigger(list, "open-list");
  };

  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name === "scope") open();
    if (box.name === "period") form.querySelector("#range").hidden = form.elements.period.value !== "range";
    if (box.dataset.account) {
      if (box.checked) chosen.add(box.dataset.account); else chosen.delete(box.dataset.account);
      show();
    }
  });
  form.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("chooseNone" in button.dataset) {
      chosen.clear();
      show();
    } else if (button.dataset.choose) {
      button.disabled = true;
      try {
        const answer = await fetch(button.dataset.choose, { headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        const { ids } = await answer.json();
        const all = ids.length > 0 && ids.every((id) => chosen.has(id));
        if ("chooseAlone" in button.dataset) chosen.clear();
        // A branch that is chosen whole is taken back by the same button.
        for (const id of ids) if (all && !("chooseAlone" in button.dataset)) chosen.delete(id); else chosen.add(id);
        show();
      } finally {
        button.disabled = false;
        button.focus();
      }
    } else if (button.matches(".account-open")) {
      const below = button.closest("li").querySelector(".account-below");
      below.hidden = !below.hidden;
      button.setAttribute("aria-expanded", String(!below.hidden));
      if (!below.firstElementChild) htmx.trigger(button, "open-list");
    }
  });
  // Arrows go from one customer to the next; right and left open and close what is below.
  list.addEventListener("keydown", (event) => {
    const box = event.target.closest("[data-account]");
    if (!box) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const boxes = [...list.querySelectorAll("[data-account]")].filter((one) => one.offsetParent);
      const next = boxes[boxes.indexOf(box) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { next.focus(); event.preventDefault(); }
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const opener = box.closest("li").querySelector("button.account-open");
      const wanted = String(event.key === "ArrowRight");
      if (opener && opener.getAttribute("aria-expanded") !== wanted) { opener.click(); event.preventDefault(); }
    }
  });
  // Enter in the search searches; it does not send the form.
  form.querySelector("#q").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (list.contains(event.target)) mark(list);
  });
  form.addEventListener("submit", () => { field.value = [...chosen].join(","); });
  show();
  // A page that comes with a choice opens the list by itself: not before htmx has looked at it, which would be lost.
  if (document.readyState === "complete") open(); else addEventListener("load", open);
  // Gone back to, a page may come as it was left: what the browser restored is what is chosen now.
  addEventListener("pageshow", (event) => { if (event.persisted) show(); });
})();
