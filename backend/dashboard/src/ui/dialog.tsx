import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useId } from '../hooks/use-id'

interface Props {
  title: string
  children: ComponentChildren
  onClose: () => void
  kind?: 'wide' | 'drawer' | 'palette' | 'tray'
}

/** A modal dialog while it is drawn: the browser keeps the focus inside and restores it afterwards; Escape and the backdrop close it. */
export function Dialog({ title, children, onClose, kind }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const dialog = element.current
    if (!dialog) return
    // On Escape the page decides whether to close it.
    const onCancel = (event: Event) => {
      event.preventDefault()
      close.current()
    }
    dialog.addEventListener('cancel', onCancel)
    dialog.showModal()
    return () => {
      dialog.removeEventListener('cancel', onCancel)
      dialog.close()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same, as a cancel event.
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={id}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      <div class={kind === 'drawer' ? undefined : 'dialog-body'}>
        <h2 id={id} class={kind === 'drawer' || kind === 'palette' ? 'hidden' : undefined}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  )
}
