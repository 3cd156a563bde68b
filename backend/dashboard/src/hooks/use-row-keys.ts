import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'

const STEP: Record<string, number> = { j: 1, k: -1 }

/** The keys j and k move the focus to the next and the previous row of a list, by the link that each row has. */
export function useRowKeys(list: RefObject<HTMLElement>, link: string): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = STEP[event.key]
      const target = event.target as HTMLElement
      if (!step || event.ctrlKey || event.metaKey || event.altKey || target.closest('input:not([type=checkbox]), select, textarea, dialog'))
        return
      const links = [...(list.current?.querySelectorAll<HTMLElement>(link) ?? [])]
      const at = links.findIndex((one) => one.closest('li')?.contains(document.activeElement))
      links[at < 0 ? 0 : at + step]?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [list, link])
}
