import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Json } from '../backend/base/json'

/*
 * The messages on a queue. A wake-up names a task; a lookup wake-up or a plain list names ids to enrich; everything else is a request
 * for the source to understand. Unknown fields are ignored.
 */

/** Largest body that is read, bytes. */
export const MAX_BODY = 1024 * 1024
/** Deepest nesting that is read; requests need three or four. */
const MAX_DEPTH = 64
const LARGEST_ID = 9_223_372_036_854_775_807n

export type Message =
  | { type: 'wake-up'; taskId: string }
  | { type: 'lookups'; kind?: string; ids: string[] }
  | { type: 'request'; body: { [key: string]: Json | undefined }; messageId?: string; bodyHash: string }
  | { type: 'unreadable'; reason: string }

/** A string as it is, or a whole number as a string; a number that JSON rounded would name something else and is refused. */
const textOrNumber = z.unknown().transform((value, context) => {
  if (typeof value === 'string') return value.trim()
  if (Number.isSafeInteger(value)) return String(value)
  const isRounded = typeof value === 'number' && Number.isInteger(value)
  context.addIssue({
    code: 'custom',
    message: isRounded ? 'numbers over 2^53 lose digits in JSON; send it as a string' : 'must be a string or a whole number',
  })
  return z.NEVER
})
const taskId = textOrNumber.refine((text) => /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= LARGEST_ID, 'is not a task id')
const id = textOrNumber.pipe(z.string().min(1, 'is empty').max(512, 'is longer than 512 characters'))

const wakeUp = z.looseObject({ taskId })
const lookups = z.looseObject({
  kind: z.string('must be a string').min(1, 'is empty').optional(),
  ids: z.array(id, 'must be a list').min(1, 'is empty'),
})
const envelope = z.looseObject({ messageId: textOrNumber.pipe(z.string().max(255, 'is longer than 255 characters')).nullish() })

class Unreadable extends Error {}

/**
 * Reads a delivered message. Never throws: a message that cannot be understood is `unreadable` with a sentence that says why.
 * A wrapped request `{data, timestamp, messageId}` is unwrapped, also when `data` is all there is. The message id in the body takes precedence over AMQP's.
 */
export function readMessage(delivery: { body: Buffer; messageId?: string }): Message {
  try {
    return understand(objectIn(delivery.body), delivery.messageId)
  } catch (error) {
    if (error instanceof Unreadable) return { type: 'unreadable', reason: error.message }
    throw error
  }
}

function understand(outer: { [key: string]: Json | undefined }, amqpId: string | undefined): Message {
  if ('taskId' in outer) return { type: 'wake-up', taskId: checked(wakeUp, outer).taskId }
  const isWrapped = isObject(outer.data) && ('messageId' in outer || 'timestamp' in outer || Object.keys(outer).length === 1)
  const inner = isWrapped ? (outer.data as { [key: string]: Json | undefined }) : outer
  if ('ids' in inner) {
    const { kind, ids } = checked(lookups, inner)
    return { type: 'lookups', kind, ids }
  }
  const messageId = checked(envelope, outer).messageId || amqpId || undefined
  const { messageId: _, ...request } = inner
  return { type: 'request', body: request, messageId, bodyHash: hashOf(request) }
}

function objectIn(body: Buffer): { [key: string]: Json | undefined } {
  if (body.length > MAX_BODY) throw new Unreadable(`The message has ${body.length} bytes; the limit is ${MAX_BODY}.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    // Expected: invalid UTF-8, the only thing a fatal decoder throws for.
    throw new Unreadable('The message is not UTF-8 text.')
  }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    throw new Unreadable(text.trim() ? `The message is not JSON: ${(error as Error).message.slice(0, 200)}.` : 'The message is empty.')
  }
  if (!isObject(value))
    throw new Unreadable(`The message is ${Array.isArray(value) ? 'a list' : JSON.stringify(value).slice(0, 50)}, not a JSON object.`)
  checkTexts(value, 0)
  return value
}

/** Postgres stores neither NUL nor half a surrogate pair; they are refused here rather than in the middle of a transaction. */
function checkTexts(value: Json | undefined, depth: number): void {
  if (depth > MAX_DEPTH) throw new Unreadable(`The message is nested deeper than ${MAX_DEPTH} levels.`)
  if (typeof value === 'string') {
    if (value.includes('\0') || /\p{Surrogate}/u.test(value)) {
      throw new Unreadable('The message contains a character that PostgreSQL cannot store (NUL or half a surrogate pair).')
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      checkTexts(key, depth)
      checkTexts(inner, depth + 1)
    }
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Unreadable(`${issue?.path.join('.') || 'The message'}: ${issue?.message}.`)
}

/** The same for the same content, in whatever order its fields are. */
export function hashOf(value: Json): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
}

function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((inner) => sorted(inner) as Json)
  if (!isObject(value)) return value
  // Sorted entries, inside an object so that no list has the same hash.
  return {
    entries: Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key]) as Json]),
  }
}

function isObject(value: Json | undefined): value is { [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
