// Light or dark: as chosen here before, else as the system has it.
(() => {
  const KEY = "reseller-reporting-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const now = () => chosen() || (system.matches ? "dark" : "light");
  const show = () => document.documentElement.setAttribute("data-bs-theme", now());
  show();
  system.addEventListener("change", show);
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-button]")) return;
    try { localStorage.setItem(KEY, now() === "dark" ? "light" : "dark"); } catch { /* Private windows forget. */ }
    show();
  });
})();
