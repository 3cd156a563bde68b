import { percent } from '../lib/format'

export interface Part {
  /** Of the whole, 0 to 1. */
  fraction: number
  tone?: 'ok' | 'warn' | 'bad' | 'idle' | 'skipped'
}

interface Props {
  /** What it measures, for screen readers. */
  label: string
  /** Null: in progress, fraction unknown. */
  fraction: number | null
  tone?: Part['tone']
  big?: boolean
}

/** How far something is. */
export function Bar({ label, fraction, tone, big }: Props) {
  const known = fraction === null ? undefined : Math.round(Math.min(1, fraction) * 100)
  return (
    <div
      class={['bar', big && 'big', fraction === null && 'unknown'].filter(Boolean).join(' ')}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known}
      aria-valuetext={fraction === null ? 'in progress' : percent(fraction)}
    >
      <i class={tone} style={fraction === null ? undefined : { width: `${Math.min(1, fraction) * 100}%` }} />
    </div>
  )
}

/** The parts of a whole; the label names them. */
export function Parts({ label, parts, big }: { label: string; parts: Part[]; big?: boolean }) {
  return (
    <div class={big ? 'bar big' : 'bar'} role="img" aria-label={label}>
      {parts.map((part, n) => (
        <i key={n} class={part.tone} style={{ width: `${part.fraction * 100}%` }} />
      ))}
    </div>
  )
}
