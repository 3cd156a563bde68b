import { z } from 'zod'
import { Refused } from '../../base/errors'
import { isRecord, type Json } from '../../base/json'
import { defineFeed, issuesOf, type Reject } from '../../contract'
import { APP, intentOf } from './ids'
import { contentOf, listing } from './records'
import { type Statement, write } from './store'
import { eventMoment } from './truth'

/*
 * Events of backpack.tf's websocket: frames as they come, or wrapped by whoever relays them.
 */

const event = z.object({ id: z.string(), event: z.string(), payload: z.record(z.string(), z.unknown()).nullish() })
/** Deletions sometimes carry only the id, according to reports. */
const deleted = z.object({
  id: z.string().refine((id) => intentOf(id) !== undefined, 'is no id of a Team Fortress 2 listing'),
  steamid: z.string().nullish(),
})

/** The events of a frame: a list, one alone, or either of them as the `data` of an envelope. */
function eventsOf(body: Json): Json[] {
  if (Array.isArray(body)) return body
  if (isRecord(body) && 'event' in body) return [body as Json]
  if (isRecord(body) && 'data' in body) return eventsOf(body.data as Json)
  throw new Refused('input', 'The message is not a frame of events: send a list of {id, event, payload}, one of them, or {"data": [...]}.')
}

/** What an event says; undefined when it is about something else: another app, or the connection. */
function understand(raw: Json, place: number): Statement | Reject | undefined {
  const reject = (detail: string, key = `#${place + 1}`): Reject => ({ key, reason: 'schema', detail, raw })
  const parsed = event.safeParse(raw)
  if (!parsed.success) return reject(issuesOf(parsed.error))
  const { id: eventId, event: kind, payload } = parsed.data
  if (kind !== 'listing-update' && kind !== 'listing-delete') return undefined
  if (!isRecord(payload)) return reject('payload is missing', eventId)
  const appid = payload.appid ?? (typeof payload.id === 'string' ? Number(payload.id.split('_')[0]) : undefined)
  if (appid !== APP) return appid === undefined ? reject('payload has no id', eventId) : undefined
  const moment = eventMoment(eventId)
  if (!moment) return reject('id is no event id: 24 hexadecimal digits', eventId)
  if (kind === 'listing-delete') {
    const gone = deleted.safeParse(payload)
    return gone.success ? { id: gone.data.id, moment, steamid: gone.data.steamid ?? undefined } : reject(issuesOf(gone.error), eventId)
  }
  const whole = listing.safeParse(payload)
  return whole.success
    ? { id: whole.data.id, moment, content: contentOf(whole.data), document: payload as Json }
    : reject(issuesOf(whole.error), eventId)
}

/** Listings as they change, written like those that are backfilled. */
export const events = defineFeed<Statement>({
  about: 'Events of the backpack.tf websocket: listings that were created, changed or deleted',
  queue: 'tf2_listing_events_queue',
  batch: 200,
  lingerMs: 100,
  // Frames of 3 MB have been seen.
  maxBytes: 8 * 1024 * 1024,
  read(body) {
    const items: Statement[] = []
    const rejected: Reject[] = []
    for (const [place, raw] of eventsOf(body).entries()) {
      const found = understand(raw, place)
      if (found === undefined) continue
      if ('moment' in found) items.push(found)
      else rejected.push(found)
    }
    return { items, rejected }
  },
  write: (tx, statements) => write(tx, { statements: [...statements], began: null }),
})
