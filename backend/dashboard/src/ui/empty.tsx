import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon'

/** An empty state: why it is empty, and what to do. */
export function Empty({ title, icon, children, small }: { title: string; icon?: IconName; children?: ComponentChildren; small?: boolean }) {
  return (
    <div class={small ? 'empty small' : 'empty'}>
      {icon && <Icon name={icon} size={22} />}
      <h3>{title}</h3>
      {children}
    </div>
  )
}
