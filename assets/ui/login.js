// The login page takes the theme that was chosen in the studio, or the system's.
addEventListener("DOMContentLoaded", () => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("studio-theme");
  } catch {
    // no storage: the system's
  }
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark", isDark);
  document.body.classList.toggle("dark", isDark);
});
