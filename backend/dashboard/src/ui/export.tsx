import { useEffect, useRef } from 'preact/hooks'
import { query } from '../api/client'
import { Icon } from './icon'

interface Props {
  /** Path of the list. */
  path: string
  /** What the rows are: `jobs`. */
  what: string
  /** The filters of the list that is shown. */
  filter?: Record<string, string | number | null | undefined>
}

const FORMATS = { csv: 'CSV', json: 'JSON' }

/** Downloads all rows of a table that match its filters, not only the page that is shown. */
export function Export({ path, what, filter }: Props) {
  const menu = useRef<HTMLDetailsElement>(null)
  // Like a menu: Escape, a choice and a click elsewhere close it.
  useEffect(() => {
    const close = (event: Event) => {
      const it = menu.current
      if (!it?.open || (event instanceof KeyboardEvent ? event.key !== 'Escape' : it.contains(event.target as Node))) return
      it.open = false
      if (event instanceof KeyboardEvent) it.querySelector('summary')?.focus()
    }
    document.addEventListener('keydown', close)
    document.addEventListener('pointerdown', close)
    return () => {
      document.removeEventListener('keydown', close)
      document.removeEventListener('pointerdown', close)
    }
  }, [])
  const choose = () => {
    if (menu.current) menu.current.open = false
  }
  return (
    <details class="menu" ref={menu}>
      <summary class="button small" aria-label={`Export ${what}`}>
        <Icon name="down" size={14} />
        Export
      </summary>
      <div class="menu-body card">
        <p class="tiny soft">All {what} that match</p>
        {Object.entries(FORMATS).map(([format, text]) => (
          <a key={format} class="button plain small" href={`${path}/export${query({ ...filter, format })}`} download="" onClick={choose}>
            {text}
          </a>
        ))}
      </div>
    </details>
  )
}
