import { Refused } from '../../base/errors'
import type { Reader } from '../../base/sql'
import type { SettingValues } from '../../contract'
import { ENTITIES, laneOf } from './entities'
import { type CommerceParams, entitiesOf, type PreparedAccount, startOf } from './params'
import { PLATFORM_PARTS } from './platforms'
import { type settings, weightOf } from './settings'
import { type Account, readAccounts } from './store/accounts'
import { readProfile } from './store/profiles'
import { lastCursors } from './store/sync-jobs'

/**
 * Which accounts a request means now, and where their reading starts and ends.
 * @throws {Refused} `input` where there is nothing to read, with what to do
 */
export async function prepare(db: Reader, params: CommerceParams, set: SettingValues<typeof settings>): Promise<CommerceParams> {
  const { userId, kind } = params
  const [all, profile] = [await readAccounts(db, userId), await readProfile(db, userId)]
  const accounts = kind === 'roll_up' ? all : chosen(params, all)
  // Rows carry the database's time as well.
  const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now')
  const now = (row?.now ?? new Date()).getTime()
  const to = new Date(now).toISOString()
  const from = params.since === undefined ? null : startOf(params.since, now)
  const weight = weightOf(set.COMMERCE_PLANS, profile?.plan ?? 'free')
  const starts = kind === 'incremental' ? await startsOf(db, params, accounts) : new Map<string, PreparedAccount['starts']>()
  return {
    ...params,
    prepared: {
      to,
      weight,
      accounts: accounts.map(({ id, platform, shopId, shopCreatedAt }) => ({
        id,
        platform,
        shopId,
        from: later(from, shopCreatedAt?.toISOString() ?? null),
        starts: starts.get(id) ?? {},
      })),
    },
  }
}

const later = (a: string | null, b: string | null): string | null => (a === null || (b !== null && b > a) ? b : a)

function chosen({ userId, platforms, entities, kind }: CommerceParams, all: readonly Account[]): Account[] {
  const refuse = (field: string, message: string) => new Refused('input', message, field)
  const connected = all.filter((account) => !account.isRemoved)
  if (connected.length === 0) {
    const why = all.length > 0 ? `All accounts of user ${userId} were removed` : `No account of user ${userId} is connected`
    throw refuse('userId', `${why}: connect one with yarn accounts connect.`)
  }
  const missing = platforms?.find((name) => !connected.some(({ platform }) => platform === name))
  if (missing) throw refuse('platforms', `User ${userId} has no account of ${missing}: connect it with yarn accounts connect.`)
  const accounts = connected.filter(({ platform }) => platforms === undefined || platforms.includes(platform))
  const names = [...new Set(accounts.map(({ platform }) => platform))]
  const unknown = entities?.find((entity) => !names.some((platform) => ENTITIES[platform].includes(entity)))
  if (unknown) throw refuse('entities', `${names.join(' and ')} have no ${unknown}.`)
  return accounts.filter(({ platform }) => kind === 'roll_up' || entitiesOf(platform, { entities }).length > 0)
}

/** Where the sync of each entity starts: a while before the last complete reading. */
async function startsOf(db: Reader, params: CommerceParams, accounts: readonly Account[]): Promise<Map<string, PreparedAccount['starts']>> {
  const cursors = await lastCursors(
    db,
    accounts.map(({ id }) => id),
  )
  const starts = accounts.map((account): [string, PreparedAccount['starts']] => {
    const { id, platform } = account
    const known = entitiesOf(platform, params).flatMap((entity) => {
      const cursor = cursors.get(`${id} ${entity}`)
      if (cursor === undefined) return []
      return [[entity, new Date(Date.parse(cursor) - PLATFORM_PARTS[platform].overlapMs(entity)).toISOString()]]
    })
    return [id, Object.fromEntries(known)]
  })
  if (starts.every(([, known]) => Object.keys(known).length === 0)) {
    const names = accounts.map(laneOf).join(', ')
    throw new Refused(
      'input',
      `Nothing of ${names} has been read completely yet: run yarn queue:commerce ${params.userId} first.`,
      'userId',
    )
  }
  return new Map(starts)
}
