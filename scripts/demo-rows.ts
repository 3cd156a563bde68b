import Table from 'cli-table3'
import { allowClosedPipes } from '../backend/base/stdio'
import { readConfig } from '../backend/config/config'
import { type Db, openDb } from '../backend/database/db'
import { sources } from '../backend/sources'

/** Sample rows that a backfill of killmails writes to Postgres. */
const QUERIES: readonly { title: string; sql: string }[] = [
  {
    title: 'newest killmails',
    sql: `select k.killmail_id::text as killmail, to_char(k.killmail_time at time zone 'utc', 'YYYY-MM-DD HH24:MI') as time,
        coalesce(c.name, v.character_id::text, '-') as victim, coalesce(t.name, v.ship_type_id::text) as ship, coalesce(o.ticker, '-') as corporation,
        (select count(*) from eve.killmail_attackers a where a.killmail_id = k.killmail_id)::text as attackers
      from eve.killmails k
      join eve.killmail_victims v using (killmail_id)
      left join eve.characters c on c.character_id = v.character_id
      left join eve.corporations o on o.corporation_id = v.corporation_id
      left join eve.types t on t.type_id = v.ship_type_id
      order by k.killmail_time desc, k.killmail_id desc limit 5`,
  },
  {
    title: 'most frequent attackers',
    sql: `select coalesce(c.name, a.character_id::text) as character, coalesce(o.name, '-') as corporation, count(*)::text as killmails
      from eve.killmail_attackers a
      left join eve.characters c on c.character_id = a.character_id
      left join eve.corporations o on o.corporation_id = c.corporation_id
      where a.character_id is not null
      group by 1, 2 order by count(*) desc, 1 limit 5`,
  },
  {
    title: 'rows by table',
    sql: `select 'killmails' as "table", count(*)::text as rows, '' as named from eve.killmails
      union all select 'killmail_attackers', count(*)::text, '' from eve.killmail_attackers
      union all select 'killmail_items', count(*)::text, '' from eve.killmail_items
      union all select 'characters', count(*)::text, count(name)::text from eve.characters
      union all select 'corporations', count(*)::text, count(name)::text from eve.corporations
      union all select 'alliances', count(*)::text, count(name)::text from eve.alliances
      union all select 'types', count(*)::text, count(name)::text from eve.types`,
  },
]

async function show(db: Db, { title, sql }: (typeof QUERIES)[number]): Promise<void> {
  const rows = await db.query<Record<string, string>>(sql)
  const table = new Table({ head: Object.keys(rows[0] ?? {}), style: { head: [], border: [] } })
  table.push(...rows.map((row) => Object.values(row)))
  console.log(`${title}\n${rows.length > 0 ? table.toString() : '(none)'}`)
}

async function main(): Promise<void> {
  const db = openDb(readConfig(sources).databaseUrl)
  try {
    for (const query of QUERIES) await show(db, query)
  } finally {
    await db.close()
  }
}

allowClosedPipes()
main().catch((error: Error) => {
  console.error(`Cannot read the rows: ${error.message}`)
  process.exitCode = 1
})
