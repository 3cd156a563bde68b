import type { NewTask, Plan } from '../../contract'
import { keyOf, laneOf, placeOf, priorityOf } from './entities'
import { type CommerceParams, entitiesOf, type PreparedAccount, preparedOf } from './params'
import { PLATFORM_PARTS } from './platforms'
import type { Entity } from './store/sync-jobs'
import type { EndCursor } from './streams/end'

/** Accounts of a job that are read at once: a seller has a few. */
const ACCOUNTS_AT_ONCE = 50

/** First tasks of a job. */
export function plan(params: CommerceParams): Plan {
  const { to, weight, accounts } = preparedOf(params)
  const { kind, userId } = params
  const activeKey = `${kind}:${userId}`
  if (kind === 'roll_up') return { tasks: [rollUpTask(to)], activeKey, estimate: { requests: {} } }
  const apis = [...new Set(accounts.map(({ platform }) => platform))]
  return {
    tasks: accounts.flatMap((account) => entitiesOf(account.platform, params).flatMap((entity) => tasksOf(account, entity, params))),
    laneWidths: Object.fromEntries(accounts.map((account) => [laneOf(account), PLATFORM_PARTS[account.platform].laneWidth])),
    lanesAtOnce: ACCOUNTS_AT_ONCE,
    activeKey,
    weight,
    estimate: {
      requests: Object.fromEntries(apis.map((api) => [api, null])),
      note: 'how much there is of each account is known once its first page is read',
    },
  }
}

/** @param to tells one task from another that is added to the same job */
export const rollUpTask = (to: string): NewTask => ({ stream: 'roll_up', key: to, cursor: { account: null, day: null } })

/** Why a job does not read an entity of an account; undefined where it does. */
export function unreadOf(account: PreparedAccount, entity: Entity, { kind, userId }: CommerceParams): NotRead | undefined {
  if (kind !== 'incremental' || account.starts[entity] !== undefined) return undefined
  return { skipped: `no backfill of it has been completed: run yarn queue:commerce ${userId}`, kind: 'no_cursor' }
}

interface NotRead {
  skipped: string
  kind: string
}

/** The tasks of one entity of an account: those that read it, and the one that ends it when they are settled. */
export function tasksOf(account: PreparedAccount, entity: Entity, params: CommerceParams): NewTask[] {
  const { platform } = account
  const { to } = preparedOf(params)
  const place = placeOf(account, entity)
  const kind = params.kind === 'incremental' ? 'incremental' : 'backfill'
  const ended = unreadOf(account, entity, params)
  if (ended) return [{ ...place, stream: `${platform}_end`, key: keyOf(account, entity), cursor: {}, ended }]
  const from = kind === 'backfill' ? account.from : (account.starts[entity] ?? null)
  const reading = PLATFORM_PARTS[platform].firstTasks({ account, entity, kind, from, to, params })
  const cursor: EndCursor = { account: account.id, entity, stage: place.stage, to }
  const end: NewTask = { stream: `${platform}_end`, key: keyOf(account, entity), lane: place.lane, stage: place.stage + 1, cursor }
  return [...reading.map((task) => ({ ...task, ...place })), end]
}

/** What a job of these params reads, for its rows of `sync_jobs`. */
export const partsOf = (params: CommerceParams): { account: PreparedAccount; entity: Entity; priority: number }[] =>
  preparedOf(params).accounts.flatMap((account) =>
    entitiesOf(account.platform, params)
      .filter((entity) => unreadOf(account, entity, params) === undefined)
      .map((entity) => ({ account, entity, priority: priorityOf(account.platform, entity) })),
  )
