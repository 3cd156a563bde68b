import { Fatal, RetryLater } from '../../../base/errors'
import type { Io } from '../../../contract'
import { getRepoStatus, unlessLacking } from '../client'
import { didOf, type Identity, identify } from '../identity'
import { repoCursor } from './cursor'
import { INACTIVE, unplacedLane } from './discovery'
import type { RepoPage, RepoStep } from './repo-page'

/*
 * Where an account is, and how it is: https://atproto.com/specs/account
 */

/** What a host calls an account that it has and does not show. */
const STATES: Record<string, string> = {
  RepoTakendown: 'takendown',
  RepoSuspended: 'suspended',
  RepoDeactivated: 'deactivated',
}

const skips = (kind: string, reason: string, did: string, status: string): RepoPage => ({
  batch: { identified: [{ did, status }] },
  next: null,
  skipped: { kind, reason },
})

/** @throws {Fatal} for a document that nothing can be read by */
function settledIdentity(identity: Identity, did: string): { pds: string; handle: string | null } | RepoPage {
  if ('fault' in identity) throw new Fatal(identity.fault, identity.text)
  return 'gone' in identity ? skips('gone', identity.gone, did, 'tombstoned') : identity
}

/** A repo whose host was not known goes on in the lane of that host. */
export async function placeRepo({ key: did, cursor }: RepoStep, io: Io): Promise<RepoPage> {
  const found = settledIdentity(await identify(io, did), did)
  if (!('pds' in found)) return found
  return {
    batch: { identified: [{ did, ...found, status: 'active' }] },
    next: { ...cursor, pds: found.pds, placedAt: Date.now() },
    lane: found.pds,
  }
}

/** A handle that could not be resolved when it was named is tried again; what it stands for is a task of its own. */
export async function followHandle({ key: handle, cursor }: RepoStep, io: Io): Promise<RepoPage> {
  const found = await didOf(io, handle)
  if ('fault' in found) throw new Fatal(found.fault, found.text)
  const identity = settledIdentity(await identify(io, found.did), found.did)
  if ('pds' in identity && identity.handle !== handle)
    throw new Fatal('handle_mismatch', `the handle ${handle} leads to ${found.did}, whose document names ${identity.handle ?? 'no handle'}`)
  const { collections } = cursor
  const task = { stream: 'repo', key: found.did, lane: unplacedLane(found.did), cursor: repoCursor.parse({ collections }) }
  return { batch: {}, next: null, skipped: `stands for ${found.did}`, tasks: [task] }
}

/** What the directory says by now of a repo that is not where it was: gone, or at another host. Undefined: it names the same. */
async function whatChanged({ key: did, cursor }: RepoStep, io: Io, pds: string): Promise<RepoPage | undefined> {
  const now = settledIdentity(await identify(io, did), did)
  if (!('pds' in now)) return now
  if (now.pds === pds || cursor.hasMoved) return undefined
  const { collections, foundBy } = cursor
  return {
    batch: { identified: [{ did, ...now, status: 'active' }] },
    next: repoCursor.parse({ collections, foundBy, pds: now.pds, placedAt: Date.now(), hasMoved: true }),
    lane: now.pds,
    notes: ['repos that had moved were followed to their new host'],
  }
}

/** A host that the directory has named within this time is not looked up again when it is unreachable, ms. */
const RECENT_MS = 60 * 60_000

/**
 * Before a repo fails by its host the directory is asked once more, for the host may be one that the account has left. A host
 * that is unreachable holds many repos: of those that fail with the one that found it out, the directory is asked where it has not been lately.
 */
export async function beforeFailing(step: RepoStep, io: Io, byItself: boolean): Promise<RepoPage | undefined> {
  const { pds, placedAt } = step.cursor
  if (pds === undefined) return undefined
  if (!byItself && placedAt !== undefined && Date.now() - placedAt < RECENT_MS) return undefined
  try {
    return await whatChanged(step, io, pds)
  } catch (error) {
    // The directory cannot be asked either; the host's trouble came first.
    if (error instanceof RetryLater) return undefined
    throw error
  }
}

/**
 * What became of a repo that its host does not show. Its identity is read again, whatever is held of it: an account that has
 * moved answers the same at its old host as one that is gone.
 */
export async function whereabouts(step: RepoStep, io: Io, pds: string, absent: string): Promise<RepoPage> {
  const { key: did } = step
  const changed = await whatChanged(step, io, pds)
  if (changed) return changed
  const state = STATES[absent] ?? (await stateOf(io, pds, did))
  return state === undefined ? skips('gone', 'gone', did, 'gone') : skips(INACTIVE, `inactive: ${state}`, did, state)
}

/** @returns undefined when the host has no such account. @throws {RetryLater} when it calls it active, and does not show it */
async function stateOf(io: Io, pds: string, did: string): Promise<string | undefined> {
  const found = await unlessLacking(getRepoStatus(io, pds, did))
  // A host that cannot answer this has nothing to add.
  if (!found) return undefined
  if ('absent' in found) return STATES[found.absent]
  if (!found.active) return found.status ?? 'without a reason'
  throw new RetryLater('repo_not_shown', `${pds} says that ${did} is active, but does not serve it`)
}
