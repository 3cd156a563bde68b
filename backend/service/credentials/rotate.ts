import { Refused } from '../../base/errors'
import { KeyMissing, keyIdOf, Unsealable } from '../../base/seal'
import type { Reader } from '../../base/sql'
import { credentialContext } from '../../engine/credentials'
import { secretContext } from '../../webhooks/secret'
import type { Service } from '../base/context'
import { type Actor, act } from '../suite/actions'

/*
 * Secrets at rest over all tables that have any: by which key they are sealed, and sealing them again with the first key.
 */

/** A column of secrets. `contextOf` is what a row's secret is bound to. */
interface Place {
  /** In words, with what it is when there is one: `webhook`. */
  name: string
  table: string
  column: string
  contextOf(id: string): string
}

const PLACES: readonly Place[] = [
  { name: 'webhook', table: 'backhaul.webhooks', column: 'secret', contextOf: secretContext },
  { name: 'credential', table: 'backhaul.credentials', column: 'sealed', contextOf: credentialContext },
]

/** Rows read and written at once. */
const BATCH = 500

/** How many secrets of one kind are sealed by one key; `key` is null for those that are not sealed. */
export interface SealedBy {
  name: string
  key: string | null
  secrets: number
}

/** Counts the stored secrets by kind and key. */
export async function listSealed({ db }: Pick<Service, 'db'>): Promise<SealedBy[]> {
  const counts = PLACES.map(({ table, column }, n) => {
    const key = `case when ${column} like 'sealed.%' then split_part(${column}, '.', 2) end`
    return `select ${n} as place, ${key} as key, count(*)::int as secrets from ${table} group by 2`
  })
  const rows = await db.query<{ place: number; key: string | null; secrets: number }>(
    `${counts.join(' union all ')} order by 1, 2 nulls first`,
  )
  return rows.map(({ place, ...row }) => ({ name: PLACES[place]?.name ?? '', ...row }))
}

/** What a rotation did, by kind of secret. */
export interface Rotated {
  name: string
  /** Sealed again with the first key. */
  sealed: number
  /** By the first key already. */
  current: number
  /** Left as they are, because `TOKEN_KEY` lacks their key or they were changed. */
  failed: number
  /** Why, for the first of them. */
  error?: string
}

/**
 * Seals every stored secret with the first key of `TOKEN_KEY`, a batch at a time. Running it twice changes nothing; a secret that is
 * replaced meanwhile is left alone.
 * @throws {Refused} `setup` without TOKEN_KEY
 */
export async function rotate(service: Pick<Service, 'db' | 'log' | 'config' | 'sources'>, actor: Actor): Promise<Rotated[]> {
  const { sealer } = service.config
  if (sealer.keyIds.length === 0)
    throw new Refused('setup', 'TOKEN_KEY is not set: set it in .env; its first key seals the secrets.', 'TOKEN_KEY')
  return await act(service, actor, 'credentials.rotate', null, { key: sealer.keyIds[0] ?? '' }, async () => {
    const all: Rotated[] = []
    for (const place of PLACES) all.push(await rotatePlace(service, place))
    return all
  })
}

async function rotatePlace({ db, config: { sealer } }: Pick<Service, 'db' | 'config'>, place: Place): Promise<Rotated> {
  const done: Rotated = { name: place.name, sealed: 0, current: 0, failed: 0 }
  for (let after = ''; ; ) {
    const rows = await db.query<{ id: string; secret: string }>(
      `select id::text as id, ${place.column} as secret from ${place.table} where id::text > $1 order by id::text limit ${BATCH}`,
      [after],
    )
    const last = rows.at(-1)
    if (!last) return done
    after = last.id
    const changed = rows.flatMap(({ id, secret }) => {
      const key = keyIdOf(secret)
      if (key === sealer.keyIds[0]) {
        done.current += 1
        return []
      }
      try {
        const context = place.contextOf(id)
        return { id, old: secret, now: sealer.seal(key === undefined ? secret : sealer.open(secret, context), context) }
      } catch (error) {
        if (!(error instanceof KeyMissing || error instanceof Unsealable)) throw error
        done.failed += 1
        done.error ??= `${place.name} ${id}: ${error.message}`
        return []
      }
    })
    done.sealed += await replace(db, place, changed)
  }
}

/** @returns how many were still the old ones */
async function replace(db: Reader, { table, column }: Place, rows: readonly { id: string; old: string; now: string }[]): Promise<number> {
  if (rows.length === 0) return 0
  const written = await db.query(
    `update ${table} t set ${column} = n.now
       from (select * from unnest($1::text[], $2::text[], $3::text[]) as n(id, old, now) order by id) n
      where t.id::text = n.id and t.${column} = n.old returning 1`,
    [rows.map(({ id }) => id), rows.map(({ old }) => old), rows.map(({ now }) => now)],
  )
  return written.length
}
