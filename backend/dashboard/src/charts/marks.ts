import type { History } from '../api/types'
import { counted } from '../lib/format'

export type Mark = History['marks'][number]

const KINDS: Record<Mark['kind'], string> = { deploy: 'Deploy', restart: 'Restart', crash: 'Crash' }

/** `0.14.2 → 0.15.0`, `restart of worker-etsy`, `crash of 3 processes`. */
export function markText({ kind, before, version, apps, starts }: Mark): string {
  if (kind === 'deploy') return `${before} → ${version}`
  return `${KINDS[kind].toLowerCase()} of ${apps.length === 1 ? apps[0] : counted(starts, 'process', 'processes')}`
}

/** Names its kind as well: `Deploy 0.14.2 → 0.15.0 (3 processes)`. */
export function markTitle(mark: Mark): string {
  return mark.kind === 'deploy'
    ? `Deploy ${markText(mark)} (${counted(mark.starts, 'process', 'processes')})`
    : `${markText(mark).charAt(0).toUpperCase()}${markText(mark).slice(1)}`
}
