import { z } from 'zod'
import type { Id } from '../../../base/json'
import { type Answers, gather, type Io, type Lookup, type RawAnswer } from '../../../contract'
import { routeOf } from '../apis'
import { type Denial, denialOf } from '../denials'
import { idText } from '../ids'
import { type EntityKind, time } from '../records'
import { type Detail, etagsOf, writeDetails } from '../store-details'

const DAY_MS = 86_400_000
/** One request each: a claim of this many is done within a turn at ESI's usual pace. */
const BATCH = 20
const AT_ONCE = 5
/** A 404 is not for ever. */
const AGAIN_MS = 7 * DAY_MS

interface Kind {
  kind: Exclude<EntityKind, 'character'>
  path: string
  freshMs: number
  schema: z.ZodType<Record<string, unknown> & { name: string }>
  /** Further ids an answer names. */
  names?(values: Record<string, unknown>): Record<string, Id[]>
}

const whole = z.number().int().nullish()
const figure = z.number().nullish()
const text = z.string().nullish()
/** An entry that cannot be read must not lose the others. */
const date = time.nullish().catch(null)

const corporation = z.object({
  name: z.string(),
  ticker: z.string(),
  ceo_id: whole,
  creator_id: whole,
  alliance_id: whole,
  faction_id: whole,
  home_station_id: whole,
  member_count: z.number().int(),
  shares: whole,
  tax_rate: figure,
  date_founded: date,
  url: text,
  war_eligible: z.boolean().nullish(),
})
const alliance = z.object({
  name: z.string(),
  ticker: z.string(),
  creator_id: whole,
  creator_corporation_id: whole,
  executor_corporation_id: whole,
  faction_id: whole,
  date_founded: date,
})
const type = z.object({
  name: z.string(),
  group_id: z.number().int(),
  market_group_id: whole,
  mass: figure,
  volume: figure,
  packaged_volume: figure,
  capacity: figure,
  radius: figure,
  portion_size: whole,
  published: z.boolean(),
})

function lookup(queue: Lookup['queue'], kind: Kind): Lookup<Detail> {
  return {
    queue,
    id: idText,
    batch: BATCH,
    freshMs: kind.freshMs,
    read: (ids, io) => read(kind, ids, io),
    write: (tx, answers) => writeDetails(tx, kind.kind, answers),
  }
}

type One = { id: Id; found?: Detail; denial?: Denial }

async function read(kind: Kind, ids: readonly Id[], io: Io): Promise<Answers<Detail>> {
  const etags = await etagsOf(io.held, kind.kind, ids)
  const { answers, failed } = await gather(ids, io, AT_ONCE, (id) => askOne(kind, id, etags.get(id), io))
  const found = answers.flatMap((one) => one.found ?? [])
  return {
    found,
    answered: answers.filter((one) => !one.denial).map((one) => one.id),
    missing: answers.flatMap(({ id, denial }) => (denial ? [{ id, reason: denial, checkAgain: new Date(Date.now() + AGAIN_MS) }] : [])),
    failed: failed.map(({ item: id, error }) => ({ id, error })),
    lookups: Object.assign({}, ...mergeNames(kind, found)),
  }
}

function mergeNames({ names }: Kind, found: readonly Detail[]): Record<string, Id[]>[] {
  const all: Record<string, Set<Id>> = {}
  for (const { values } of found) {
    for (const [kind, ids] of Object.entries(names?.(values) ?? {})) all[kind] = new Set([...(all[kind] ?? []), ...ids])
  }
  return Object.entries(all).map(([kind, ids]) => ({ [kind]: [...ids] }))
}

/** An answer of 304 leaves what is held as it is. */
async function askOne({ kind, path, schema }: Kind, id: Id, etag: string | undefined, io: Io): Promise<One> {
  const isAnswer = (answer: RawAnswer) => denialOf(kind, id, answer) !== undefined
  const answer = await io.http('esi').request({ path: `${path}/${id}`, schema, etag, accept: [404], isAnswer, parts: routeOf(kind) })
  if (answer.status === 404) return { id, denial: denialOf(kind, id, answer) }
  return { id, ...(answer.data ? { found: { id, etag: answer.etag ?? null, values: answer.data } } : {}) }
}

/** Corporations and alliances change members and leaders daily; types only with a release of the game. */
export const details: Record<string, Lookup<Detail>> = {
  corporation: lookup('esi_corporation_info_queue', {
    kind: 'corporation',
    path: '/corporations',
    freshMs: DAY_MS,
    schema: corporation,
    names: ({ alliance_id }): Record<string, Id[]> => (alliance_id ? { alliance: [String(alliance_id)] } : {}),
  }),
  alliance: lookup('esi_alliance_info_queue', { kind: 'alliance', path: '/alliances', freshMs: DAY_MS, schema: alliance }),
  type: lookup('esi_type_info_queue', { kind: 'type', path: '/universe/types', freshMs: 30 * DAY_MS, schema: type }),
}
