import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Page } from '../../../../contract'
import type { Account } from '../../store/accounts'
import type { BulkOperation } from '../../store/bulk'
import type { PageBatch } from '../../streams/page'
import type { ShopifyBulk } from '../answers'
import { type Target, target } from './target'

/*
 * How far a bulk operation is: it is started, watched, its file is kept line by line, and read from there. Each phase is a page or more.
 */

export const bulkCursor = target.extend({
  phase: z.enum(['start', 'run', 'file', 'rows', 'clean']),
  /** How many operations were started before this one. */
  tries: z.number(),
  /** Before the operation was started, ISO 8601; null: nothing was started. */
  since: z.string().nullable(),
  /** Since when other operations have been in its way, ISO 8601. */
  busySince: z.string().nullable(),
  operation: z.string().nullable(),
  /** How often it was asked about, in this phase. */
  polls: z.number(),
  /** The file: the next byte and the next line to be read, and how many bytes at once. */
  at: z.number(),
  line: z.number(),
  chunk: z.number(),
  /** The file is what an operation wrote that failed. */
  isPart: z.boolean(),
  /** The last root that was read. */
  after: z.number(),
  /** Roots so far, those of them that are in the window, and those that could not be read. */
  seen: z.number(),
  inside: z.number(),
  rejects: z.number(),
  /** Why the window is not complete; it ends the task once its lines are deleted. */
  fault: z.object({ kind: z.string(), reason: z.string() }).nullable(),
  unverified: z.string().nullable(),
})
export type Bulk = z.infer<typeof bulkCursor>
export type BulkPage = Page<Bulk, PageBatch>

/** Bytes of a file that are read at once. */
export const CHUNK = 4 * 1024 * 1024

export const firstBulk = (at: Target, tries = 0): Bulk => ({
  ...at,
  phase: 'start',
  tries,
  since: null,
  busySince: null,
  operation: null,
  polls: 0,
  at: 0,
  line: 0,
  chunk: CHUNK,
  isPart: false,
  after: -1,
  seen: 0,
  inside: 0,
  rejects: 0,
  fault: null,
  unverified: null,
})

/** A name for the operation, by which it is found again: no other task, job or try has it. */
export const nameFor = (job: string, key: string, { tries, since }: Bulk): string =>
  `Backhaul${createHash('sha256').update(`${job} ${key} ${tries} ${since}`).digest('hex').slice(0, 24)}`

/** What is stored of an operation. */
export const stateOf = (account: Account, { list }: Bulk, key: string, it: ShopifyBulk): BulkOperation => ({
  accountId: account.id,
  operationId: it.id,
  entity: list,
  window: key,
  status: it.status,
  errorCode: it.errorCode?.toLowerCase() ?? null,
  objectCount: it.objectCount,
  rootObjectCount: it.rootObjectCount,
  fileSize: it.fileSize,
})
