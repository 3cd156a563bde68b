import { z } from 'zod'
import { RetryLater } from '../../base/errors'
import type { Io } from '../../contract'
import { type Ask, exportPath, HOME_PATH, type Listed, listPath, type Via } from './asks'
import { type CachedFile, type CacheStatistics, createCache, type FileCache, hashOf } from './cache'
import type { Day } from './calendar'
import { checkBody } from './check'
import type { Table } from './csv'
import { readList, readYear } from './lists'
import { tryRows } from './records'
import type { settings } from './settings'

/*
 * Asks the dashboards. Closed years are in the archive, by their path; the live year is at the root, and its path in the archive
 * answers 500, or 302 before it is published. Which year is live is read from the home page: the calendar does not tell, for a year
 * closes weeks after its end.
 */

export type SourceIo = Pick<Io<typeof settings>, 'http' | 'settings'>

/** A file that is what was asked for. */
export interface Body {
  ask: Ask
  via: Via
  url: string
  text: string
  /** SHA-256 of its bytes. */
  hash: string
  table: Table
  /** The date it is about. */
  logicalDate: Day
  programYear: string
  /** By the database's clock: it is at least as new. */
  fetchedAt: Date
  cached: boolean
}

export interface None {
  none: 'unavailable' | 'not_yet_published'
  reason: string
}
export interface Wrong {
  wrong: 'fetch_failed' | 'validation_failed'
  reason: string
  retry: boolean
}

const API = 'toastmasters'
/** Files of the largest districts have some 100 kB. */
const MAX_BYTES = 16 * 1024 * 1024
const TIMEOUT_MS = 60_000
/** Errors of the server and redirects are answers here: they tell a year that is not in the archive. */
const ACCEPTED = [200, 302, 500]

/** What is asked for; what comes is judged by its content, for a page may be called a file. */
const TYPES = ['text/csv', 'text/html']

interface Answer {
  path: string
  status: number
  text: string
  sentAt: Date
  url: string
}

async function get(io: SourceIo, path: string): Promise<Answer> {
  const http = io.http(API)
  const { status, text, sentAt } = await http.request({
    path,
    types: TYPES,
    accept: ACCEPTED,
    schema: z.unknown(),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  })
  return { path, status, text, sentAt, url: `${http.base}${path}` }
}

/** How long the live year is believed, ms. */
const LIVE_MS = 3_600_000
const live = new Map<string, { year: string; at: number }>()

/** The live year, if it was read from the home page within the last hour. */
function knownLive(io: SourceIo): string | undefined {
  const found = live.get(io.http(API).base)
  return found && Date.now() - found.at < LIVE_MS ? found.year : undefined
}

/** @throws {RetryLater} when the home page does not tell */
async function liveYear(io: SourceIo): Promise<string> {
  const known = knownLive(io)
  if (known !== undefined) return known
  const { status, text } = await get(io, HOME_PATH)
  if (status !== 200) throw new RetryLater('fetch_failed', `the home page of the dashboards was answered with status ${status}`)
  return noteLive(io, text)
}

function noteLive(io: SourceIo, page: string): string {
  const year = readYear(page)
  live.set(io.http(API).base, { year, at: Date.now() })
  return year
}

/**
 * Asks for something of a year where it is: in the archive, or at the root for the live year.
 * @returns undefined for a year that is not published
 * @throws {RetryLater} for a closed year that the archive does not serve now
 */
async function ask(io: SourceIo, programYear: string, pathOf: (via: Via) => string): Promise<(Answer & { via: Via }) | undefined> {
  if (knownLive(io) === programYear) return { ...(await get(io, pathOf('root'))), via: 'root' }
  const answer = await get(io, pathOf('archive'))
  if (answer.status === 200) return { ...answer, via: 'archive' }
  const year = await liveYear(io)
  if (programYear > year) return undefined
  if (programYear === year) return { ...(await get(io, pathOf('root'))), via: 'root' }
  throw new RetryLater('fetch_failed', `the archive of ${programYear} answered with status ${answer.status}`)
}

const notPublished = (programYear: string): None => ({
  none: 'not_yet_published',
  reason: `the dashboards do not have the program year ${programYear} yet`,
})

/** The captures of a month. @throws {RetryLater} for an answer that does not tell, and what the HTTP edge throws */
export async function fetchList(io: SourceIo, programYear: string, monthEnd: Day): Promise<Listed[] | None> {
  const archive = listPath(programYear, monthEnd)
  const answer = await ask(io, programYear, (via) => (via === 'archive' ? archive : archive.slice(programYear.length + 1)))
  if (!answer) return notPublished(programYear)
  if (answer.status !== 200) throw new RetryLater('fetch_failed', `the page ${archive} was answered with status ${answer.status}`)
  // After the year has changed, the root shows another: the next try finds this one in the archive.
  if (answer.via === 'root') noteLive(io, answer.text)
  return readList(answer.text, programYear, monthEnd)
}

const caches = new Map<string, FileCache>()

/** The cache of this process. */
function cacheOf({ settings: set }: SourceIo): FileCache {
  const options = {
    folder: set.CACHE_DIRECTORY,
    ttlMs: set.TOASTMASTERS_CACHE_TTL_MS,
    maxEntries: set.TOASTMASTERS_CACHE_ENTRIES,
    maxBytes: set.TOASTMASTERS_CACHE_BYTES,
    cleanupMs: set.TOASTMASTERS_CACHE_CLEANUP_MS,
  }
  const name = JSON.stringify(options)
  const cache = caches.get(name) ?? createCache(options)
  caches.set(name, cache)
  return cache
}

/** Forgets what this process has read: a test begins with nothing. */
export function forget(): void {
  for (const cache of caches.values()) cache.close()
  caches.clear()
  live.clear()
}

/** Figures of the caches of this process; undefined while it has none. */
export function cacheStatistics(): CacheStatistics | undefined {
  const all = [...caches.values()].map((cache) => cache.statistics())
  if (all.length === 0) return undefined
  const sum = (of: (one: CacheStatistics) => number) => all.reduce((total, one) => total + of(one), 0)
  return {
    entries: sum((one) => one.entries),
    bytes: sum((one) => one.bytes),
    hits: sum((one) => one.hits),
    misses: sum((one) => one.misses),
    evicted: sum((one) => one.evicted),
    expired: sum((one) => one.expired),
  }
}

/**
 * A file, from the cache or from the dashboards, checked to be the one that was asked for.
 * @throws {Fatal} `processing_failed` for a cell that cannot be read
 * @throws {RetryLater} for an answer that does not tell, and what the HTTP edge throws
 */
export async function fetchBody(io: SourceIo, wanted: Ask, { cache }: { cache: boolean }): Promise<Body | None | Wrong> {
  if (!cache) return bodyOf(wanted, await readFile(io, wanted), false)
  // Files of another server are others.
  const key = `${io.http(API).base} ${wanted.key}`
  const { found, hit } = await cacheOf(io).get(key, async () => ofKey(key, await readFile(io, wanted)))
  return bodyOf(wanted, found, hit)
}

const ofKey = <T extends object>(key: string, found: CachedFile | T): CachedFile | T => ('text' in found ? { ...found, key } : found)

/**
 * Whether a file comes again as it came. Without its last line nothing in it tells a whole file from one that was cut between two rows,
 * and a connection that breaks twice does not break at the same place.
 */
async function isRepeated(io: SourceIo, { path, text }: Answer): Promise<boolean> {
  const again = await get(io, path)
  return again.status === 200 && again.text === text
}

/**
 * Only a file that is what was asked for is one; the others are what is wrong with them.
 * @throws {Fatal} `processing_failed` for a cell that cannot be read
 */
async function readFile(io: SourceIo, wanted: Ask): Promise<CachedFile | None | Wrong> {
  const answer = await ask(io, wanted.programYear, (via) => exportPath(wanted, via))
  if (!answer) return notPublished(wanted.programYear)
  const { via, url, text, sentAt } = answer
  const checked = checkBody(wanted, via, answer)
  if (via === 'root' && 'none' in checked) await confirmLive(io, wanted)
  if (!('table' in checked)) return checked
  tryRows(wanted.report, checked.table)
  if (!checked.table.footer && !(await isRepeated(io, answer)))
    return { wrong: 'fetch_failed', reason: `the file of ${wanted.key} has no last line and differed when it was read again`, retry: true }
  return { key: wanted.key, via, url, text, hash: hashOf(text), fetchedAt: sentAt }
}

/**
 * The root has no rows for a year that is over, however many the year has.
 * @throws {RetryLater} when the live year is another by now: the next try asks the archive
 */
async function confirmLive(io: SourceIo, { key, programYear }: Ask): Promise<void> {
  live.delete(io.http(API).base)
  const year = await liveYear(io)
  if (year !== programYear) throw new RetryLater('fetch_failed', `${key} was asked at the root, where the live year is ${year} by now`)
}

function bodyOf(wanted: Ask, found: CachedFile | None | Wrong, cached: boolean): Body | None | Wrong {
  if (!('text' in found)) return found
  const { via, url, text, hash, fetchedAt } = found
  const checked = checkBody(wanted, via, { status: 200, text })
  return 'table' in checked ? { ask: wanted, via, url, text, hash, fetchedAt, cached, ...checked } : checked
}
