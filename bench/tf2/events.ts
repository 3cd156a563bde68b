import { createHash } from 'node:crypto'
import { documentOf } from '../../backend/sandbox/tf2/documents'
import { ITEMS } from '../../backend/sandbox/tf2/items'
import { Market, type Offer } from '../../backend/sandbox/tf2/market'
import { quantile } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { rest, until } from '../base/wait'
import { rssOf, watch } from '../base/watch'

const QUEUE = 'tf2_listing_events_queue'
/** Frames of backpack.tf hold a few events each. */
const OF_A_FRAME = 5
/** How often the newest rows are read, ms: a lag is known no more exactly. */
const SAMPLE_MS = 50
/** At the end of each event's text: when it was published, ms since 1970. */
const PUBLISHED = ' published at '

const eventId = (n: number): string => Math.floor(Date.now() / 1000).toString(16) + n.toString(16).padStart(16, '0')

/** Events about listings that change again and again, each as long as a real one. */
function events(offers: readonly Offer[], first: number): Buffer {
  const frame = Array.from({ length: OF_A_FRAME }, (_, n) => {
    const number = first + n
    const offer = offers[number % offers.length] as Offer
    const text = createHash('md5').update(String(number)).digest('hex')
    return {
      id: eventId(number),
      event: 'listing-update',
      payload: documentOf({ ...offer, details: `${text}${PUBLISHED}${Date.now()}` }),
    }
  })
  return Buffer.from(JSON.stringify(frame))
}

/** Publishes at an even pace. @returns events published */
async function publish({ broker }: Ground, offers: readonly Offer[], seconds: number, perSecond: number): Promise<number> {
  const began = performance.now()
  let sent = 0
  for (; sent < seconds * perSecond; sent += OF_A_FRAME) {
    const dueIn = (sent / perSecond) * 1000 - (performance.now() - began)
    if (dueIn > 0) await rest(dueIn)
    const [outcome] = await broker.publish([{ queue: QUEUE, body: events(offers, sent) }])
    if (outcome !== 'confirmed') throw new Error(`the broker did not confirm a frame: ${outcome}`)
  }
  return sent
}

/** Live events from the queue to their rows, for minutes. */
export const tf2Events: Bench = {
  about: 'live events of backpack.tf: from publishing to the row, and the memory of the worker',
  sizes: {
    seconds: { full: 600, small: 60, about: 'how long events are published' },
    rate: { full: 200, small: 200, about: 'events a second' },
    listings: { full: 20_000, small: 5_000, about: 'listings that the events are about' },
  },
  async run(ground, { seconds = 0, rate = 0, listings = 0 }) {
    const half = Math.ceil(listings / 2 / ITEMS.length)
    const offers = new Market({ seed: 7, buys: half, sells: half, clock: Date.now }).all()
    const worker = await ground.start('backend/bin/worker.js', ['worker-listing-events'])
    const [clock] = await ground.db.query<{ ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms')
    const aheadMs = (clock?.ms ?? 0) - Date.now()
    const memory = watch(1000, () => rssOf(worker))
    const lags: number[] = []
    let since = 0
    const rows = watch(SAMPLE_MS, async () => {
      const changed = await ground.db.query<{ published: number; at: number }>(
        `select split_part(details, '${PUBLISHED}', 2)::float8 as published, updated_at::float8 as at from tf2.listings where updated_at > $1`,
        [since],
      )
      for (const { published, at } of changed) {
        lags.push(at - aheadMs - published)
        since = Math.max(since, at)
      }
    })
    const sent = await publish(ground, offers, seconds, rate)
    const written = async () =>
      (await ground.db.query<{ n: number }>(`select count(*)::int as n from backhaul.events_outbox where key = 'tf2.listing-update'`))[0]?.n
    await until(async () => (await written()) === sent, 60_000, 'every event to be written')
    await rows.stop()
    const rss = await memory.stop()
    const part = Math.max(1, Math.floor(rss.length / 10))
    const [early, late] = [rss.slice(part, part * 2), rss.slice(-part)]
    return [
      { name: 'events written', values: [sent] },
      { name: 'lag from publishing to the row, p50', unit: 'ms', values: [quantile(lags, 0.5)] },
      { name: 'lag, p95', unit: 'ms', values: [quantile(lags, 0.95)] },
      { name: 'lag, max', unit: 'ms', values: [Math.max(...lags)], atMost: 2000 },
      { name: 'RSS in the second tenth', unit: 'MB', values: early, by: 'max' },
      { name: 'RSS in the last tenth', unit: 'MB', values: late, atMost: 200, by: 'max' },
      { name: 'late / early', values: [Math.max(...late) / Math.max(...early)], atMost: 1.1 },
    ]
  },
}
