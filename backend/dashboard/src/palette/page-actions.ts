import type { Entry } from './match'

/** What the buttons of the page do; the palette lies over them, so they are read when it opens. */
export function pageActions(): Entry[] {
  const buttons = document.querySelectorAll<HTMLElement>('main header :is(button, a.button):not(:disabled, [type="submit"])')
  return [...buttons].flatMap((button, n) => {
    const text = button.getAttribute('aria-label') ?? button.textContent?.trim() ?? ''
    return text === '' ? [] : [{ id: `action-${n}`, group: 'On this page', text, run: () => button.click() }]
  })
}
