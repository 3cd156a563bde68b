import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon, type IconName } from './icon'

interface Props {
  /** The text of its button. */
  text: string
  /** The button's name, where the text does not say it. */
  label?: string
  icon: IconName
  children: (close: () => void) => ComponentChildren
}

/** A button that opens a small panel below it; Escape, a choice, a click elsewhere and leaving it with Tab close it. */
export function Menu({ text, label, icon, children }: Props) {
  const menu = useRef<HTMLDetailsElement>(null)
  const close = () => {
    if (menu.current) menu.current.open = false
  }
  useEffect(() => {
    const onEvent = (event: Event) => {
      const it = menu.current
      if (!it?.open || (event instanceof KeyboardEvent ? event.key !== 'Escape' : it.contains(event.target as Node))) return
      it.open = false
      if (event instanceof KeyboardEvent) it.querySelector('summary')?.focus()
    }
    const onLeave = ({ relatedTarget }: FocusEvent) => {
      const it = menu.current
      if (it && relatedTarget instanceof Node && !it.contains(relatedTarget)) it.open = false
    }
    menu.current?.addEventListener('focusout', onLeave)
    document.addEventListener('keydown', onEvent)
    document.addEventListener('pointerdown', onEvent)
    return () => {
      document.removeEventListener('keydown', onEvent)
      document.removeEventListener('pointerdown', onEvent)
    }
  }, [])
  return (
    <details class="menu" ref={menu}>
      <summary class="button small" aria-label={label}>
        <Icon name={icon} size={14} />
        {text}
      </summary>
      <div class="menu-body card">{children(close)}</div>
    </details>
  )
}
