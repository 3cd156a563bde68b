import { count, upper } from '../../../base/vocabulary'
import type { SyncJob } from '../store/sync-jobs'

/** How far one entity is: `Syncing orders… 450/1,200`. */
export function sentenceOf({
  entity,
  status,
  found,
  expected,
  reason,
}: Pick<SyncJob, 'entity' | 'status' | 'found' | 'expected' | 'reason'>): string {
  const far = expected === null ? count(Number(found)) : `${count(Number(found))}/${count(Number(expected))}`
  if (status === 'queued') return `${upper(entity)}: waiting`
  if (status === 'running') return `Syncing ${entity}… ${far}`
  if (status === 'completed') return `${upper(entity)}: ${far}${reason ? `, not verified: ${reason}` : ''}`
  return `${upper(entity)}: ${status}${reason ? `, ${reason}` : ''}`
}

/** 0..1; null where it is not known. */
export function fractionOf({ status, found, expected }: Pick<SyncJob, 'status' | 'found' | 'expected'>): number | null {
  if (status === 'completed') return 1
  return expected ? Math.min(1, Number(found) / Number(expected)) : null
}

/** The newest row of each account and entity, in the order of the rows. @param rows the newest job first */
export function newestOf(rows: readonly SyncJob[]): SyncJob[] {
  const seen = new Set<string>()
  return rows.filter(({ accountId, entity }) => {
    const key = `${accountId} ${entity}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
