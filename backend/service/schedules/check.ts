import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Reader } from '../../base/sql'
import type { PriorityName } from '../../contract'
import { PRIORITY, prepareParams } from '../../engine/jobs/verbs'
import { checkRhythm, type Rhythm } from '../../engine/upkeep/ticks'
import type { Service } from '../base/context'
import { uuidText } from '../base/cursor'
import { allChecked } from '../base/faults'
import { checkedParams, sourceOf } from '../base/registry'

/*
 * The checks before a schedule is added or changed.
 */

type Context = Pick<Service, 'sources' | 'settings'>

export interface NewSchedule {
  name: string
  cron: string
  /** `UTC` by default. */
  timeZone?: string
  /** 0 by default. */
  jitterS?: number
  /** `skip` by default. */
  missed?: 'skip' | 'make_up'
  source: string
  params?: unknown
  /** `backfill` by default. */
  priority?: PriorityName
}

export interface Checked extends Rhythm {
  name: string
  missed: 'skip' | 'make_up'
  source: string
  params: NonNullable<Json>
  priority: number
}

/**
 * A schedule as it is stored.
 * @param db what the params are prepared with: that they can be, today
 * @throws {Refused} `input` with every invalid field, `missing` for an unknown source
 */
export async function checked(context: Context, db: Reader, asked: NewSchedule & { id: string }, now: Date): Promise<Checked> {
  const { id, cron, timeZone = 'UTC', jitterS = 0, missed = 'skip', source, params = {}, priority = 'backfill' } = asked
  const rhythm = { id, cron, timeZone, jitterS }
  const [name] = await allChecked<[string, unknown, unknown, unknown, unknown]>(
    () => checkedName(asked.name),
    () => checkRhythm(rhythm, now),
    () => oneOf('missed', missed, ['skip', 'make_up']),
    () => oneOf('priority', priority, Object.keys(PRIORITY)),
    () => checkParams(context, db, source, params),
  )
  // As given: each run takes the defaults, and resolves what depends on the moment, at its own time.
  return { ...rhythm, name, missed, source, params: params as NonNullable<Json>, priority: PRIORITY[priority] }
}

function oneOf(field: string, value: string, values: readonly string[]): void {
  if (!values.includes(value)) throw new Refused('input', `${field} must be ${values.join(' or ')}, got ${JSON.stringify(value)}.`, field)
}

/** @throws {Refused} `missing` for an unknown source, `input` with the field it refuses */
async function checkParams(context: Context, db: Reader, name: string, raw: unknown): Promise<void> {
  const source = sourceOf(context, name)
  const params = await prepareParams(db, context, source, checkedParams(source, raw))
  if (source.plan(params).tasks.length === 0) throw new Refused('input', 'params: nothing to backfill.', 'params')
}

function checkedName(given: string): string {
  const name = given.trim()
  if (name === '' || name.length > 100 || /\p{Cc}/u.test(name)) throw new Refused('input', 'name must have 1 to 100 characters.', 'name')
  if (uuidText.safeParse(name.toLowerCase()).success) throw new Refused('input', 'name must not look like an id.', 'name')
  return name
}
