import { Fatal, RetryLater, Throttled } from '../../../base/errors'
import type { Io, NewTask, Page, Step } from '../../../contract'
import { isAccount, isWeb, webHost } from '../hosts'
import { didOf, type Identity, identify } from '../identity'
import type { AtprotoParams } from '../params'
import { lateTask } from '../plan'
import type { Batch } from '../store'
import { type HeldRepo, heldRepos, type Identified, isSyncedAt, type ListedRepos, readWithout, type Synced } from '../store-repos'
import type { Discovery, Found } from './cursor'
import { repoCursor } from './cursor'

/*
 * A discovery takes one page of repos from upstream, reads the identity of each, and makes a task of it in the lane of its
 * host. What is left of a page stays in the cursor, so that a page and its tasks are never apart.
 */

export type DiscoveryStep = Step<Discovery, AtprotoParams>
export type DiscoveryPage = Page<Discovery, Batch>

/** The kind of a skip of an account that its host has and does not show; it may be shown later. */
export const INACTIVE = 'inactive'

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
/** Pages in a row without anything before a list is taken for ended. */
export const MAX_EMPTY = 5

/** Lane of a repo whose host is not known yet: of the host of a did:web, or of the directory. */
export const unplacedLane = (name: string): string => (isWeb(name) ? webHost(name) : 'host not known')

/** What the repos of a discovery are read for. */
interface Wanted {
  collections: readonly string[]
  /** The one that upstream lists them for. */
  foundBy?: string
  /** Repos that were read before are left alone. */
  newOnly: boolean
}

/** One step of a discovery. @param list reads a page upstream */
export async function discover(
  { cursor, params: { newOnly } }: DiscoveryStep,
  io: Io,
  from: Omit<Wanted, 'newOnly'>,
  list: (at: string | undefined) => Promise<Listing>,
): Promise<DiscoveryPage> {
  const wanted = { ...from, newOnly }
  if (cursor.pending.length > 0) return await place(cursor, io, wanted, {})
  if (cursor.isListed) return { batch: {}, next: null }
  const listing = await list(cursor.at)
  const next = after(cursor, listing)
  if (next.pending.length === 0 || !io.more()) return { batch: listing.batch ?? {}, next: isOver(next) ? null : next }
  return await place(next, io, wanted, listing.batch ?? {})
}

const isOver = ({ isListed, pending }: Discovery): boolean => isListed && pending.length === 0

/**
 * The list after a page. A cursor is kept as an anchor for twice as many pages each time, so that a list that goes round is found out within
 * a few rounds, however long they are.
 * @throws {RetryLater} `repeated_cursor`
 */
function after(cursor: Discovery, { found, next }: Listing): Discovery {
  const { at, anchor } = cursor
  const last = found.at(-1)?.name ?? cursor.last
  // A list that begins with the repo of its cursor shows that one for ever once nothing comes after it.
  const isItsLast = next === at && found.length === 1 && last === cursor.last
  if (!isItsLast && next !== undefined && found.length > 0 && (next === at || next === anchor))
    throw new RetryLater('repeated_cursor', `the list of repos repeats its cursor ${next.slice(0, 60)}`)
  const empty = found.length === 0 ? cursor.empty + 1 : 0
  const isListed = next === undefined || isItsLast || empty >= MAX_EMPTY
  const since = cursor.since + 1
  const turn = since >= cursor.reach ? { anchor: next, since: 0, reach: cursor.reach * 2 } : { anchor, since, reach: cursor.reach }
  return { ...turn, began: cursor.began, at: next ?? at, last, isListed, empty, pending: found }
}

const lateOf = (tasks: readonly NewTask[], { late, collection }: ListedRepos): NewTask[] =>
  tasks
    .filter(({ key, ended: end }) => end === undefined && late.includes(key))
    .map(({ key, lane, cursor }) => lateTask(key, collection, lane ?? unplacedLane(key), (cursor as { pds?: string }).pds))

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
  const tasks = placed.flatMap((one) => one.task ?? [])
  const listed = await listedBy(tasks, cursor, wanted, io)
  return {
    batch: { ...batch, listed, identified: placed.flatMap((one) => one.identified ?? []) },
    next: isOver(next) ? null : next,
    tasks: listed ? [...tasks, ...lateOf(tasks, listed)] : tasks,
  }
}

/**
 * What a relay says of repos in a job of several collections. A repo is one task, which may have ended before the relay lists
 * another of its collections; where its host does not name that one, it has not been read.
 */
async function listedBy(tasks: readonly NewTask[], { began }: Discovery, { foundBy }: Wanted, io: Io): Promise<ListedRepos | undefined> {
  if (began === undefined || foundBy === undefined) return undefined
  const listed = { collection: foundBy, dids: tasks.map(({ key }) => key).filter(isAccount), began }
  return { ...listed, late: await readWithout(io.held, listed) }
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
        // One repo's directory does not delay the others.
        if (error instanceof Throttled && isWeb(one.name)) placed[mine] = { task: repoTask(one, wanted, unplacedLane(one.name)) }
        else if (error instanceof Throttled) wait ??= error
        // Nobody else's trouble either: an address that may not be asked, a directory that refuses.
        else if (error instanceof Fatal) placed[mine] = ended(one, wanted, { failed: error.kind, error: error.message })
        else if (error instanceof RetryLater) placed[mine] = again(one, error, wanted, io)
        else throw error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  // Nothing came of it: the wait is the step's.
  if (wait && placed.every(({ left }) => left !== undefined)) throw wait
  return placed
}

function again(one: Found, error: RetryLater, wanted: Wanted, io: Io): Placed {
  io.log.warn(`The identity of ${one.name} could not be read, trying again later: ${error.message}`, { kind: error.kind })
  const tries = (one.tries ?? 0) + 1
  return tries < TRIES ? { left: { ...one, tries } } : { task: repoTask(one, wanted, unplacedLane(one.name)) }
}

const repoTask = (one: Found, { collections, foundBy }: Wanted, lane: string, pds?: string, placedAt?: number): NewTask => ({
  stream: 'repo',
  key: one.name,
  lane,
  cursor: repoCursor.parse({ collections, foundBy, pds, placedAt, head: one.head }),
})

async function placeOne(one: Found, known: HeldRepo | undefined, io: Io, wanted: Wanted): Promise<Placed> {
  const { collections, newOnly } = wanted
  if (!one.name.startsWith('did:')) return await placeHandle(one, io, wanted)
  if (!isAccount(one.name))
    return ended(one, wanted, { failed: 'did_syntax', error: `${one.name.slice(0, 100)} is no DID of this network` })
  if (newOnly && collections.every((collection) => known?.synced[collection])) return ended(one, wanted, { skipped: 'read before' })
  if (!known?.pds) return placed(one, await identify(io, one.name), known, wanted)
  const at = placeAt(one, known.pds, known, wanted)
  // A state that is held already is not written again: that would make an old identity seem fresh.
  return at.identified?.status === known.status ? { task: at.task } : at
}

/** What a host says of an account counts while the account's identity names that host. */
function placeAt(one: Found, pds: string, known: HeldRepo | undefined, wanted: Wanted, placedAt?: number): Placed {
  const { host, inactive, head } = one
  const isTheirs = host === pds
  if (isTheirs && inactive !== undefined)
    return ended(one, wanted, { skipped: `inactive: ${inactive}`, kind: INACTIVE }, { status: inactive, pds })
  // One with rejected records reports them itself, without a request.
  const isWhole = (synced: Synced | undefined) => head !== undefined && isSyncedAt(synced, head) && synced?.rejected === 0
  const isUnchanged = isTheirs && wanted.collections.every((collection) => isWhole(known?.synced[collection]))
  if (isUnchanged) return ended(one, wanted, { skipped: 'unchanged' }, { pds })
  return { task: repoTask({ ...one, head: isTheirs ? head : undefined }, wanted, pds, pds, placedAt) }
}

/** A handle is believed when the identity it stands for says the same. */
async function placeHandle(one: Found, io: Io, wanted: Wanted): Promise<Placed> {
  const found = await didOf(io, one.name)
  if ('fault' in found) return ended(one, wanted, { failed: found.fault, error: found.text })
  const identity = await identify(io, found.did)
  if ('pds' in identity && identity.handle !== one.name) {
    const error = `the handle ${one.name} leads to ${found.did}, whose document names ${identity.handle ?? 'no handle'}`
    return ended(one, wanted, { failed: 'handle_mismatch', error })
  }
  return placed({ ...one, name: found.did }, identity, undefined, wanted)
}

function placed(one: Found, identity: Identity, known: HeldRepo | undefined, wanted: Wanted): Placed {
  if ('gone' in identity) return ended(one, wanted, { skipped: identity.gone, kind: 'gone' }, { status: 'tombstoned' })
  if ('fault' in identity) return ended(one, wanted, { failed: identity.fault, error: identity.text })
  const { pds, handle } = identity
  const at = placeAt(one, pds, known, wanted, Date.now())
  return { ...at, identified: { did: one.name, pds, handle, status: at.identified?.status ?? 'active' } }
}

function ended(
  one: Found,
  wanted: Wanted,
  end: NonNullable<NewTask['ended']>,
  { status, pds }: { status?: string; pds?: string } = {},
): Placed {
  return {
    task: { ...repoTask(one, wanted, pds ?? unplacedLane(one.name)), ended: end },
    ...(status === undefined ? {} : { identified: { did: one.name, pds, status } }),
  }
}
