import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'

const STOPS = 'a[href], button:not(:disabled)'
const STEP: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/** Makes the links and buttons of an element one stop of the Tab key; the arrow keys, Home and End go through them. */
export function useOneStop(element: RefObject<HTMLElement>): void {
  // After each drawing: its children may have changed.
  useEffect(() => {
    const it = element.current
    if (!it) return
    const stops = () => [...it.querySelectorAll<HTMLElement>(STOPS)]
    const choose = (chosen: HTMLElement | undefined) => {
      for (const one of stops()) one.tabIndex = one === chosen ? 0 : -1
    }
    const all = stops()
    choose(all.find((one) => one === document.activeElement) ?? all[0])
    const onKey = (event: KeyboardEvent) => {
      const now = stops()
      const at = now.indexOf(document.activeElement as HTMLElement)
      const to = event.key === 'Home' ? 0 : event.key === 'End' ? now.length - 1 : at + (STEP[event.key] ?? 0)
      if (at < 0 || to === at || !now[to]) return
      event.preventDefault()
      choose(now[to])
      now[to].focus()
    }
    it.addEventListener('keydown', onKey)
    return () => it.removeEventListener('keydown', onKey)
  })
}
