import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Refused } from '../../base/errors'
import { type Json, jsonIn } from '../../base/json'
import { DEFAULT_LIMIT, MAX_LIMIT } from '../../base/vocabulary'

/*
 * Where a list continues: after the last row shown. A cursor belongs to its list and filters; with others it is refused, because rows
 * would be missing without notice.
 */

/** A page of a list. */
export interface Page<T> {
  items: T[]
  /** The cursor of the rows after these; null when there are none. */
  next: string | null
}

export interface PageAsk {
  cursor?: string
  limit?: number
}

const markOf = (list: string, filters: Json): string =>
  createHash('sha256')
    .update(JSON.stringify([list, filters]))
    .digest('base64url')
    .slice(0, 8)

/**
 * @param list name of the list, with its owner where it has one
 * @param place the texts by which the rows are ordered
 */
export function makeCursor(list: string, filters: Json, place: readonly string[]): string {
  return Buffer.from(JSON.stringify([markOf(list, filters), ...place])).toString('base64url')
}

/**
 * The place a cursor holds; undefined without one.
 * @throws {Refused} `input` for a cursor of another list or other filters, and for text that is not a cursor
 */
export function readCursor<P extends string[]>(
  list: string,
  filters: Json,
  shape: z.ZodType<P>,
  cursor: string | undefined,
): P | undefined {
  if (cursor === undefined || cursor === '') return undefined
  const [mark, ...place] = z.array(z.string()).catch([]).parse(parsed(cursor))
  if (mark === undefined || place.some(isOdd)) {
    throw new Refused('input', 'This is not a cursor: send the text of `next` unchanged, or none.', 'cursor')
  }
  const read = shape.safeParse(place)
  if (mark !== markOf(list, filters) || !read.success) {
    throw new Refused('input', 'This cursor belongs to another list or other filters: start without one.', 'cursor')
  }
  return read.data
}

/** Postgres stores neither NUL nor half a surrogate pair, so no cursor of ours contains them. */
const isOdd = (text: string): boolean => /\0|\p{Surrogate}/u.test(text)

const parsed = (cursor: string): unknown => jsonIn(Buffer.from(cursor, 'base64url').toString('utf8'))

const cursors = new WeakMap<object, () => string[]>()

/** The cursor after each item of a page, for entry points that show one per item. */
export const cursorsOf = (page: Page<unknown>): string[] => cursors.get(page)?.() ?? []

/** Makes a page of rows that were read with one more than asked for. */
export function pageOf<R, T>(rows: readonly R[], limit: number, cursorAfter: (row: R) => string, show: (row: R) => T): Page<T> {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  const page = { items: kept.map(show), next: rows.length > limit && last !== undefined ? cursorAfter(last) : null }
  cursors.set(page, () => kept.map(cursorAfter))
  return page
}

/** The number of rows asked for. @throws {Refused} `input` */
export function limitOf(ask: PageAsk, most = MAX_LIMIT): number {
  const limit = ask.limit ?? Math.min(DEFAULT_LIMIT, most)
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit
  throw new Refused('input', `limit must be a whole number from 1 to ${most}, got ${limit}.`, 'limit')
}

const MAX_BIGINT = 2n ** 63n - 1n
export const bigintText = z.string().refine((text) => /^\d{1,19}$/.test(text) && BigInt(text) <= MAX_BIGINT)
export const uuidText = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
/** With microseconds, as `momentSql` writes it. */
export const momentText = z
  .string()
  .regex(/^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  // An impossible day or hour is parsed as the next valid one, or not at all.
  .refine((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().slice(0, 19) === text.slice(0, 19))
/** SQL of a timestamp with all digits, for cursors: a Date would lose the microseconds. */
export const momentSql = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
