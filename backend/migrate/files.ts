import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg'
import { projectRoot } from '../base/project-root'

const schemaFolder = () => join(projectRoot(), 'prisma', 'schema')
const migrationsFolder = () => join(projectRoot(), 'prisma', 'migrations')

/** The files of prisma/schema, sorted by name. */
export function schemaFiles(): { path: string; content: string }[] {
  return readdirSync(schemaFolder())
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => join(schemaFolder(), name))
    .map((path) => ({ path, content: readFileSync(path, 'utf8') }))
}

/** One folder of prisma/migrations. `checksum` is what Prisma records when it applies it: SHA-256 of the file, hex. */
export interface Migration {
  name: string
  sql: string
  checksum: string
}

/** The migrations, oldest first. */
export function migrations(folder = migrationsFolder()): Migration[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

/** The same, as the schema engine wants it. */
export function migrationList(list: readonly Migration[]): MigrationList {
  const lockfile = 'migration_lock.toml'
  return {
    baseDir: migrationsFolder(),
    lockfile: { path: lockfile, content: readFileSync(join(migrationsFolder(), lockfile), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: list.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  }
}

/** Writes a new migration, named by the time in UTC; returns its name. */
export function writeMigration(name: string, sql: string, now = new Date()): string {
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = `${stamp}_${name}`
  mkdirSync(join(migrationsFolder(), folder))
  writeFileSync(join(migrationsFolder(), folder, 'migration.sql'), sql)
  return folder
}
