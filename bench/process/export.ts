import { FORMATS } from '../../backend/export/formats'
import type { Figure } from '../base/figures'
import type { Bench, Ground } from '../base/harness'

const MB = 1024 * 1024
const TABLE = 'eve.killmails'

interface Ran {
  rows: number
  seconds: number
  rss: number
}

/** Whether an export grows with what it writes. */
export const exporting: Bench = {
  about: 'memory (greatest RSS) of a long export against that of a short one, by format',
  sizes: {
    rows: { full: 1_000_000, small: 200_000, about: 'killmails of the long export' },
    early: { full: 50_000, small: 20_000, about: 'killmails of the short one' },
  },
  async run(ground, { rows = 0, early = 0 }) {
    await fill(ground, rows)
    const figures: Figure[] = []
    for (const format of Object.keys(FORMATS)) {
      const [short, long] = [await one(ground, format, early), await one(ground, format, rows)]
      if (long.rows !== rows) throw new Error(`${format}: ${long.rows} rows were written, not ${rows}`)
      figures.push(
        { name: `${format}: RSS`, unit: 'MB', values: [long.rss / MB], atMost: 200 },
        { name: `${format}: long / short`, values: [long.rss / short.rss], atMost: format === 'parquet' ? 1.3 : 1.15 },
        { name: `${format}: rows a second`, values: [long.rows / long.seconds] },
      )
    }
    return figures
  },
}

async function fill({ db }: Ground, rows: number): Promise<void> {
  await db.query(
    `insert into eve.killmails (killmail_id, killmail_hash, killmail_time, solar_system_id, total_value, points, npc, labels)
     select n, md5(n::text), '2020-01-01'::timestamptz + n * interval '1 minute', 30000000 + n % 5000, n * 1000.01, n % 100, n % 3 = 0,
            array['pvp', 'loc:' || n % 10]
       from generate_series(1, $1::int) n`,
    [rows],
  )
  await db.query('analyze eve.killmails')
}

async function one(ground: Ground, format: string, rows: number): Promise<Ran> {
  const child = await ground.start('bench/process/export-worker.js')
  const ran = await child.ask<Ran>('run', { table: TABLE, format, rows })
  await child.stop()
  return ran
}
