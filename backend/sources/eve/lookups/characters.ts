import { z } from 'zod'
import { Throttled } from '../../../base/errors'
import type { Id } from '../../../base/json'
import { type Answers, type Gathered, gather, type Io, type Lookup, type RawAnswer } from '../../../contract'
import { routeOf } from '../apis'
import { denialOf, refusesIds } from '../denials'
import { idText } from '../ids'
import { type FoundCharacter, writeCharacters } from '../store-characters'
import { askLists, listRoute } from './lists'

const DAY_MS = 86_400_000
/** A character can come back: no answer is final. */
const AGAIN_DAYS = 21
const BULK = 1000
/** Ids a bulk route has refused and ESI denies, kept so that no bulk is spoilt by them twice. */
const bad = new Set<Id>()
const MAX_REMEMBERED = 100_000
const LISTS = { names: '/universe/names', affiliation: '/characters/affiliation' } as const
const namesRoute = listRoute()
const affiliationRoute = listRoute()

const names = z.array(z.object({ id: z.number().int(), name: z.string(), category: z.string() }))
const affiliation = z.object({
  character_id: z.number().int(),
  corporation_id: z.number().int(),
  alliance_id: z.number().int().nullish(),
  faction_id: z.number().int().nullish(),
})
const single = affiliation.omit({ character_id: true }).extend({ name: z.string() })

/** Deleted characters are moved to a starter corporation; so are many others, so this is a reason to ask and no answer. */
const mayBeDeleted = ({ corporation }: FoundCharacter): boolean => Number(corporation) >= 1_000_000 && Number(corporation) < 2_000_000

/** Doubts asked in a minute, by this process. */
const DOUBTS = 5
const doubts = { minute: 0, left: DOUBTS }

/**
 * Those of the doubtful who are asked alone now. Corporations of the game hold many who were never deleted, and each 404
 * is taken from ESI's error limit, so the others keep what the bulk routes answered until they are asked again.
 */
function worthAsking(found: readonly FoundCharacter[]): FoundCharacter[] {
  const minute = Math.floor(Date.now() / 60_000)
  if (doubts.minute !== minute) Object.assign(doubts, { minute, left: DOUBTS })
  const some = found.filter(mayBeDeleted).slice(0, doubts.left)
  doubts.left -= some.length
  return some
}

type Named = z.infer<typeof names>[number]
type Affiliation = z.infer<typeof affiliation>
type Missing = Answers<FoundCharacter>['missing'][number]
type Single = FoundCharacter | Missing

/** One bulk question; a single bad id makes ESI refuse all of them. */
async function bulk<T>(io: Io, route: keyof typeof LISTS, schema: z.ZodType<T[]>, ids: readonly Id[]): Promise<T[] | undefined> {
  const answer = await io.http('esi').request({
    method: 'POST',
    path: LISTS[route],
    body: ids.map(Number),
    schema,
    accept: [400, 404],
    isAnswer: refusesIds,
    parts: routeOf(route),
  })
  return answer.data
}

/** A character by itself. Only ESI's own text says that it was deleted; its corporation proves nothing. */
async function askOne(io: Io, id: Id): Promise<FoundCharacter | Missing> {
  const isAnswer = (it: RawAnswer) => denialOf('character', id, it) !== undefined
  const answer = await io
    .http('esi')
    .request({ path: `/characters/${id}`, schema: single, accept: [400, 404], isAnswer, parts: routeOf('character') })
  if (answer.data) return foundOf(id, answer.data.name, answer.data)
  return { id, reason: denialOf('character', id, answer) ?? 'unknown', checkAgain: new Date(Date.now() + AGAIN_DAYS * DAY_MS) }
}

function foundOf(id: Id, name: string, at?: Omit<Affiliation, 'character_id'>): FoundCharacter {
  const text = (value: number | null | undefined): Id | null => (value == null ? null : String(value))
  return { id, name, corporation: text(at?.corporation_id), alliance: text(at?.alliance_id), faction: text(at?.faction_id) }
}

/** Bulk routes do not say that a character is deleted, so those that were denied are asked alone. */
async function read(ids: readonly Id[], io: Io, denied: ReadonlySet<Id>): Promise<Answers<FoundCharacter>> {
  const named = await askLists<Named>(
    namesRoute,
    ids.filter((id) => !bad.has(id) && !denied.has(id)),
    io,
    (part) => bulk(io, 'names', names, part),
  )
  const people = named.found.filter((one) => one.category === 'character')
  const placed = await askLists<Affiliation>(
    affiliationRoute,
    people.map((one) => String(one.id)),
    io,
    (part) => bulk(io, 'affiliation', z.array(affiliation), part),
  )
  const places = new Map(placed.found.map((one) => [String(one.character_id), one]))
  const left = new Set([...named.left, ...placed.left])
  const found = people
    .filter((one) => !left.has(String(one.id)))
    .map((one) => foundOf(String(one.id), one.name, places.get(String(one.id))))
  const others: Missing[] = named.found
    .filter((one) => one.category !== 'character')
    .map((one) => ({
      id: String(one.id),
      reason: `not a character: ${one.category}`,
      checkAgain: new Date(Date.now() + AGAIN_DAYS * DAY_MS),
    }))
  const doubtful = new Set([...worthAsking(found), ...found.filter((one) => one.corporation === null)])
  const clear = found.filter((one) => !doubtful.has(one))
  const asked = new Set([...clear.map((one) => one.id), ...others.map((one) => one.id), ...left])
  const alone = await askAlone(
    ids.filter((id) => !asked.has(id)),
    io,
    found.length + others.length > 0,
  )
  learn([...named.bad, ...named.unsure], alone.answers)
  return answersOf(clear, [...doubtful], alone, others)
}

/** Ids no bulk could answer. When there are answers already, those are not lost to a wait here. */
async function askAlone(ids: readonly Id[], io: Io, hasAnswers: boolean): Promise<Gathered<Id, Single>> {
  if (hasAnswers && !io.more()) return { answers: [], failed: [] }
  try {
    return await gather(ids, io, 4, (id) => askOne(io, id))
  } catch (error) {
    if (!hasAnswers || !(error instanceof Throttled)) throw error
    return { answers: [], failed: [] }
  }
}

const isFound = (one: Single): one is FoundCharacter => 'name' in one

/** Which of the ids that lists were refused for spoil a list, and which are good. */
function learn(refused: readonly Id[], singles: readonly Single[]): void {
  const alone = new Map(singles.map((one) => [one.id, one]))
  for (const id of [...bad].filter((one) => alone.has(one)).concat(refused)) {
    const single = alone.get(id)
    if (single && isFound(single)) {
      bad.delete(id)
      if (namesRoute.pauseMs > 0) namesRoute.good = id
    } else if (single && bad.size < MAX_REMEMBERED) bad.add(id)
  }
}

/** Those that may be deleted keep what the bulk routes answered, and are answered once they have been asked alone. */
function answersOf(
  clear: FoundCharacter[],
  doubtful: FoundCharacter[],
  { answers: singles, failed }: Gathered<Id, Single>,
  others: Missing[],
): Answers<FoundCharacter> {
  const some = (ids: (Id | null)[]): Id[] => [...new Set(ids.filter((id): id is Id => id !== null))]
  const alone = new Map(singles.map((one) => [one.id, one]))
  const kept = doubtful.filter((one) => {
    const single = alone.get(one.id)
    return !single || !isFound(single)
  })
  const named = new Set(kept.map((one) => one.id))
  const missing = singles.filter((one): one is Missing => !isFound(one) && (one.reason === 'deleted' || !named.has(one.id)))
  const found = [...clear, ...kept, ...singles.filter(isFound)]
  const denied = new Set(missing.map((one) => one.id))
  const isOpen = ({ id }: FoundCharacter): boolean => denied.has(id) || (named.has(id) && !alone.has(id))
  return {
    found,
    answered: found.filter((one) => !isOpen(one)).map((one) => one.id),
    missing: [...others, ...missing],
    failed: failed.map(({ item: id, error }) => ({ id, error })),
    lookups: { corporation: some(found.map((one) => one.corporation)), alliance: some(found.map((one) => one.alliance)) },
  }
}

/**
 * Names and affiliations, a thousand at a time. ESI caches a character for a day; names hardly change, corporations are as
 * of the last question.
 */
export const character: Lookup<FoundCharacter> = {
  queue: 'esi_character_info_queue',
  id: idText,
  batch: BULK,
  freshMs: DAY_MS,
  read,
  write: writeCharacters,
}
