import { z } from 'zod'
import type { Tx } from '../../../../base/sql'
import { defineStream, type Foreseen, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf, keyOf, placeOf } from '../../entities'
import { type CommerceParams, LISTING_STATES } from '../../params'
import type { Ask } from '../../platform'
import { isReject } from '../../reading'
import { type Account, accountOf } from '../../store/accounts'
import { countListings } from '../../store/held'
import { deleteUnseen, forgetStatus } from '../../store/write'
import { type PageBatch, writePage } from '../../streams/page'
import { askList, type ListPage, listedOf } from '../client'
import { advance, LIMIT, place, requestsFor, START } from '../paging'
import { readListing } from '../records'

/*
 * Listings, one state after the other: Etsy does not list what has changed, so they are always read whole. At the end, if it is certain
 * that all were shown, those that were not are marked: as deleted after a reading of all states, otherwise their status is forgotten.
 */

const cursor = z.object({
  account: z.uuid(),
  states: z.array(z.string()),
  /** Which state is read; their number: all were. */
  at: z.number(),
  /** When the reading started; null: it has not. */
  since: z.string().nullable(),
  /** Entries of the states that were read, according to Etsy. */
  total: z.number(),
  /** Keys of those that could not be read. */
  rejects: z.array(z.string()),
  place,
})
type Cursor = z.infer<typeof cursor>
type ListingStep = Step<Cursor, CommerceParams>
type ListingPage = Page<Cursor, PageBatch>

const startOf = ({ account, states }: Pick<Cursor, 'account' | 'states'>): Cursor => ({
  account,
  states,
  at: 0,
  since: null,
  total: 0,
  rejects: [],
  place: START,
})

async function read(step: ListingStep, io: Io): Promise<ListingPage> {
  const account = await accountOf(io.held, step.cursor.account)
  return step.cursor.at < step.cursor.states.length ? await readPage(step, account, io) : await finish(step, account, io)
}

async function readPage({ cursor: at, job }: ListingStep, account: Account, io: Io): Promise<ListingPage> {
  const state = at.states[at.at] as string
  const query = { state, limit: LIMIT, offset: at.place.offset, includes: 'Inventory' }
  const page = (await askList(io, account, '/listings', query)) as ListPage
  const records = page.results.map(readListing)
  const turn = advance(at.place, listedOf(page, records))
  const fresh = records.filter((_, n) => turn.fresh[n])
  const rejected = fresh.filter(isReject)
  const expected = at.total + page.count
  const here: Cursor = {
    ...at,
    since: at.since ?? page.sentAt.toISOString(),
    rejects: [...new Set([...at.rejects, ...rejected.map(({ key }) => key)])],
  }
  const shown: ListingPage = {
    batch: {
      ...{ job, account, entity: 'listings', readAt: page.sentAt, found: turn.found, expected },
      rows: { listings: fresh.flatMap((one) => (isReject(one) ? [] : [one])) },
    },
    rejected,
    expected,
    foreseen: foreseenOf(account, expected, at.at + 1 < at.states.length),
    next: turn.next ? { ...here, place: turn.next } : { ...here, at: at.at + 1, total: expected, place: START },
  }
  // What is listed twice is no failure: in the end it is known how many are different.
  if (turn.next || turn.fault === undefined || turn.isWhole) return shown
  const reason = `the ${state} listings of ${account.shopId} do not add up, also when they are read again: ${turn.fault}`
  return { ...shown, next: null, failed: { kind: 'count_mismatch', reason, from: startOf(at) } }
}

const foreseenOf = (account: Account, expected: number, atLeast: boolean): Foreseen[] => [
  { ...placeOf(account, 'listings'), expected, atLeast, requests: { etsy: requestsFor(expected) } },
]

/** After the last page, without a request: was everything shown? */
async function finish({ cursor: at, job }: ListingStep, account: Account, io: Io): Promise<ListingPage> {
  const since = new Date(at.since ?? Number.NaN)
  const batch: PageBatch = { job, account, entity: 'listings', rows: {}, readAt: since, found: 0 }
  const different = (await countListings(io.held, account, since)) + at.rejects.length
  const unverified = doubtOf(at, different)
  if (unverified !== undefined) return { batch, next: null, unverified }
  return { batch: { ...batch, also: (tx) => markUnseen(tx, account, since, at.states) }, next: null }
}

/** What no state shows is gone. What only some states do not show is in another one, or gone: Etsy does not tell which. */
async function markUnseen(tx: Tx, account: Account, since: Date, states: readonly string[]): Promise<number> {
  if (LISTING_STATES.every((state) => states.includes(state))) return await deleteUnseen(tx, account, 'listings', since)
  await forgetStatus(tx, account, since, states)
  return 0
}

function doubtOf({ total, rejects }: Cursor, different: number): string | undefined {
  const and = 'listings that are gone were not marked'
  if (different < total) return `Etsy lists ${total} listings, of which only ${different} are different; ${and}`
  return rejects.length === 0 ? undefined : `${rejects.length} listings could not be read; ${and}`
}

/** All listings in the states that are wanted, by default the active ones. */
export const listingTasks = ({ account, params }: Ask): Omit<NewTask, 'lane' | 'stage'>[] => [
  {
    stream: 'etsy_listings',
    key: keyOf(account, 'listings'),
    cursor: startOf({ account: account.id, states: params.listingStates ?? ['active'] }),
  },
]

export const listings = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'etsy_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
