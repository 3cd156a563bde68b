import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isRecord, type Json } from '../../base/json'
import { instantOf } from '../../base/moments'
import { issuesOf, type Reject } from '../../contract'

/*
 * What the readers of all platforms share. A reader takes one entry of an answer and returns its record, or a reject with a reason: an
 * odd entry never costs the rest of its page. Loose on extra fields, strict on what is used.
 */

/** An id as text; platforms write numbers and texts. A number that JSON cannot hold exactly is refused. */
export const id = z.union([z.int().nonnegative(), z.string().trim().min(1)]).transform(String)
/** The same; null where there is none. */
export const maybeId = z
  .union([z.int().nonnegative(), z.string()])
  .nullish()
  .transform((value) => (value === null || value === undefined ? null : String(value).trim() || null))

/** Null where there is none, or nothing but spaces. */
export const maybeText = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === null || value === undefined || String(value).trim() === '' ? null : String(value)))

/** A word of the platform, such as a status: its case differs between answers, so that it is compared and kept in lower case. */
export const maybeWord = z
  .string()
  .nullish()
  .transform((value) => value?.trim().toLowerCase() || null)

/** ISO 4217; null where there is none. */
export const maybeCurrency = z
  .string()
  .nullish()
  .transform((value) => value?.trim().toUpperCase() || null)
  .refine((value) => value === null || /^[A-Z]{3}$/.test(value), 'is no currency code')

/** As the columns for quantities hold them. */
export const quantity = z.int32().nonnegative()

export const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null)

/** Larger ones are milliseconds. */
const MAX_SECONDS = 99_999_999_999
/** Null where there is none; platforms write 0 as well. */
export const maybeSeconds = z
  .int()
  .min(0)
  .max(MAX_SECONDS)
  .nullish()
  .transform((value) => (value ? momentOf(value) : null))

/** ISO 8601, from seconds since 1970. */
function momentOf(at: number): string {
  return new Date(at * 1000).toISOString()
}

/** A time as text: ISO 8601, also with a space for the T; UTC where it names no zone. Null where there is none. */
export const maybeTime = z
  .string()
  .nullish()
  .transform((text, ctx) => {
    if (!text?.trim()) return null
    const at = instantOf(text)
    if (at !== undefined && at >= 0) return new Date(at).toISOString()
    ctx.addIssue({ code: 'custom', message: `is no time: ${JSON.stringify(text.slice(0, 40))}` })
    return z.NEVER
  })

/** An entry has the expected form, and yet no record can be made of it. */
export class Unreadable extends Error {
  /** @param reason a short stable word to count by */
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message)
  }
}

/** @throws {Unreadable} for what `money.ts` refuses */
export function moneyOf(read: () => number): number {
  try {
    return read()
  } catch (error) {
    // Only amounts that are no whole number of minor units, or too large, are thrown there.
    throw new Unreadable('money', (error as Error).message)
  }
}

/** @throws {Unreadable} beyond what a number holds exactly */
export function productOf(amount: number, count: number): number {
  const product = amount * count
  if (!Number.isSafeInteger(product)) throw new Unreadable('money', `The amount ${amount} × ${count} is too large.`)
  return product
}

/** An item of a list in the document as it came. */
export const rawAt = (raw: Json, list: string, place: number): Json => (raw as Record<string, Json[]>)[list]?.[place] ?? null

export const isReject = (one: object): one is Reject => 'key' in one

/** What an entry is called in rejects: by its id, or by a hash where it has none, so that reading it again gives the same key. */
function keyOf(kind: string, raw: unknown, idName: string): string {
  const own = isRecord(raw) ? id.safeParse(raw[idName]) : undefined
  const name =
    own?.data ??
    createHash('sha256')
      .update(JSON.stringify(raw) ?? '')
      .digest('hex')
      .slice(0, 16)
  return `${kind} ${name}`
}

/** How entries of one kind are read. */
export interface Reading<S extends z.ZodType, R> {
  kind: string
  /** The field with the entry's id. */
  idName: string
  schema: S
  /** @throws {Unreadable} */
  read(entry: z.output<S>, raw: Json): R
}

/**
 * The record of an entry, or why there is none.
 * @param raw as it came
 * @param entry the same in the form of the schema
 */
export function readEntry<S extends z.ZodType, R>({ kind, idName, schema, read }: Reading<S, R>, raw: unknown, entry = raw): R | Reject {
  const reject = (reason: string, detail: string): Reject => ({ key: keyOf(kind, entry, idName), reason, detail, raw })
  const parsed = schema.safeParse(entry)
  if (!parsed.success) return reject('schema', issuesOf(parsed.error))
  try {
    return read(parsed.data, raw as Json)
  } catch (error) {
    if (error instanceof Unreadable) return reject(error.reason, error.message)
    throw error
  }
}
