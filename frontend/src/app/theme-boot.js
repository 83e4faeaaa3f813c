// Runs before the first paint. Only a cache: the choice itself is made in theme.ts.
(() => {
  let theme = "system";
  try {
    theme = localStorage.getItem("console.theme") ?? theme;
  } catch {
    // Storage can be forbidden; the system's choice is then the right one.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
