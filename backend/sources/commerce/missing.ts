import type { Missing, SettingValues } from '../../contract'
import { type CommerceParams, entitiesOf, preparedOf } from './params'
import { tasksOf } from './plan'
import { prepare } from './prepare'
import type { settings } from './settings'
import { doubtedParts, readParts } from './store/sync-jobs'

/*
 * What a job was asked for and has not read: entities of shops that were connected since it was planned, those that no backfill had
 * completed then, and those whose last reading left a doubt. The end of the job's window stays what it was.
 */

const partOf = (account: { id: string }, entity: string): string => `${account.id} ${entity}`

export const missing: Missing<CommerceParams> = {
  kinds: [],
  async plan(db, { id, params }, set) {
    if (params.kind === 'roll_up') return { tasks: [] }
    const old = preparedOf(params)
    const now = preparedOf(await prepare(db, params, set as SettingValues<typeof settings>))
    const known = new Map(old.accounts.map((account) => [account.id, account]))
    const added = now.accounts.filter((account) => !known.has(account.id))
    const kept = old.accounts.map((account) => {
      const starts = now.accounts.find((one) => one.id === account.id)?.starts
      return { ...account, starts: { ...starts, ...account.starts } }
    })
    const next: CommerceParams = { ...params, prepared: { ...old, accounts: [...kept, ...added] } }
    const parts = await readParts(db, id)
    const doubted = await doubtedParts(db, id)
    const tasks = [...kept, ...added].flatMap((account) =>
      entitiesOf(account.platform, params).flatMap((entity) => {
        const of = tasksOf(account, entity, next)
        const part = partOf(account, entity)
        // Its doubted windows are opened by the engine; what ends the entity follows them.
        if (parts.has(part)) return doubted.has(part) ? of.slice(-1) : []
        return of
      }),
    )
    return { tasks: tasks.map((task) => ({ ...task, again: true })), params: next }
  },
}
