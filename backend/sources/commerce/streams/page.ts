import type { Tx } from '../../../base/sql'
import type { Written } from '../../../contract'
import type { AccountRef } from '../store/records'
import { type Entity, noteProgress } from '../store/sync-jobs'
import { type Batch, write } from '../store/write'

/** What a page of any stream stores. */
export interface PageBatch {
  /** The job that reads it. */
  job: string
  account: AccountRef
  entity: Entity
  rows: Batch
  /** Rows of other entities that came with them, such as the buyers of orders: stored, and counted nowhere. */
  beside?: Batch
  /** When the request that showed them was sent, by the database's clock. */
  readAt: Date
  /** How many records of the entity came with the page. */
  found: number
  /** How many there are in all, where the platform tells it. */
  expected?: number
  /** Further statements of the page, after its rows; returns how many rows it marked as deleted. */
  also?(tx: Tx): Promise<number>
}

/** Writes a page: its rows, then how far the entity is. */
export async function writePage(
  tx: Tx,
  { job, account, entity, rows, beside, readAt, found, expected, also }: PageBatch,
): Promise<Written> {
  const written = await write(tx, account, rows, readAt, beside)
  const deleted = (await also?.(tx)) ?? 0
  await noteProgress(tx, { jobId: job, accountId: account.id, entity }, { found, expected })
  return { ...written, deleted: (written.deleted ?? 0) + deleted }
}
