import { z } from 'zod'
import type { NewTask, Page } from '../../../../contract'
import { keyOf, placeOf, type ShopRef } from '../../entities'
import { type Account, accountOf } from '../../store/accounts'
import type { PageBatch } from '../../streams/page'
import { AccessDenied, type Shop } from '../client'
import { shopName } from '../ids'
import type { ListName } from '../queries'
import { changedSince, createdIn } from '../search'
import { nameOf } from '../windows'

/*
 * What a task of a shop reads: the same for all ways of reading it.
 */

export const TRANSPORTS = ['bulk', 'graphql', 'rest'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** What the first request of a list tells, for all that follow. */
export const facts = z.object({
  /** Orders may name their customers. */
  withCustomer: z.boolean(),
  /** Of the shop; prices of products name none. */
  currency: z.string(),
  /** When the shop was opened, ISO 8601: nothing in it is older. */
  openedAt: z.string(),
})
export type Facts = z.infer<typeof facts>

export const target = z.object({
  account: z.uuid(),
  list: z.enum(['orders', 'products', 'customers']),
  kind: z.enum(['backfill', 'incremental']),
  /** ISO 8601; of a backfill, when the objects were made, of a sync, when they changed. Null: from the beginning. */
  from: z.string().nullable(),
  /** Not part of it. */
  to: z.string(),
  /** Only this object, by its number: it has more parts than pages show at once. */
  only: z.string().optional(),
  newestFirst: z.boolean(),
  /** The whole history of the list: what it does not show is gone. */
  isWhole: z.boolean(),
  facts,
  /** How many objects Shopify counted; null: not counted, or not to the end. */
  expected: z.number().nullable(),
})
export type Target = z.infer<typeof target>

/** Which objects of its list a task reads. */
export function searchOf({ list, kind, from, to, only }: Pick<Target, 'list' | 'kind' | 'from' | 'to' | 'only'>): string {
  if (only !== undefined) return `${list === 'orders' ? 'status:any ' : ''}id:${only}`
  return kind === 'incremental' ? changedSince(list, from ?? to) : createdIn(list, { from, to })
}

/** What a task is called, after its lane and list. */
export const partOf = ({ kind, from, to, only }: Pick<Target, 'kind' | 'from' | 'to' | 'only'>): string =>
  only === undefined ? `${kind === 'backfill' ? '' : 'changed '}${nameOf({ from, to })}` : `only ${only}`

/** A task for the same shop and stage. */
export const taskOf = (account: ShopRef, stream: string, { list }: Pick<Target, 'list'>, part: string, cursor: object): NewTask => ({
  stream,
  key: keyOf(account, list, part),
  cursor: cursor as NewTask['cursor'],
  ...placeOf(account, list),
})

export const shopOf = ({ credentialId, shopId }: Account): Shop => ({ credential: credentialId, name: shopName(shopId) ?? shopId })

/** A page with nothing on it. */
export const emptyBatch = (job: string, account: Account, entity: ListName): PageBatch => ({
  job,
  account,
  entity,
  rows: {},
  readAt: new Date(),
  found: 0,
})

interface ShopStep {
  cursor: { account: string; list?: ListName }
  job: string
}

/**
 * Reads a page of an account. What the app may not read fails its task, and the other lists of the shop go on.
 * @param held the database
 */
export async function allowed<C>(
  held: Parameters<typeof accountOf>[0],
  { cursor, job }: ShopStep,
  read: (account: Account) => Promise<Page<C, PageBatch>>,
): Promise<Page<C, PageBatch>> {
  const account = await accountOf(held, cursor.account)
  try {
    return await read(account)
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error
    const list = cursor.list ?? 'orders'
    const reason = `Shopify does not let the app read the ${list} of ${account.shopId}: ${error.says} Connect the shop again with more rights, then retry the job.`
    return { batch: emptyBatch(job, account, list), next: null, failed: { kind: 'access_denied', reason } }
  }
}
