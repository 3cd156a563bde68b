import { Command } from 'commander'
import { Refused } from '../backend/base/errors'
import { allowClosedPipes } from '../backend/base/stdio'
import { readConfig } from '../backend/config/config'
import { nameOf } from '../backend/database/url'
import { create, deploy, resolve, type Status, status } from '../backend/migrate'
import { ensureDatabase, requireSameDatabase } from '../backend/migrate/connect'
import { sources } from '../backend/sources'

function show(it: Status): void {
  for (const name of it.applied) console.log(`applied  ${name}${it.edited.includes(name) ? '  (the file changed since)' : ''}`)
  for (const name of it.pending) console.log(`pending  ${name}`)
  for (const { name, log } of it.failed) console.log(`failed   ${name}: ${log}`)
  for (const name of it.unknown) console.log(`unknown  ${name}  (applied by another version)`)
  if (it.drift) console.log(`The tables differ from prisma/schema. This SQL would make them match:\n${it.drift}`)
  console.log(it.upToDate ? 'Up to date.' : 'Not up to date.')
}

const program = new Command('migrate').description('Migrates the database to the version of this checkout.')

program.command('deploy', { isDefault: true }).action(async () => {
  const config = readConfig(sources)
  const { directDatabaseUrl } = config
  await ensureDatabase(directDatabaseUrl)
  await requireSameDatabase(config)
  const applied = await deploy(directDatabaseUrl)
  for (const name of applied) console.log(`applied ${name}`)
  console.log(`Database ${nameOf(directDatabaseUrl)}: ${applied.length === 0 ? 'nothing to apply' : `${applied.length} applied`}.`)
})

program
  .command('status')
  .description('list applied, pending and failed migrations, and drift; exit 1 unless up to date')
  .action(async () => {
    const found = await status(readConfig(sources).directDatabaseUrl)
    show(found)
    if (!found.upToDate) process.exitCode = 1
  })

program
  .command('new <name>')
  .description('write a migration from the changes in prisma/schema (for developers)')
  .action(async (name: string) => {
    if (!/^[a-z0-9_]+$/.test(name)) throw new Refused('input', `The name ${name} must contain only a-z, 0-9 and _.`)
    const written = await create(readConfig(sources).directDatabaseUrl, name)
    console.log(written ? `Wrote prisma/migrations/${written}/migration.sql. Review it, then run yarn migrate.` : 'Nothing to write.')
  })

program
  .command('resolve <migration>')
  .description('mark a failed migration so that it runs again')
  .action(async (name: string) => {
    await resolve(readConfig(sources).directDatabaseUrl, name)
    console.log(`${name} will run again at the next yarn migrate.`)
  })

allowClosedPipes()
program.parseAsync().catch((error: Error) => {
  const lines = error.message.split('\n').filter((line) => line.trim() !== '')
  console.error(error instanceof Refused ? error.message : lines.join(' '))
  process.exitCode = error instanceof Refused && error.code === 'setup' ? 78 : 1
})
