import { KeyMissing, Unsealable } from '../../base/seal'
import type { Tx } from '../../base/sql'
import type { RouteCredentials, Source } from '../../contract'
import type { Store } from './refresh'
import { keyOf, listRows, markDead, readRow, removeRow, saveRow } from './rows'
import { kindOf, sealTokens } from './tokens'

/**
 * The accounts of a source, for its routes and commands.
 * @param release makes the tasks due that a key holds, and wakes workers after the commit
 */
export function credentialsOf(
  { db, sealer }: Pick<Store, 'db' | 'sealer'>,
  source: Source,
  release: (tx: Tx, key: string) => Promise<unknown>,
): RouteCredentials {
  const own = (context: string) => `source ${source.name} ${context}`
  return {
    async save(tx, { id, kind, tokens }) {
      kindOf(source, kind)
      if (!(await saveRow(tx, { id, source: source.name, kind, ...sealTokens(sealer, id, tokens) })))
        throw new Error(`The credential ${id} belongs to another source: begin its id with the name of the platform.`)
      await release(tx, keyOf(id))
    },
    state: (ids) => listRows(db, source.name, ids),
    async hold(tx, id, reason) {
      const row = await readRow(tx, id)
      if (row?.source !== source.name) return false
      return (await markDead(tx, { id, version: row.version }, reason)) !== undefined
    },
    remove: (tx, id) => removeRow(tx, source.name, id),
    seal: (text, context) => sealer.seal(text, own(context)),
    open(sealed, context) {
      try {
        return sealer.open(sealed, own(context))
      } catch (error) {
        if (error instanceof KeyMissing || error instanceof Unsealable) return undefined
        throw error
      }
    },
  }
}
