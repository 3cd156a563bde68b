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
  /** The error of the input. */
  fault?: string
  wide?: boolean
  children: (props: InputProps) => ComponentChildren
}

/** A labeled input with its hint and error, connected for screen readers. */
export function Field({ label, hint, fault, wide, children }: Props) {
  const id = useId()
  const describedBy = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(' ') || undefined
  return (
    <div class={wide ? 'field wide' : 'field'}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': describedBy, 'aria-invalid': fault ? true : undefined })}
      <Fault id={`${id}-fault`} text={fault} />
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}

/** The text of an error; announced when it appears. */
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
