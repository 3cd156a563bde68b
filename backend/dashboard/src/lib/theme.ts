export type Theme = 'system' | 'light' | 'dark'

const KEY = 'backhaul.theme'

/** The current theme; public/theme.js sets it before the first paint. */
export const theme = (): Theme => (document.documentElement.dataset.theme as Theme | undefined) ?? 'system'

/** From the system's theme to its opposite, then the other one, then back. */
export function nextTheme(now: Theme): Theme {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  if (now === 'system') return dark ? 'light' : 'dark'
  return now === (dark ? 'light' : 'dark') ? (dark ? 'dark' : 'light') : 'system'
}

export function setTheme(next: Theme): void {
  if (next === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  try {
    if (next === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    // Storage is not available: the theme lasts until the page is closed.
  }
}
