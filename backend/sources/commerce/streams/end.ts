import { z } from 'zod'
import type { Tx } from '../../../base/sql'
import { defineStream, type Io, type Page, type StageEnd, type Step, type Stream, type Written } from '../../../contract'
import { cellOf } from '../entities'
import type { CommerceParams } from '../params'
import { ENTITY_NAMES, endSyncJob, type SyncKey } from '../store/sync-jobs'

/*
 * Ends one entity of an account, when all tasks that read it are settled: notes how it ended, and where the next sync starts.
 */

const endCursor = z.object({
  account: z.uuid(),
  entity: z.enum(ENTITY_NAMES),
  /** Where its tasks are. */
  stage: z.number(),
  /** Where the next sync starts, if it was read completely. ISO 8601. */
  to: z.string(),
})
export type EndCursor = z.infer<typeof endCursor>

interface EndBatch {
  key: SyncKey
  end: Parameters<typeof endSyncJob>[2]
}

async function read({ key, cursor, job }: Step<EndCursor, CommerceParams>, io: Io): Promise<Page<EndCursor, EndBatch>> {
  const { account: accountId, entity, stage, to } = cursor
  const ended = await io.ended(stage)
  const batch = (end: EndBatch['end']): EndBatch => ({ key: { jobId: job, accountId, entity }, end })
  const failed = failureOf(key, ended)
  if (failed) return { batch: batch({ status: 'failed', reason: failed }), next: null, failed: { kind: 'not_read', reason: failed } }
  const skipped = ended.done === 0 ? ended.skip : null
  // Nothing was read: the next sync starts where it would have started.
  if (skipped) return { batch: batch({ status: 'completed', reason: skipped }), next: null, skipped }
  return { batch: batch({ status: 'completed', reason: ended.unverified ?? ended.skip ?? undefined, cursor: to }), next: null }
}

function failureOf(key: string, { done, skipped, failed, cancelled, error }: StageEnd): string | undefined {
  const lost = failed + cancelled
  if (lost === 0) return undefined
  const all = done + skipped + lost
  return `${lost} of ${all} parts of ${key} were not read${error ? `: ${error}` : ''}`
}

async function write(tx: Tx, { key, end }: EndBatch): Promise<Written> {
  await endSyncJob(tx, key, end)
  return { new: 0, updated: 0, unchanged: 0 }
}

export const endStream = (queue: Stream['queue']) =>
  defineStream<EndCursor, EndBatch, CommerceParams>({ queue, cursor: endCursor, asksNothing: true, read, write, cell: cellOf })
