import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import { Icon, type IconName } from './icon'

interface Props {
  children?: ComponentChildren
  icon?: IconName
  kind?: 'primary' | 'danger' | 'plain' | 'danger primary'
  small?: boolean
  /** Name of a button that shows only its icon. */
  label?: string
  onClick?: (event: MouseEvent) => void
  disabled?: boolean
  type?: 'button' | 'submit'
  busy?: boolean
  href?: string
  autofocus?: boolean
  /** Of a button that opens and closes something. */
  expanded?: boolean
  /** Of a button that turns something on and off. */
  pressed?: boolean
}

/** The one kind of button; a link when it has an address. */
export function Button({
  children,
  icon,
  kind,
  small,
  label,
  onClick,
  disabled,
  type = 'button',
  busy,
  href,
  autofocus,
  expanded,
  pressed,
}: Props) {
  const classes = ['button', kind, small && 'small', !children && 'square'].filter(Boolean).join(' ')
  const inside = (
    <>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </>
  )
  if (href !== undefined)
    return (
      <Link href={href} class={classes} aria-label={label}>
        {inside}
      </Link>
    )
  return (
    <button
      type={type}
      class={classes}
      aria-label={label}
      title={label}
      // A disabled button would lose the focus while it works.
      onClick={busy ? (event) => event.preventDefault() : onClick}
      disabled={disabled}
      aria-disabled={busy}
      aria-busy={busy}
      aria-pressed={pressed}
      aria-expanded={expanded}
      // A dialog opens with the focus on the button that changes nothing.
      autofocus={autofocus}
    >
      {inside}
    </button>
  )
}
