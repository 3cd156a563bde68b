import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { showUpdate } from '../lib/updates'
import type { Entry } from './match'
import { pageActions } from './page-actions'

type Loaded = ComponentType<{ actions: Entry[]; onClose: () => void }>

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Opens the palette by Ctrl+K or ⌘K; `/` moves to the search of the page, or opens it where there is none. */
export function OpenPalette() {
  const [Palette, setPalette] = useState<Loaded>()
  const [actions, setActions] = useState<Entry[] | null>(null)
  useEffect(() => {
    const open = async () => {
      setActions(pageActions())
      try {
        const { default: loaded } = await import('./palette')
        setPalette(() => loaded)
      } catch (error) {
        // What a browser throws for a file it cannot load.
        if (!(error instanceof TypeError)) throw error
        setActions(null)
        showUpdate('The palette could not be loaded. Reload the page once the server answers.', 'bad')
      }
    }
    const onKey = (event: KeyboardEvent) => {
      const isPalette = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
      const isSearch = event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)
      if ((!isPalette && !isSearch) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      const search = isSearch ? document.querySelector<HTMLInputElement>('main input[type="search"]') : null
      if (search) search.focus()
      else void open()
    }
    const onAsk = () => void open()
    document.addEventListener('keydown', onKey)
    document.addEventListener(ASK, onAsk)
    return () => {
      document.removeEventListener('keydown', onKey)
      document.removeEventListener(ASK, onAsk)
    }
  }, [])
  return actions && Palette ? <Palette actions={actions} onClose={() => setActions(null)} /> : null
}

const ASK = 'backhaul:palette'

/** Opens the palette from a button. */
export const openPalette = (): void => void document.dispatchEvent(new Event(ASK))
