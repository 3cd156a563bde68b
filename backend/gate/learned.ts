import type { Reader } from '../base/sql'
import { type Limits, withLearned } from './limits'

/** The limits with the figures that their upstreams reported; where hosts or keys of a limit differ, the smallest. */
export async function limitsNow(db: Reader, limits: Limits): Promise<Limits> {
  const rows = await db.query<{ name: string; requests: number | null; day: number | null }>(
    `select split_part(name, ':', 1) as name, min((learned ->> 'requests')::int) as requests, min((learned ->> 'day')::int) as day
       from backhaul.gates where learned is not null group by 1`,
  )
  const learned = new Map(rows.map(({ name, requests, day }) => [name, { requests: requests ?? undefined, day: day ?? undefined }]))
  return new Map([...limits].map(([name, limit]) => [name, withLearned(limit, learned.get(name))]))
}
