import { z } from 'zod'
import { RetryLater } from '../../base/errors'
import type { Json } from '../../base/json'
import { type Io, issuesOf, type Reject } from '../../contract'
import { APP } from './ids'
import { type Listing, listing, type ShortListing, shortListing } from './records'
import { answerMoment, type Moment } from './truth'

/** A snapshot made earlier is no picture of now, ms. */
const MAX_AGE_MS = 6 * 3_600_000
/** A clock that is ahead by more cannot be trusted, ms. */
const MAX_AHEAD_MS = 5 * 60_000

export interface Snapshot {
  /** Unix time at which it was made, seconds. */
  createdAt: number
  /** Undefined: it lists nothing, because nothing is listed or because the site does not know the name. */
  listings: ShortListing[] | undefined
  rejected: Reject[]
}

const snapshot = z.object({
  listings: z.array(z.unknown()).nullish(),
  appid: z.coerce.number().nullish(),
  sku: z.string().nullish(),
  createdAt: z.coerce.number().nullish(),
})

/**
 * Everything listed of an item, in short.
 * @throws {RetryLater} `snapshot` for one of another item, without a date, stale or from the future: nothing may be concluded from it
 */
export async function readSnapshot(io: Io, name: string): Promise<Snapshot> {
  const query = new URLSearchParams({ appid: String(APP), sku: name })
  const { data } = await io.http('backpacktf').request({
    path: `/api/classifieds/listings/snapshot?${query}`,
    schema: snapshot,
    parts: { 'backpacktf.snapshot': 1 },
  })
  if (!data) throw new RetryLater('shape', `the snapshot of ${name} has no body`)
  const fault = faultOf(data, name)
  if (fault) throw new RetryLater('snapshot', `the snapshot of ${name} ${fault}`)
  const rejected: Reject[] = []
  const listings = (data.listings ?? []).flatMap((raw, place) => {
    const parsed = shortListing.safeParse(raw)
    if (parsed.success) return [parsed.data]
    rejected.push({ key: `${name} #${place + 1}`, reason: 'schema', detail: issuesOf(parsed.error), raw })
    return []
  })
  return { createdAt: Math.floor(data.createdAt as number), listings: (data.listings ?? []).length === 0 ? undefined : listings, rejected }
}

function faultOf({ appid, sku, createdAt }: z.infer<typeof snapshot>, name: string): string | undefined {
  if (appid !== undefined && appid !== null && appid !== APP) return `is of app ${appid}`
  if (sku !== undefined && sku !== null && sku.trim() !== name.trim()) return `is of another item: ${sku.slice(0, 100)}`
  if (createdAt === undefined || createdAt === null || !(createdAt > 0)) return 'does not say when it was made'
  const age = Date.now() - createdAt * 1000
  if (age > MAX_AGE_MS) return `is ${Math.round(age / 3_600_000)} hours old`
  return age < -MAX_AHEAD_MS ? `was made in the future: ${new Date(createdAt * 1000).toISOString()}` : undefined
}

/** What is known of one listing after it was asked for. */
export type Asked =
  | { kind: 'found'; moment: Moment; listing: Listing; document: Json }
  | { kind: 'gone'; moment: Moment }
  | { kind: 'unknown'; why: string }
  | { kind: 'bad'; detail: string; raw: unknown }

/** Asks for one listing. @throws {RetryLater} when it cannot be told now */
export async function readListing(io: Io, id: string): Promise<Asked> {
  const answer = await io.http('backpacktf').request({
    path: `/api/v2/classifieds/listings/${id}`,
    schema: z.unknown(),
    parts: { 'backpacktf.listing': 1 },
    accept: [403, 404],
    // The page of a proxy says nothing of a listing: only backpack.tf's own 404 deletes.
    isAnswer: ({ text }) => !text.trimStart().startsWith('<'),
  })
  const moment = answerMoment(answer.sentAt)
  if (answer.status === 404) return { kind: 'gone', moment }
  if (answer.status === 403) return { kind: 'unknown', why: 'backpack.tf does not show it (403)' }
  const parsed = listing.safeParse(answer.data)
  if (!parsed.success) return { kind: 'bad', detail: issuesOf(parsed.error), raw: answer.data }
  if (parsed.data.id !== id) return { kind: 'bad', detail: `is another listing: ${parsed.data.id}`, raw: answer.data }
  return { kind: 'found', moment, listing: parsed.data, document: answer.data as Json }
}
