import { open } from 'node:fs/promises'
import { openDb } from '../../backend/database/db'
import { exportRows, queryFor, tableRelation } from '../../backend/export'
import { sources } from '../../backend/sources'
import { answer } from '../base/child'

/* A process of its own for one export, so that its greatest memory is that of this export alone. */

async function run({ table, format, rows }: { table: string; format: string; rows: number }) {
  const db = openDb(process.env.DATABASE_URL ?? '', { name: 'bench export' })
  const sink = await open('/dev/null', 'w')
  const relation = await tableRelation(db, sources, table)
  const began = performance.now()
  const exported = await exportRows(db, queryFor(relation, { where: [`killmail_id<=${rows}`] }), { format, to: sink.createWriteStream() })
  const seconds = (performance.now() - began) / 1000
  await db.close()
  return { rows: exported.rows, seconds, rss: process.resourceUsage().maxRSS * 1024 }
}

answer({ run })
process.send?.('ready')
