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
// What cannot be taken back is asked about first.
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
});
