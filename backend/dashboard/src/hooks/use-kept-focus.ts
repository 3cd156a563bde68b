import { useEffect } from 'preact/hooks'

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"]'

/** The element that had the focus, with what was around it, from the inside out. */
interface Kept {
  element: HTMLElement
  around: HTMLElement[]
  /** Its place among what can be focused in each of those. */
  places: number[]
}

const focusable = (around: HTMLElement) => [...around.querySelectorAll<HTMLElement>(FOCUSABLE)]

function keep(element: HTMLElement): Kept {
  const around: HTMLElement[] = []
  for (let it = element.parentElement; it && it !== document.body; it = it.parentElement) around.push(it)
  return { element, around, places: around.map((it) => focusable(it).indexOf(element)) }
}

/** What takes the focus over: what stands in its place now, in the nearest part of the page that is left; at last its heading. */
function heirOf({ around, places }: Kept): HTMLElement | undefined {
  for (const [n, it] of around.entries()) {
    if (!it.isConnected) continue
    if (it.matches('main')) return it.querySelector<HTMLElement>('h1') ?? it
    const left = focusable(it).filter((one) => one.tabIndex >= 0 && one.checkVisibility())
    const heir = left[Math.min(Math.max(0, places[n] ?? 0), left.length - 1)]
    if (heir) return heir
  }
  return undefined
}

/** When an update of the page removes the element that has the focus, what is in its place gets it: the focus is never lost. */
export function useKeptFocus(): void {
  useEffect(() => {
    let kept: Kept | undefined
    const onFocus = ({ target }: FocusEvent) => {
      kept = target instanceof HTMLElement && target !== document.body ? keep(target) : undefined
    }
    // Somebody pressed on nothing: the focus is nowhere on purpose.
    const onPress = ({ target }: PointerEvent) => {
      if (kept && target instanceof Node && !kept.element.contains(target)) kept = undefined
    }
    const onChange = () => {
      if (!kept || kept.element.isConnected || document.activeElement !== document.body) return
      heirOf(kept)?.focus({ preventScroll: true })
    }
    const observer = new MutationObserver(onChange)
    observer.observe(document.body, { childList: true, subtree: true })
    document.addEventListener('focusin', onFocus)
    document.addEventListener('pointerdown', onPress)
    return () => {
      observer.disconnect()
      document.removeEventListener('focusin', onFocus)
      document.removeEventListener('pointerdown', onPress)
    }
  }, [])
}
