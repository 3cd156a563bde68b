import type { ComponentChildren } from 'preact'
import { useId } from '../hooks/use-id'
import { Icon } from './icon'

export interface InputProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean | undefined
}

interface Props {
  label: string
  hint?: string
  /** What is wrong with it. */
  fault?: string
  wide?: boolean
  children: (props: InputProps) => ComponentChildren
}

/** A labelled input with its hint and fault, tied together for screen readers. */
export function Field({ label, hint, fault, wide, children }: Props) {
  const id = useId()
  const said = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(' ') || undefined
  return (
    <div class={wide ? 'field wide' : 'field'}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': said, 'aria-invalid': fault ? true : undefined })}
      <Fault id={`${id}-fault`} text={fault} />
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}

/** A fault in words; announced when it appears. */
export function Fault({ text, id }: { text?: string; id?: string }) {
  return (
    <div role="alert" id={id}>
      {text && (
        <span class="fault">
          <Icon name="alert" size={14} />
          <span>{text}</span>
        </span>
      )}
    </div>
  )
}
