import type { Json } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'

/** A lexicon as it is held. */
export interface Lexicon {
  id: string
  revision: number
  /** Type of its main definition; null where it has none. */
  type: string | null
  backfill: boolean
  document: Json
  createdAt: Date
  updatedAt: Date
}

const COLUMNS = `id, revision, type, backfill, document, created_at as "createdAt", updated_at as "updatedAt"`

/** Collections a backfill of everything reads. */
export async function collectionsToBackfill(db: Reader): Promise<string[]> {
  const rows = await db.query<{ id: string }>(`select id from atproto.lexicons where type = 'record' and backfill order by id`)
  return rows.map((row) => row.id)
}

/** All of them by id, or this one. */
export const readLexicons = (db: Reader, id?: string): Promise<Lexicon[]> =>
  db.query<Lexicon>(`select ${COLUMNS} from atproto.lexicons where $1::text is null or id = $1 order by id`, [id ?? null])

/** Changes with every upload and removal, so that what was made of the lexicons can be kept until then. */
export async function lexiconsVersion(db: Reader): Promise<string> {
  const [row] = await db.query<{ version: string }>(
    `select count(*) || ' ' || coalesce(sum(revision), 0) || ' ' || coalesce(max(updated_at), 'epoch') as version from atproto.lexicons`,
  )
  return row?.version ?? ''
}

/** @returns its revision: 1 when it is new */
export async function putLexicon(tx: Tx, it: Pick<Lexicon, 'id' | 'type' | 'backfill' | 'document'>): Promise<number> {
  const [row] = await tx.query<{ revision: number }>(
    `insert into atproto.lexicons as held (id, type, backfill, document) values ($1, $2, $3, $4)
     on conflict (id) do update set type = excluded.type, backfill = excluded.backfill, document = excluded.document,
            revision = held.revision + 1, updated_at = clock_timestamp()
     returning revision`,
    [it.id, it.type, it.backfill, JSON.stringify(it.document)],
  )
  return row?.revision ?? 1
}

/** @returns whether it was there */
export const removeLexicon = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.query(`delete from atproto.lexicons where id = $1 returning id`, [id])).length > 0
