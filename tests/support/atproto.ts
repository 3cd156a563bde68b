import type { Db } from '../../backend/database/db'
import type { Sandbox } from './system'

type True = Awaited<ReturnType<Sandbox['atproto']['truth']>>[number]

export const held = async (db: Db): Promise<number> =>
  (await db.query<{ n: number }>('select count(*)::int as n from atproto.records'))[0]?.n ?? 0

export const missingFrom = (all: readonly string[], some: readonly string[]): string[] => {
  const found = new Set(some)
  return all.filter((one) => !found.has(one))
}

/**
 * What differs between the rows and the truth, in words: records that are missing, too many, or another version. Those that
 * were rejected with a reason count as reported.
 */
export async function differences(db: Db, truth: readonly True[]): Promise<string[]> {
  const rows = await db.query<{ uri: string; cid: string }>('select uri, cid from atproto.records')
  const rejects = await db.query<{ uri: string }>('select distinct key as uri from backhaul.rejects')
  const cids = new Map(rows.map((row) => [row.uri, row.cid]))
  const reported = new Set(rejects.map((row) => row.uri))
  const wanted = new Map(truth.map((record) => [record.uri, record.cid]))
  const wrong = [...wanted].flatMap(([uri, cid]) => {
    const has = cids.get(uri)
    if (has === cid || (has === undefined && reported.has(uri))) return []
    return [`${uri} ${has === undefined ? 'is missing' : `is ${has}, should be ${cid}`}`]
  })
  return [...wrong, ...missingFrom([...cids.keys()], [...wanted.keys()]).map((uri) => `${uri} should not be there`)]
}
