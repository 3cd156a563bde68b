import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Db } from '../../backend/database/db'

/** Runs the statements of a migration once more, on rows as they were before it. */
export async function runMigration(db: Db, name: string): Promise<void> {
  const sql = readFileSync(join(__dirname, '../../prisma/migrations', name, 'migration.sql'), 'utf8')
  for (const statement of sql.split(/;\n/).filter((text) => text.trim() !== '')) await db.query(statement)
}
