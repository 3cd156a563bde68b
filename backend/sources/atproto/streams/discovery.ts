import { Fatal, RetryLater, Throttled } from '../../../engine/errors'
import type { Io, NewTask, Page, Step } from '../../../engine/source'
import { isAccount, isWeb, webHost } from '../hosts'
import { didOf, type Identity, identify } from '../identity'
import type { AtprotoParams } from '../params'
import type { Batch } from '../store'
import { type HeldRepo, heldRepos, type Identified, type Synced } from '../store-repos'
import type { Discovery, Found } from './cursor'
import { repoCursor } from './cursor'

/*
 * A discovery takes one page of repos from upstream, reads the identity of each, and makes a task of it in the lane of its
 * host. What is left of a page stays in the cursor, so that a page and its tasks are never apart.
 */

export type DiscoveryStep = Step<Discovery, AtprotoParams>
export type DiscoveryPage = Page<Discovery, Batch>

/** One page of repos as it was listed. */
export interface Listing {
  found: Found[]
  /** Absent: there are no more. */
  next?: string
  batch?: Batch
}

/** Repos whose identities one step reads at most, and at once. */
const A_STEP = 200
const AT_ONCE = 8
/** Times an identity is asked for here; after that the repo's own task goes on asking. */
const TRIES = 3
/** Pages in a row without a repo before a list is taken for ended. */
const MOST_EMPTY = 5

/** Lane of a repo whose host is not known yet: of the host of a did:web, or of the directory. */
export const unplacedLane = (name: string): string => (isWeb(name) ? webHost(name) : 'host not known')

/** What the repos of a discovery are read for. */
interface Wanted {
  collections: readonly string[]
  /** Repos that were read before are left alone. */
  newOnly: boolean
}

/** One step of a discovery. @param list reads a page upstream */
export async function discover(
  { cursor, params: { newOnly } }: DiscoveryStep,
  io: Io,
  collections: readonly string[],
  list: (at: string | undefined) => Promise<Listing>,
): Promise<DiscoveryPage> {
  const wanted = { collections, newOnly }
  if (cursor.pending.length > 0) return await place(cursor, io, wanted, {})
  if (cursor.isListed) return { batch: {}, next: null, seen: 0 }
  const listing = await list(cursor.at)
  const next = after(cursor, listing)
  if (next.pending.length === 0 || !io.more()) return { batch: listing.batch ?? {}, next: isOver(next) ? null : next, seen: 0 }
  return await place(next, io, wanted, listing.batch ?? {})
}

const isOver = ({ isListed, pending }: Discovery): boolean => isListed && pending.length === 0

/** @throws {RetryLater} `repeated_cursor` when the list leads back to the page in hand */
function after(cursor: Discovery, { found, next }: Listing): Discovery {
  if (next !== undefined && next === cursor.at && found.length > 0)
    throw new RetryLater('repeated_cursor', `the list of repos goes on where it is: cursor ${next.slice(0, 60)}`)
  const empty = found.length === 0 ? cursor.empty + 1 : 0
  const isListed = next === undefined || empty >= MOST_EMPTY
  return { at: next ?? cursor.at, isListed, empty, pending: found }
}

/** Makes tasks of as many repos as the moment allows. */
async function place(cursor: Discovery, io: Io, wanted: Wanted, batch: Batch): Promise<DiscoveryPage> {
  const taken = cursor.pending.slice(0, A_STEP)
  const held = await heldRepos(
    io.held,
    taken.map((one) => one.name),
  )
  const placed = await placeAll(taken, held, io, wanted)
  const left = placed.flatMap((one) => one.left ?? [])
  const next = { ...cursor, pending: [...left, ...cursor.pending.slice(A_STEP)] }
  return {
    batch: { ...batch, identified: placed.flatMap((one) => one.identified ?? []) },
    next: isOver(next) ? null : next,
    seen: 0,
    tasks: placed.flatMap((one) => one.task ?? []),
  }
}

/** What became of a repo: a task, or left for the next step. */
interface Placed {
  task?: NewTask
  identified?: Identified
  left?: Found
}

async function placeAll(taken: readonly Found[], held: Map<string, HeldRepo>, io: Io, wanted: Wanted): Promise<Placed[]> {
  const placed: Placed[] = taken.map((left) => ({ left }))
  let wait: Throttled | undefined
  let at = 0
  const work = async () => {
    while (at < taken.length && !wait) {
      const mine = at++
      const one = taken[mine] as Found
      const known = held.get(one.name)
      // What is held costs nothing; what has to be asked for waits for the next step once time is up.
      if (!known?.pds && mine > 0 && !io.more()) continue
      try {
        placed[mine] = await placeOne(one, known, io, wanted)
      } catch (error) {
        // A directory of one holds up nobody else.
        if (error instanceof Throttled && isWeb(one.name))
          placed[mine] = { task: repoTask(one, wanted.collections, unplacedLane(one.name)) }
        else if (error instanceof Throttled) wait ??= error
        // Nobody else's trouble either: an address that may not be asked, a directory that refuses.
        else if (error instanceof Fatal) placed[mine] = ended(one, wanted.collections, { failed: error.kind, error: error.message })
        else if (error instanceof RetryLater) placed[mine] = again(one, error, wanted.collections, io)
        else throw error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  // Nothing came of it: the wait is the step's.
  if (wait && placed.every(({ left }) => left !== undefined)) throw wait
  return placed
}

function again(one: Found, error: RetryLater, collections: readonly string[], io: Io): Placed {
  io.log.warn(`the identity of ${one.name} cannot be read just now: ${error.message}`, { kind: error.kind })
  const tries = (one.tries ?? 0) + 1
  return tries < TRIES ? { left: { ...one, tries } } : { task: repoTask(one, collections, unplacedLane(one.name)) }
}

const repoTask = (one: Found, collections: readonly string[], lane: string, pds?: string): NewTask => ({
  stream: 'repo',
  key: one.name,
  lane,
  cursor: repoCursor.parse({ collections, pds, rev: one.rev }),
})

async function placeOne(one: Found, known: HeldRepo | undefined, io: Io, { collections, newOnly }: Wanted): Promise<Placed> {
  if (!one.name.startsWith('did:')) return await placeHandle(one, io, collections)
  if (!isAccount(one.name))
    return ended(one, collections, { failed: 'did_syntax', error: `${one.name.slice(0, 100)} is no DID of this network` })
  if (one.inactive !== undefined) return ended(one, collections, { skipped: `inactive: ${one.inactive}` }, one.inactive)
  const isHeld = (as: (synced: Synced) => boolean) =>
    collections.every((collection) => {
      const synced = known?.synced[collection]
      return synced !== undefined && as(synced)
    })
  if (newOnly && isHeld(() => true)) return ended(one, collections, { skipped: 'read before' })
  if (isHeld(({ rev }) => rev === one.rev)) return ended(one, collections, { skipped: 'unchanged' })
  if (known?.pds) return { task: repoTask(one, collections, known.pds, known.pds) }
  return placed(one, await identify(io, one.name), collections)
}

/** A handle is believed when the identity it stands for says the same. */
async function placeHandle(one: Found, io: Io, collections: readonly string[]): Promise<Placed> {
  const found = await didOf(io, one.name)
  if ('fault' in found) return ended(one, collections, { failed: found.fault, error: found.text })
  const identity = await identify(io, found.did)
  if ('pds' in identity && identity.handle !== one.name) {
    const error = `the handle ${one.name} leads to ${found.did}, whose document names ${identity.handle ?? 'no handle'}`
    return ended(one, collections, { failed: 'handle_mismatch', error })
  }
  return placed({ ...one, name: found.did }, identity, collections)
}

function placed(one: Found, identity: Identity, collections: readonly string[]): Placed {
  if ('gone' in identity) return ended(one, collections, { skipped: identity.gone }, 'tombstoned')
  if ('fault' in identity) return ended(one, collections, { failed: identity.fault, error: identity.text })
  const { pds, handle } = identity
  return { task: repoTask(one, collections, pds, pds), identified: { did: one.name, pds, handle, status: 'active' } }
}

function ended(one: Found, collections: readonly string[], end: NonNullable<NewTask['ended']>, status?: string): Placed {
  return {
    task: { ...repoTask(one, collections, unplacedLane(one.name)), ended: end },
    ...(status === undefined ? {} : { identified: { did: one.name, status } }),
  }
}
