import { Fatal, RetryLater, Throttled } from '../../../base/errors'
import type { Io, Reject } from '../../../contract'
import { isLacking, listRecords } from '../client'
import { DOUBTFUL, isReject, type Row, readListed } from '../records'
import { type Batch, nameOf, type Shown } from '../store'
import { whereabouts } from './account'
import type { Listing, RepoCursor } from './cursor'
import { type Check, checkOf } from './lexicons'
import { beginsAgain, keyOf, orderOf, startListing, sweepable, type Turned, turnPage } from './listing'
import { cannotGive } from './other-method'
import { ends, newlyRejected, nothing, type RepoPage, type RepoStep } from './repo-page'

/** Pages, records and bytes of JSON that one step takes at most. */
const MAX_PAGES = 10
const MAX_RECORDS = 1_000
const MAX_BYTES = 8 * 1024 * 1024
/** After so many pages of a repo it is tried whole. */
const PAGES_BEFORE_CAR = 20
/** A page that is too large is asked for with a quarter of the records. */
const SMALLER = 4

const NONE: ReadonlySet<string> = new Set()

/** What a step has gathered. */
interface Gathered {
  rows: Row[]
  rejected: Reject[]
  shown: Shown[]
  unmark: NonNullable<Batch['unmark']>
  notes: string[]
  records: number
  known: number
  pages: number
  bytes: number
}

/** Reads on in the listing in hand, and in those after it, as far as one step goes. */
export async function readPages(step: RepoStep, io: Io, pds: string): Promise<RepoPage> {
  const got: Gathered = { rows: [], rejected: [], shown: [], unmark: [], notes: [], records: 0, known: 0, pages: 0, bytes: 0 }
  const check = await checkOf(step, io)
  let cursor = step.cursor
  try {
    while (cursor.listing && (got.pages === 0 || (io.more() && isRoom(got)))) {
      const next = await readPage({ ...step, cursor }, cursor.listing, io, pds, got, check)
      if ('absent' in next) return got.pages > 0 ? pageOf(cursor, got) : await whereabouts(step, io, pds, next.absent)
      cursor = next
      if (cursor.car) return pageOf(cursor, got)
      if (triesWhole(step, cursor)) return pageOf({ ...cursor, car: {} }, got)
    }
  } catch (error) {
    if (got.pages === 0 && hasOtherMethod(step, error)) {
      io.log.info(`Reading a repo whole because its list fails: ${error.message}`, { did: step.key, kind: error.kind })
      return nothing({ ...cursor, car: {} })
    }
    // What has been read is kept; the trouble is met again at the next step.
    if (got.pages === 0 || !(error instanceof Throttled || error instanceof RetryLater)) throw error
  }
  if (cursor.listing || cursor.marked.length > 0) return pageOf(cursor, got)
  return await ends(step, io, pds, cursor, pageOf(cursor, got))
}

const isRoom = ({ pages, records, bytes }: Gathered): boolean => pages < MAX_PAGES && records < MAX_RECORDS && bytes < MAX_BYTES

const mayTryWhole = ({ params, cursor }: RepoStep): boolean => params.method === 'auto' && !cursor.isLarge

const triesWhole = (step: RepoStep, { listing, pages }: RepoCursor): boolean =>
  mayTryWhole(step) && listing !== undefined && pages >= PAGES_BEFORE_CAR

/** The host is there, and does not give the list: it may give the repo. */
const hasOtherMethod = (step: RepoStep, error: unknown): error is RetryLater | Fatal =>
  mayTryWhole(step) && (isLacking(error) || cannotGive(error, step.attempts))

function pageOf(cursor: RepoCursor, { rows, rejected, shown, unmark, notes, known }: Gathered): RepoPage {
  return { batch: { rows, rev: cursor.head?.rev, shown, unmark }, next: cursor, known, rejected, notes }
}

async function readPage(
  step: RepoStep,
  listing: Listing,
  io: Io,
  pds: string,
  got: Gathered,
  check: Check,
): Promise<RepoCursor | { absent: string }> {
  const { key: did, cursor } = step
  const { collection, limit, at } = listing
  let page: Awaited<ReturnType<typeof listRecords>>
  try {
    page = await listRecords(io, pds, { repo: did, collection, limit, cursor: at })
  } catch (error) {
    if (!(error instanceof RetryLater) || error.kind !== 'too_large') throw error
    if (limit === 1) throw new Fatal('too_large', `${error.message}, for one record of ${did} in ${collection}`)
    return { ...cursor, listing: { ...listing, limit: Math.max(1, Math.floor(limit / SMALLER)) } }
  }
  if ('absent' in page) return page
  const keys = page.records.map(keyOf)
  const records = beginsAgain(listing, keys) ? page.records.slice(1) : page.records
  const taken = records.map((listed) => check(readListed(listed, did, collection)))
  const rows = taken.filter((one): one is Row => !isReject(one))
  const rejected = taken.filter(isReject)
  const refused = newlyRejected(cursor, rejected)
  // Beyond what has been listed, where nothing was held, there is nothing to ask about.
  const isBehind = orderOf(listing, records.map(keyOf)) === 'none'
  const held = cursor.rows.includes(collection) || isBehind ? await io.known(rows.map(nameOf)) : NONE
  const fresh = rows.filter((row) => !held.has(nameOf(row)))
  const turned = turnPage(listing, did, keys, page.cursor, fresh.length > 0)
  if (turned.fault && fresh.length === 0) {
    throw new RetryLater(turned.fault, `${pds} lists ${collection} of ${did} without end: cursor ${String(page.cursor).slice(0, 60)}`)
  }
  got.pages++
  got.rows.push(...fresh)
  got.rejected.push(...refused)
  got.shown.push(...(turned.shown ? [turned.shown] : []))
  got.records += records.length
  got.known += rows.length - fresh.length
  got.bytes += fresh.reduce((sum, { json }) => sum + json.length, 0)
  const isUnclear = turned.listing.unordered && listing.sweeps
  if (isUnclear) got.unmark.push({ did, collection })
  const noted = { ...cursor, rejected: [...cursor.rejected, ...refused.map(({ key }) => key)] }
  // Read whole, it shows what is gone.
  if (isUnclear && mayTryWhole(step)) return { ...counted(noted, collection, records.length), car: {} }
  if (isUnclear)
    got.notes.push(`hosts list in no order: deletions were not searched for, and their repos are read again next time (${pds})`)
  if (turned.isGivenUp) got.notes.push(`lists that continued with empty pages were ended, and are read again next time (${pds})`)
  const isDoubted = turned.isGivenUp || isUnclear || rejected.some(({ reason }) => DOUBTFUL.has(reason))
  return advance(noted, turned, records.length, isDoubted)
}

const counted = (cursor: RepoCursor, collection: string, records: number): RepoCursor => ({
  ...cursor,
  pages: cursor.pages + 1,
  counts: { ...cursor.counts, [collection]: (cursor.counts[collection] ?? 0) + records },
})

/** The cursor after a page: the same listing, the next collection's, or none. */
function advance(cursor: RepoCursor, { listing, isOver, isGivenUp }: Turned, records: number, isDoubted: boolean): RepoCursor {
  const { collection, sweeps, unordered } = listing
  const next: RepoCursor = {
    ...counted(cursor, collection, records),
    listing,
    doubted: isDoubted ? [...new Set([...cursor.doubted, collection])] : cursor.doubted,
    marked: isOver && sweeps && !unordered && !isGivenUp ? [...cursor.marked, collection] : cursor.marked,
  }
  if (!isOver) return next
  const left = (cursor.todo ?? []).filter((one) => one !== collection)
  const [first] = left
  return { ...next, todo: left, listing: first === undefined ? undefined : startListing(first, sweepable(cursor)) }
}
