import { Writable } from 'node:stream'
import { type Db, openDb } from '../../backend/database/db'
import { build as accounts } from '../../scripts/accounts'
import { type Build, run } from '../../scripts/cli/main'
import type { Terminal } from '../../scripts/cli/terminal'
import { build as credentials } from '../../scripts/credentials'
import { build as dead } from '../../scripts/dead'
import { build as doctor } from '../../scripts/doctor'
import { build as exporting } from '../../scripts/export'
import { build as gates } from '../../scripts/gates'
import { build as jobs } from '../../scripts/jobs'
import { build as queue } from '../../scripts/queue'
import { build as refusals } from '../../scripts/refusals'
import { build as schedule } from '../../scripts/schedule'
import { testEnv } from './env'

const PROGRAMS: Record<string, Build> = { accounts, queue, jobs, dead, credentials, gates, doctor, export: exporting, refusals, schedule }

/** The settings of a command. */
export type CommandEnv = { DATABASE_URL: string; RABBITMQ_URL: string; CONTACT: string }

/** A database and a vhost for commands, and the settings that name them. */
export async function commandServices(): Promise<{ db: Db; env: CommandEnv; close(): Promise<void> }> {
  const { databaseUrl, rabbitmqUrl, close } = await testEnv({ isNew: true })
  const db = openDb(databaseUrl)
  return {
    db,
    env: { DATABASE_URL: databaseUrl, RABBITMQ_URL: rabbitmqUrl, CONTACT: 'tests@example.org' },
    async close() {
      await db.close()
      await close()
    },
  }
}

/**
 * Gives the tests of the calling file such services.
 * @param use takes them before the first test
 */
export function ownServices(use: (services: { db: Db; env: CommandEnv }) => void): void {
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const services = await commandServices()
    close = services.close
    use(services)
  }, 120_000)
  afterAll(() => close?.())
}

export interface Ran {
  code: number
  out: string
  err: string
}

export interface Running {
  ended: Promise<Ran>
  /** What it has printed so far. */
  out(): string
  err(): string
  /** Ctrl-C. */
  interrupt(): void
}

/** A command in this process, as `yarn <line>` would run it with these settings and no .env. */
export function begin(env: Record<string, string>, line: readonly string[], stdin = ''): Running {
  const [name = '', ...args] = line
  const out: string[] = []
  const err: string[] = []
  const interrupts = new Set<() => void>()
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env,
    isTty: false,
    stdout: new Writable({
      write(chunk, _, done) {
        out.push(String(chunk).replace(/\n$/, ''))
        done()
      },
    }),
    isErrTty: false,
    readStdin: async () => stdin,
    readSecret: async () => stdin,
    onInterrupt(callback) {
      interrupts.add(callback)
      return () => interrupts.delete(callback)
    },
  }
  const ended = run(PROGRAMS[name] as Build, args, terminal).then((code) => ({ code, out: out.join('\n'), err: err.join('\n') }))
  return {
    ended,
    out: () => out.join('\n'),
    err: () => err.join('\n'),
    interrupt: () => {
      for (const callback of interrupts) callback()
    },
  }
}

/** Runs a command to its end; words are separated by spaces. */
export const command = (env: Record<string, string>, line: string, stdin?: string): Promise<Ran> =>
  begin(
    env,
    line.split(' ').filter((word) => word !== ''),
    stdin,
  ).ended
