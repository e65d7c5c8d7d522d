// What every page does: the menu of the person closes as one leaves it; a server that cannot be reached is said.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.person[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.person[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
// A part that comes anew stays folded away, or unfolded, as it was left.
const foldedParts = new Map();
document.addEventListener("toggle", (event) => {
  if (event.target.id) foldedParts.set(event.target.id, event.target.open);
}, true);
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, isOpen] of foldedParts) {
    const part = document.getElementById(id);
    if (part) part.open = isOpen;
  }
});
// What cannot be taken back is asked about first.
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
});
