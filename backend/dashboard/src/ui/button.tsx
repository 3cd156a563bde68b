import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import { Icon, type IconName } from './icon'

interface Props {
  children?: ComponentChildren
  icon?: IconName
  kind?: 'primary' | 'danger' | 'plain' | 'danger primary'
  small?: boolean
  /** Name of a button that shows its icon alone. */
  label?: string
  onClick?: (event: MouseEvent) => void
  disabled?: boolean
  type?: 'button' | 'submit'
  busy?: boolean
  href?: string
  autofocus?: boolean
}

/** The one button; a link where it goes somewhere. */
export function Button({ children, icon, kind, small, label, onClick, disabled, type = 'button', busy, href, autofocus }: Props) {
  const look = ['button', kind, small && 'small', !children && 'square'].filter(Boolean).join(' ')
  const inside = (
    <>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </>
  )
  if (href !== undefined)
    return (
      <Link href={href} class={look} aria-label={label}>
        {inside}
      </Link>
    )
  return (
    <button
      type={type}
      class={look}
      aria-label={label}
      title={label}
      onClick={onClick}
      disabled={disabled || busy}
      aria-busy={busy}
      // A dialog starts at the button that changes nothing.
      autofocus={autofocus}
    >
      {inside}
    </button>
  )
}
