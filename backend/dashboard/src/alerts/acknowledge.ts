import { post } from '../api/client'
import { counted } from '../lib/format'
import { attempt } from '../lib/updates'
import { readOverview } from '../shell/overview'

export interface Choice {
  kind: string
  subjects?: string[]
  until?: string
  undo?: boolean
}

/** Acknowledges alerts for everybody, or takes that back, and shows the result. */
export async function acknowledge(choice: Choice): Promise<void> {
  await attempt(
    () => post<{ changed: number }>('/api/alerts/acknowledge', choice),
    ({ changed }) => `${counted(changed, 'alert')} ${choice.undo ? 'no longer acknowledged' : 'acknowledged'}.`,
  )
  await readOverview()
}
