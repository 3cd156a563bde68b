import { type Delta, release, take } from './count'
import type { Log } from './log'
import { withoutRepeats } from './log-errors'
import { oneAtATime } from './one-at-a-time'
import type { Reader } from './sql'
import { releaseUses, takeUses, type Used } from './uses'

/** How often processes without a heartbeat flush, ms; a heartbeat comes as often. */
const EVERY_MS = 5_000

/**
 * Adds what this process counted since its last flush to the totals and to this minute's samples, in one statement. All
 * processes write their rows in the same order, so that none waits for another in a circle.
 * What could not be written is kept for the next flush; if only the reply was lost, it is counted twice.
 * @throws what the database throws
 */
export const flush = oneAtATime(async (db) => {
  await writeCounts(db)
  await writeUses(db)
})

/** Takes names, labels and values as parameters, in the order in which all processes write them. */
const ADDED = `added as (
  select * from unnest($1::text[], $2::text[], $3::float8[]) as d(name, labels, value) order by name collate "C", labels collate "C")`
const SAMPLED = `insert into backhaul.samples (minute, name, labels, value)
  select date_trunc('minute', clock_timestamp()), name, labels, value from added
  on conflict (minute, name, labels, minutes) do update set value = samples.value + excluded.value`

const valuesOf = (deltas: readonly Delta[]) => [
  deltas.map((one) => one.name),
  deltas.map((one) => one.labels),
  deltas.map((one) => one.value),
]

/** Adds figures that no counter has to the samples of this minute. */
export async function addSamples(db: Reader, deltas: readonly Delta[]): Promise<void> {
  await db.query(`with ${ADDED} ${SAMPLED}`, valuesOf(deltas))
}

async function writeCounts(db: Reader): Promise<void> {
  const deltas = take()
  if (deltas.length === 0) return
  try {
    await db.query(
      `with ${ADDED}, sampled as (${SAMPLED})
       insert into backhaul.counters (name, labels, value) select name, labels, value from added
       on conflict (name, labels) do update set value = counters.value + excluded.value`,
      valuesOf(deltas),
    )
  } catch (error) {
    release(deltas)
    throw error
  }
}

/** Adds what this process noted by job and API to this minute's rows. */
async function writeUses(db: Reader): Promise<void> {
  const uses = takeUses()
  try {
    await addUses(db, uses)
  } catch (error) {
    releaseUses(uses)
    throw error
  }
}

/** Adds figures to the rows of jobs and APIs of this minute; shorter lists of counts leave the later figures as they are. */
export async function addUses(db: Reader, uses: readonly Used[]): Promise<void> {
  if (uses.length === 0) return
  await db.query(
    `insert into backhaul.uses (who, api, minute, counts)
     select who, api, date_trunc('minute', clock_timestamp()), counts::bigint[] from unnest($1::text[], $2::text[], $3::text[]) as u(who, api, counts)
      order by who collate "C", api collate "C"
     on conflict (who, api, minute, minutes) do update
        set counts = (select array_agg(coalesce(old, 0) + coalesce(new, 0) order by n)
                        from unnest(uses.counts, excluded.counts) with ordinality as c(old, new, n))`,
    [uses.map(({ who }) => who), uses.map(({ api }) => api), uses.map(({ counts }) => `{${counts.join()}}`)],
  )
}

/**
 * Flushes every 5 s; for processes that send no heartbeat.
 * @returns ends it, after a last flush
 */
export function keepFlushing(db: Reader, log: Log): () => Promise<void> {
  const once = () =>
    flush(db).catch((error: Error) => withoutRepeats(log).warn(`the counters are kept and written later: ${error.message}`))
  const timer = setInterval(once, EVERY_MS)
  return async () => {
    clearInterval(timer)
    await once()
  }
}
