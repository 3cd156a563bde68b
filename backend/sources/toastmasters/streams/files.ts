import { Fatal, RetryLater } from '../../../base/errors'
import type { Io, Page, Step } from '../../../contract'
import type { Ask } from '../asks'
import { checkBody } from '../check'
import { type Body, fetchBody } from '../client'
import type { FileCursor } from '../cursor'
import type { BackfillParams } from '../params'
import { preparedOf } from '../plan'
import type { settings } from '../settings'
import { type KeptBody, readBody } from '../store'
import type { Batch } from '../write'

/*
 * What the three kinds of task that read a file have in common: a file that is held already is not asked for, and one that is not
 * what was asked for is noted while its task fails.
 */

export type FileStep = Step<FileCursor, BackfillParams>
export type FilePage = Page<FileCursor, Batch>
export type SourceIo = Io<typeof settings>

export const NOTHING: Batch = { kind: 'nothing' }

/** A file that serves, or the page to return in place of one. */
export type Read = { body: Body } | { page: FilePage }

/**
 * Reads a file for a task.
 * @throws {Fatal} `processing_failed` for a cell that cannot be read
 * @throws {RetryLater} `fetch_failed` and what the HTTP edge throws
 */
export async function readFile({ params }: FileStep, io: SourceIo, ask: Ask): Promise<Read> {
  const kept = await readBody(io.held, ask, new Date(preparedOf(params).since))
  return kept ? { body: bodyOf(ask, kept) } : await fetchFile(io, ask, params.enableCaching)
}

/** Asks for a file; with `cache`, one of the last hour serves. @throws as `readFile` */
export async function fetchFile(io: SourceIo, ask: Ask, cache: boolean): Promise<Read> {
  const found = await fetchBody(io, ask, { cache })
  if ('none' in found) return { page: skipped(found.none, found.reason) }
  if (!('wrong' in found)) return { body: found }
  if (found.wrong === 'validation_failed') {
    const batch: Batch = { kind: 'mismatch', ask, reason: found.reason }
    return { page: { batch, next: null, failed: { kind: found.wrong, reason: found.reason } } }
  }
  if (found.retry) throw new RetryLater(found.wrong, found.reason)
  throw new Fatal(found.wrong, found.reason)
}

/** A kept file was checked before it was kept; what it says is read from it again. */
function bodyOf(ask: Ask, { via, url, text, hash, fetchedAt }: KeptBody): Body {
  const checked = checkBody(ask, via, { status: 200, text })
  if (!('table' in checked)) throw new Fatal('processing_failed', `the kept file of ${ask.key} can no longer be read`)
  return { ask, via, url, text, hash, fetchedAt, cached: true, ...checked }
}

/** The end of a task that has nothing to read. */
const skipped = (kind: 'unavailable' | 'not_yet_published', reason: string): FilePage => ({
  batch: NOTHING,
  next: null,
  skipped: { kind, reason },
  // The dashboards list this capture.
  unverified: kind === 'unavailable' ? 'the dashboards list captures whose files have no rows' : NOT_PUBLISHED,
})

export const NOT_PUBLISHED = 'some dates are not published yet; run the backfill again once they are'
