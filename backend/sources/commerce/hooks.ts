import type { Tx } from '../../base/sql'
import type { EndedJob, NewTask, StartNext } from '../../contract'
import { type CommerceParams, preparedOf } from './params'
import { partsOf, rollUpTask, tasksOf } from './plan'
import { type BackfillStatus, setBackfillStatus } from './store/profiles'
import { endSyncJobs, type NewSyncJob, queueSyncJobs, readParts, requeueSyncJobs } from './store/sync-jobs'

/*
 * What users see of their jobs: rows of `sync_jobs`, the status in `profiles`, and what follows a backfill.
 */

type Part = ReturnType<typeof partsOf>[number]

const rowsOf = (parts: readonly Part[], { kind }: CommerceParams): NewSyncJob[] =>
  parts.map(({ account, entity, priority }) => ({
    accountId: account.id,
    platform: account.platform,
    entity,
    jobType: kind === 'incremental' ? 'incremental' : 'backfill',
    priority,
  }))

export async function started(tx: Tx, { id, params, run }: { id: string; params: CommerceParams; run: number }): Promise<void> {
  if (params.kind === 'roll_up') return
  // A retry of what is missing may add parts.
  await queueSyncJobs(tx, id, params.userId, rowsOf(partsOf(params), params))
  if (run > 1) await requeueSyncJobs(tx, id)
  if (params.kind === 'backfill') await setBackfillStatus(tx, params.userId, 'in_progress')
}

/** What was connected, or is asked for, since the job was started. */
export async function joined(tx: Tx, { id }: { id: string }, params: CommerceParams): Promise<NewTask[]> {
  if (params.kind === 'roll_up') return [rollUpTask(preparedOf(params).to)]
  const known = await readParts(tx, id)
  const more = partsOf(params).filter(({ account, entity }) => !known.has(`${account.id} ${entity}`))
  await queueSyncJobs(tx, id, params.userId, rowsOf(more, params))
  return more.flatMap(({ account, entity }) => tasksOf(account, entity, params))
}

const STATUS: Readonly<Record<EndedJob['status'], BackfillStatus>> = {
  completed: 'completed',
  partial: 'completed_with_errors',
  failed: 'failed',
  cancelled: 'cancelled',
}

export async function ended(tx: Tx, { id, params, status }: EndedJob<CommerceParams>, start: StartNext): Promise<void> {
  const { kind, userId } = params
  if (kind === 'roll_up') return
  const reason = status === 'cancelled' ? 'the job was cancelled' : 'the job ended before it'
  await endSyncJobs(tx, id, status === 'cancelled' ? 'cancelled' : 'failed', reason)
  if (kind === 'backfill') await setBackfillStatus(tx, userId, STATUS[status])
  // Whatever was read counts, also before a cancel.
  await start({ userId, kind: 'roll_up' })
  if (kind === 'backfill' && (status === 'completed' || status === 'partial')) await startSync(tx, id, userId, start)
}

/** Syncs what was completed; a failed entity waits for its retry. */
async function startSync(tx: Tx, id: string, userId: string, start: StartNext): Promise<void> {
  const isAnyCompleted = [...(await readParts(tx, id)).values()].includes('completed')
  if (isAnyCompleted) await start({ userId, kind: 'incremental' })
}
