// Swagger has its own name for dark pages.
(() => {
  const root = document.documentElement;
  const follow = () => root.classList.toggle("dark-mode", root.getAttribute("data-bs-theme") === "dark");
  follow();
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-bs-theme"] });
})();
