import { post } from '../api/client'
import type { BulkDone, BulkPreview } from '../api/types'
import { ask } from './ask'
import { outcomeText, previewText } from './bulk-text'
import { counted } from './format'
import { attempt, showUpdate } from './updates'
import { CANCEL_MEANS, VERBS } from './verbs'

export interface Act {
  verb: keyof typeof VERBS | 'priority'
  /** Of the verb `priority`. */
  priority?: 'live' | 'asked' | 'backfill'
}

/** Jobs asked for in one request: as many as take about a second. */
const BATCH = 50

/** `Pause 1,200 jobs`. */
const deedOf = ({ verb, priority }: Act, jobs: string): string =>
  verb === 'priority' ? `Set the priority ${priority} for ${jobs}` : `${verb === 'retry' ? 'Retry' : VERBS[verb].text} ${jobs}`
const doneOf = ({ verb, priority }: Act): string => (verb === 'priority' ? `set to the priority ${priority}` : VERBS[verb].done)

/**
 * Does something to all jobs of a choice, batch by batch, after the reader has seen how many they are.
 * @param choice ids, or a filter as the API takes it
 * @param onProgress called after each batch
 * @returns whether it was done to the end; false also where the reader declined
 */
export async function actOnMatching(
  act: Act,
  choice: Record<string, unknown>,
  onProgress: (done: number, of: number) => void,
): Promise<boolean> {
  const preview = await attempt(() => post<BulkPreview>('/api/jobs/bulk/preview', { ...act, ...choice }))
  if (!preview) return false
  if (preview.able === 0) {
    showUpdate(`There is nothing to do: ${previewText(preview)}`, 'bad')
    return false
  }
  const deed = deedOf(act, counted(preview.able, 'job'))
  const sure = await ask({
    title: `${deed}?`,
    text: `${previewText(preview)}${act.verb === 'cancel' ? ` They end after the page in progress: ${CANCEL_MEANS}` : ''}`,
    action: deed,
    danger: act.verb === 'cancel',
  })
  if (!sure) return false
  let done = 0
  const refused: BulkDone['refused'] = []
  const limit = 'ids' in choice ? {} : { limit: BATCH }
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const body = { ...act, ...choice, ...limit, ...(cursor && { cursor }) }
    const batch = await attempt(() => post<BulkDone>('/api/jobs/bulk', body))
    if (!batch) {
      showUpdate(`It stopped after ${outcomeText(doneOf(act), done, refused)} Doing it again goes on with the rest.`, 'bad')
      return false
    }
    done += batch.done.length
    refused.push(...batch.refused)
    cursor = batch.next
    onProgress(done, preview.able)
  }
  showUpdate(outcomeText(doneOf(act), done, refused), refused.length > 0 ? 'bad' : 'ok')
  return true
}
