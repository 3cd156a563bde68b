/* Before the first paint, so that a chosen theme does not flash the other one. */
function chosenTheme() {
  try {
    return localStorage.getItem('backhaul.theme')
  } catch {
    // Storage is closed to this page; the system's theme stays.
    return null
  }
}
if (['light', 'dark'].includes(chosenTheme())) document.documentElement.dataset.theme = chosenTheme()
