import { type Fatal, RetryLater } from '../../../base/errors'
import type { Io } from '../../../contract'
import { readCar, type Snapshot } from '../car'
import { getRepo, isLacking } from '../client'
import { DOUBTFUL, isReject, type Row } from '../records'
import { nameOf, type Whole } from '../store'
import { whereabouts } from './account'
import type { RepoCursor } from './cursor'
import { checkOf } from './lexicons'
import { cannotGive } from './other-method'
import { ends, newlyRejected, nothing, type RepoPage, type RepoStep } from './repo-page'

/** Rows one transaction takes; a repo with more is read again for its rest. */
const MAX_ROWS = 20_000

/** The whole repo in one request. It says all at one revision, so what it lacks is gone. */
export async function readSnapshot(step: RepoStep, io: Io, pds: string): Promise<RepoPage> {
  const { key: did, cursor, params } = step
  let snapshot: Snapshot
  try {
    const bytes = await getRepo(io, pds, did)
    if ('absent' in bytes) return await whereabouts(step, io, pds, bytes.absent)
    // All of them, those that were listed before as well: it is read at one revision.
    snapshot = readCar(bytes, did, new Set(cursor.collections))
  } catch (error) {
    if (params.method === 'car' || !mayBeListed(error, step.attempts)) throw error
    io.log.info(`Listing a repo page by page instead: ${error.message}`, { did, kind: error.kind })
    return nothing({ ...cursor, car: undefined, isLarge: true })
  }
  return await takeSnapshot(step, io, pds, snapshot)
}

/** It is too large or broken, or its host does not give it: it may give the list. */
const mayBeListed = (error: unknown, attempts: number): error is RetryLater | Fatal =>
  isLacking(error) || cannotGive(error, attempts) || (error instanceof RetryLater && ['too_large', 'bad_car'].includes(error.kind))

async function takeSnapshot(step: RepoStep, io: Io, pds: string, { rev, entries }: Snapshot): Promise<RepoPage> {
  const { key: did, cursor } = step
  // Another revision than the one begun with is another repo.
  const after = cursor.car?.rev === rev ? cursor.car.after : undefined
  const check = await checkOf(step, io)
  const left = entries.filter(({ path }) => after === undefined || path > after).map((entry) => ({ ...entry, record: check(entry.record) }))
  const rows = left.map(({ record }) => record).filter((one): one is Row => !isReject(one))
  const held = await io.known(rows.map(nameOf))
  const fresh = rows.filter((row) => !held.has(nameOf(row)))
  const last = fresh[MAX_ROWS]
  const taken = last ? left.filter(({ path }) => path < `${last.collection}/${last.rkey}`) : left
  const rejected = taken.map(({ record }) => record).filter(isReject)
  const written = fresh.slice(0, MAX_ROWS)
  // What was listed before the repo was read whole has been counted.
  const listed = Object.values(cursor.counts).reduce((sum, n) => sum + n, 0) - cursor.rejected.length
  const page = {
    batch: { rows: written, rev },
    known: Math.max(0, taken.length - rejected.length - written.length - (after === undefined ? Math.max(0, listed) : 0)),
    rejected: newlyRejected(cursor, rejected),
  }
  if (last)
    return {
      ...page,
      next: { ...cursor, car: { rev, after: taken.at(-1)?.path }, rejected: [...cursor.rejected, ...page.rejected.map(({ key }) => key)] },
    }
  // Noted is the head that was asked for before: hosts have been seen to send an imported repo under another revision than they name.
  const read = { ...cursor, ...figuresOf(entries), reads: cursor.collections, unlisted: [], unchanged: { records: 0, rejected: 0 } }
  return await ends(step, io, pds, read, { ...page, batch: { ...page.batch, whole: wholeOf(did, cursor, entries) } })
}

function figuresOf(entries: Snapshot['entries']): Pick<RepoCursor, 'counts' | 'doubted' | 'rejected'> {
  const counts: Record<string, number> = {}
  const doubted = new Set<string>()
  for (const { collection, record } of entries) {
    counts[collection] = (counts[collection] ?? 0) + 1
    if (isReject(record) && DOUBTFUL.has(record.reason)) doubted.add(collection)
  }
  const rejected = entries.flatMap(({ record }) => (isReject(record) ? record.key : []))
  return { counts, doubted: [...doubted], rejected }
}

/** Of collections that had rows, or may have some from pages listed before. */
const wholeOf = (did: string, { collections, rows, pages }: RepoCursor, entries: Snapshot['entries']): Whole[] =>
  collections
    .filter((collection) => rows.includes(collection) || pages > 0)
    .map((collection) => ({ did, collection, keys: entries.filter((one) => one.collection === collection).map((one) => one.rkey) }))
