export type Theme = 'system' | 'light' | 'dark'

const KEY = 'backhaul.theme'

/** The theme in force; public/theme.js set it before the first paint. */
export const theme = (): Theme => (document.documentElement.dataset.theme as Theme | undefined) ?? 'system'

/** First the other of what is seen, then the system's again. */
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
    // Storage is closed to this page: the theme lasts as long as the page.
  }
}
