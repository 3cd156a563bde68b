import type { Reader } from '../../base/sql'

/** A change that charts mark: a deploy (processes started with another version), or a restart. */
export interface Mark {
  at: string
  kind: 'deploy' | 'restart' | 'crash'
  /** Version before and after; the same for a restart. */
  before: string
  version: string
  /** PM2 apps that started, by name. */
  apps: string[]
  /** How many processes. */
  starts: number
}

/** Starts of the same kind that follow one another within this time are one mark. */
const TOGETHER = `interval '5 minutes'`
/** Newest marks that are shown. */
const MAX_MARKS = 200

/**
 * Deploys and restarts since a moment, oldest first. A process whose predecessor did not stop by itself has crashed, or was killed; the
 * first process of an app on a host is neither.
 */
export async function listMarks(db: Reader, since: Date): Promise<Mark[]> {
  const rows = await db.query<Omit<Mark, 'at'> & { at: Date }>(
    `with changes as (
       select s.at, s.app, s.version, s.before,
              case when s.before <> s.version then 'deploy' when p.lost then 'crash' else 'restart' end as kind
         from backhaul.starts s
         left join lateral (select lost from backhaul.starts o where o.app = s.app and o.host = s.host and o.id < s.id order by id desc limit 1) p on true
        where s.at >= $1 and s.before is not null
     ), cut as (
       select *, (at - lag(at) over w > ${TOGETHER})::int as gap from changes window w as (partition by kind, before, version order by at)
     ), grouped as (
       select *, sum(coalesce(gap, 0)) over (partition by kind, before, version order by at) as part from cut
     )
     select min(at) as at, kind, before, version, array_agg(distinct app order by app) as apps, count(*)::int as starts
       from grouped group by kind, before, version, part order by 1 desc limit ${MAX_MARKS}`,
    [since],
  )
  return rows.reverse().map((row) => ({ ...row, at: row.at.toISOString() }))
}
