import type { Id } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import type { Written } from '../../contract'
import { entitiesOf, type Killmail, type Zkb } from './records'
import { insertEntities } from './store-entities'
import { insertKillmails, updateKillmails, valuesOf, withOtherHashes } from './store-killmails'

/** A killmail ESI refused, so that the next walk does not ask for it again. */
export interface Refusal {
  id: string
  hash: string
  reason: string
}

export interface Batch {
  killmails: Killmail[]
  refused: Refusal[]
  /** Killmails that are here are written again. */
  again: boolean
}

const NAME = /^(?:([a-z_]+):)?(\d+):(.*)$/s
/** How long a killmail that ESI refused is left alone. */
export const REFUSAL_DAYS = 30
/** Players may hold a killmail back for 72 hours before it is listed. */
const LATE_HOURS = 72

/**
 * Which listed killmails are held, by `id:hash`, or `id:` where no hash is listed; one query. With a word in front it is another question about the same
 * killmail: `old:` held and older than 72 h, `not_on_esi:` and the other reasons: ESI refused it lately.
 */
export async function known(db: Reader, ids: readonly Id[]): Promise<Set<Id>> {
  const asked = ids.flatMap((name) => {
    const [, word = '', id, hash = ''] = NAME.exec(name) ?? []
    return id ? [{ name, word, id, hash }] : []
  })
  const rows = await db.query<{ id: bigint; hash: string; listed: string | null; word: string }>(
    `select killmail_id as id, killmail_hash as hash, listed_hash as listed,
            case when killmail_time < clock_timestamp() - interval '${LATE_HOURS} hours' then 'old' else '' end as word
       from eve.killmails where killmail_id = any($1::bigint[])
     union all
     select killmail_id, listed_hash, null, reason from eve.killmail_refusals
      where killmail_id = any($1::bigint[]) and refused_at > clock_timestamp() - interval '${REFUSAL_DAYS} days'`,
    [[...new Set(asked.map((one) => one.id))]],
  )
  const found = new Set<string>()
  for (const { id, hash, listed, word } of rows) {
    const isHeld = word === 'old' || word === ''
    for (const text of [hash, ...(listed === null ? [] : [listed]), ...(isHeld ? [''] : [])]) {
      found.add(`${word}|${id}|${text}`)
      if (word === 'old') found.add(`|${id}|${text}`)
    }
  }
  return new Set(asked.filter(({ word, id, hash }) => found.has(`${word}|${id}|${hash}`)).map((one) => one.name))
}

/**
 * Writes killmails with everything in them. Tables in a fixed order, rows by their keys, so that two pages with the same
 * killmail wait for each other at one place only. What is here is neither changed nor locked, unless it is to be written again.
 */
export async function write(tx: Tx, { killmails, refused, again }: Batch): Promise<Written> {
  await insertRefusals(tx, refused)
  if (killmails.length === 0) return { new: 0, updated: 0, unchanged: 0 }
  const sorted = [...killmails].sort((a, b) => Number(a.id) - Number(b.id))
  const fresh = await insertKillmails(tx, sorted)
  const here = sorted.filter((one) => !fresh.has(one.id))
  const updated = await updateKillmails(tx, again ? here : await withOtherHashes(tx, here))
  await insertEntities(tx, entitiesOf(sorted.filter((one) => fresh.has(one.id) || updated.has(one.id))))
  return { new: fresh.size, updated: updated.size, unchanged: killmails.length - fresh.size - updated.size }
}

async function insertRefusals(tx: Tx, refused: readonly Refusal[]): Promise<void> {
  if (refused.length === 0) return
  const sorted = [...refused].sort((a, b) => Number(a.id) - Number(b.id))
  await tx.query(
    `insert into eve.killmail_refusals (killmail_id, listed_hash, reason)
     select * from unnest($1::bigint[], $2::text[], $3::text[])
     on conflict (killmail_id, listed_hash) do update set reason = excluded.reason, refused_at = clock_timestamp()`,
    [sorted.map((one) => one.id), sorted.map((one) => one.hash), sorted.map((one) => one.reason)],
  )
}

/** Killmails stored without values, in the order of their ids. */
export async function withoutValues(db: Reader, after: string, limit: number): Promise<Id[]> {
  const rows = await db.query<{ id: bigint }>(
    `select killmail_id as id from eve.killmails where total_value is null and killmail_id > $1::bigint order by killmail_id limit $2`,
    [after, limit],
  )
  return rows.map((row) => String(row.id))
}

/** Fills values; killmails that have some meanwhile stay as they are. */
export async function writeValues(tx: Tx, values: readonly { id: string; zkb: Zkb }[]): Promise<Written> {
  let updated = 0
  for (const { id, zkb } of [...values].sort((a, b) => Number(a.id) - Number(b.id))) {
    const rows = await tx.query(
      `update eve.killmails
          set location_id = coalesce($2, location_id), fitted_value = $3, dropped_value = $4, destroyed_value = $5, total_value = $6,
              droppable_value = $7, points = $8, npc = $9, solo = $10, awox = $11, labels = coalesce($12, labels),
              listed_hash = case when $13 in (killmail_hash, '') then listed_hash else $13 end
        where killmail_id = $1 and total_value is null returning killmail_id`,
      [id, ...valuesOf(zkb), zkb.labels, zkb.hash],
    )
    updated += rows.length
  }
  return { new: 0, updated, unchanged: values.length - updated }
}
