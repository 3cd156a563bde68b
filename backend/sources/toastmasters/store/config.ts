import type { Reader, Tx } from '../../../base/sql'
import { lock } from './lock'

/** What a change of the configured districts came to. */
export interface ConfigChange {
  added: string[]
  removed: string[]
}

/** A change that was made. */
export interface KeptChange extends ConfigChange {
  at: Date
  actor: string
  action: 'add' | 'remove' | 'replace'
}

/** The districts in scope, in order; none: every district of a date's summary is. */
export async function readConfigured(db: Reader): Promise<string[]> {
  const rows = await db.query<{ id: string }>('select district_id as id from toastmasters.configured_districts order by 1')
  return rows.map((row) => row.id)
}

/** Who configured the districts last, and when; undefined before the first change. */
export async function lastConfigChange(db: Reader): Promise<KeptChange | undefined> {
  return (await configHistory(db, 1))[0]
}

/**
 * Adds districts to the configured ones.
 * @param replace whether those not named go
 */
export async function addConfigured(tx: Tx, ids: readonly string[], replace: boolean, actor: string): Promise<ConfigChange> {
  await lock(tx, 'configuration')
  const before = await readConfigured(tx)
  const change = {
    added: [...new Set(ids)].filter((id) => !before.includes(id)).sort(),
    removed: replace ? before.filter((id) => !ids.includes(id)) : [],
  }
  return await apply(tx, change, replace ? 'replace' : 'add', actor)
}

/** Removes districts from the configured ones; what is stored of them stays. */
export async function removeConfigured(tx: Tx, ids: readonly string[], actor: string): Promise<ConfigChange> {
  await lock(tx, 'configuration')
  const removed = (await readConfigured(tx)).filter((id) => ids.includes(id))
  return await apply(tx, { added: [], removed }, 'remove', actor)
}

async function apply(tx: Tx, change: ConfigChange, action: KeptChange['action'], actor: string): Promise<ConfigChange> {
  const { added, removed } = change
  if (added.length === 0 && removed.length === 0) return change
  await tx.query(
    `insert into toastmasters.configured_districts (district_id, added_by) select id, $2 from unnest($1::text[]) as a(id) order by id`,
    [added, actor],
  )
  await tx.query('delete from toastmasters.configured_districts where district_id = any($1)', [removed])
  await tx.query('insert into toastmasters.config_changes (actor, action, added, removed) values ($1, $2, $3, $4)', [
    actor,
    action,
    added,
    removed,
  ])
  return change
}

/** Changes of the configured districts, newest first. */
export async function configHistory(db: Reader, limit: number): Promise<KeptChange[]> {
  return await db.query<KeptChange>('select at, actor, action, added, removed from toastmasters.config_changes order by id desc limit $1', [
    limit,
  ])
}
