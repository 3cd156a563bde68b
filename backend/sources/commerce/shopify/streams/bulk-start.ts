import { Fatal, RetryLater } from '../../../../base/errors'
import type { Io } from '../../../../contract'
import type { Account } from '../../store/accounts'
import { saveOperation } from '../../store/bulk'
import type { ShopifyBulk } from '../answers'
import { bulkQuery, OPERATIONS, operationsSince, RUN } from '../bulk-queries'
import { ask } from '../client'
import { type Bulk, type BulkPage, nameFor, stateOf } from './bulk-cursor'
import { firstPages } from './reading'
import { emptyBatch, partOf, searchOf, shopOf, taskOf } from './target'

/*
 * The start of an operation. That it will be started is committed first: a process that dies after Shopify has started it finds it by
 * its name, and starts no other.
 */

/** How far the clocks of Shopify and the database may differ, ms. */
const SKEW_MS = 5 * 60_000
/** How long other operations may be in the way before the list is read by pages, and how often it is tried, ms. */
const BUSY_MS = 30 * 60_000
const BUSY_AGAIN_MS = 15_000
/** After so long it is first asked about, ms. */
export const FIRST_POLL_MS = 2_000

const inMs = (ms: number): Date => new Date(Date.now() + ms)

/** An operation of this name that Shopify knows. */
async function found(io: Io, account: Account, at: Bulk, name: string): Promise<ShopifyBulk | undefined> {
  const query = operationsSince(new Date(Date.parse(at.since ?? '') - SKEW_MS).toISOString())
  for (let after: string | null = null; ; ) {
    const { page }: { page: { pageInfo: { hasNextPage: boolean; endCursor: string | null }; nodes: ShopifyBulk[] } } = (
      await ask(io, shopOf(account), OPERATIONS, { query, after })
    ).data
    const own = page.nodes.find((one) => one.query?.includes(name))
    if (own || !page.pageInfo.hasNextPage) return own
    after = page.pageInfo.endCursor
  }
}

/** Now, by the database's clock, as for all that is read. */
async function clockOf({ held }: Io): Promise<string> {
  const [row] = await held.query<{ now: Date }>('select clock_timestamp() as now')
  return (row?.now ?? new Date()).toISOString()
}

/** @param step the task's job and key */
export async function start(io: Io, account: Account, at: Bulk, { job, key }: { job: string; key: string }): Promise<BulkPage> {
  const batch = emptyBatch(job, account, at.list)
  if (at.since === null) return { batch, next: { ...at, since: await clockOf(io) } }
  const name = nameFor(job, key, at)
  const known = await found(io, account, at, name)
  const query = bulkQuery(at.list, searchOf(at), at.facts.withCustomer, name)
  const started = known ? undefined : (await ask(io, shopOf(account), RUN, { query })).data.run
  const operation = known ?? started?.bulkOperation
  if (!operation) return refused(account, at, started?.userErrors ?? [], batch)
  return {
    batch: {
      ...batch,
      async also(tx) {
        await saveOperation(tx, stateOf(account, at, key, operation))
        return 0
      },
    },
    next: { ...at, phase: 'run', operation: operation.id, busySince: null, polls: 0 },
    notBefore: { until: inMs(FIRST_POLL_MS), on: waitsFor(account, at) },
  }
}

export const waitsFor = ({ shopId }: Account, { list }: Bulk): string => `the bulk operation for ${list} of ${shopId}`

function refused(
  account: Account,
  at: Bulk,
  errors: readonly { code?: string | null; message: string }[],
  batch: BulkPage['batch'],
): BulkPage {
  const [error] = errors
  const { code, message } = error ?? { code: null, message: 'Shopify gives no reason' }
  if (code === 'INVALID') throw new Fatal('bulk_query', `Shopify does not take the bulk query for ${at.list}: ${message}`)
  if (code !== 'OPERATION_IN_PROGRESS' && code !== 'LIMIT_REACHED')
    throw new RetryLater('bulk_start', `Shopify did not start the bulk operation for ${at.list} of ${account.shopId}: ${message}`)
  const busySince = at.busySince ?? new Date().toISOString()
  if (Date.now() - Date.parse(busySince) > BUSY_MS) return byPages(account, at, batch, 'other bulk operations of the app were in the way')
  return { batch, next: { ...at, busySince }, notBefore: { until: inMs(BUSY_AGAIN_MS), on: `other bulk operations of ${account.shopId}` } }
}

/** Pages read what operations cannot. */
export function byPages(account: Account, at: Bulk, batch: BulkPage['batch'], why: string): BulkPage {
  const { account: id, list, kind, from, to, newestFirst, isWhole, facts, expected } = at
  const reading = firstPages({ account: id, list, kind, from, to, newestFirst, isWhole, facts, expected })
  return {
    batch,
    next: null,
    expected: 0,
    tasks: [taskOf(account, 'shopify_pages', at, partOf(at), reading)],
    notes: [`The ${list} of ${account.shopId} (${partOf(at)}) were read by pages: ${why}.`],
  }
}
