import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon'

type Tone = 'bad' | 'warn' | 'ok' | 'info'
const ICONS: Record<Tone, IconName> = { bad: 'alert', warn: 'alert', ok: 'check', info: 'info' }

/** A highlighted remark: what is wrong or worth knowing, and what to do. */
export function Note({ tone, icon, children }: { tone?: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <div class={`note ${tone ?? ''}`}>
      <span class={tone === 'info' ? 'soft' : tone}>
        <Icon name={icon ?? ICONS[tone ?? 'info']} />
      </span>
      <div class="body">{children}</div>
    </div>
  )
}
