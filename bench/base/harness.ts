import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Log } from '../../backend/base/log'
import { type Db, openDb } from '../../backend/database/db'
import { type Broker, openBroker } from '../../queues/broker'
import type { Figure } from './figures'
import { createServices, type Services } from './services'
import { until } from './wait'

/** One benchmark: what it measures, how large, and how. */
export interface Bench {
  about: string
  /** Every size by its option, at full and at small (`--small`). */
  sizes: Record<string, { full: number; small: number; about: string }>
  run(ground: Ground, size: Record<string, number>): Promise<Figure[]>
}

/** A process of the suite, ready. */
export interface Child {
  process: ChildProcess
  /** Asks one of our own children; see child.ts. */
  ask<T>(command: string, input?: unknown): Promise<T>
  stop(): Promise<void>
}

/** What every benchmark stands on: services of its own, processes, and an end that leaves nothing behind. */
export interface Ground extends Services {
  db: Db
  broker: Broker
  log: Log
  env: Record<string, string>
  /** Starts a program of dist/ and waits until it says that it is ready. */
  start(script: string, args?: string[], env?: Record<string, string>, nodeArgs?: string[]): Promise<Child>
  /** Runs last added first, also after Ctrl-C. */
  onEnd(work: () => Promise<unknown>): void
  print(line: string): void
}

const DIST = join(__dirname, '..', '..')
/** As in ecosystem.config.js. */
const NODE_ARGS = ['--enable-source-maps', '--max-old-space-size=384']
const quiet: Log = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error }

/** Runs `work` on fresh services and removes everything afterwards, whatever happens. */
export async function onGround(work: (ground: Ground) => Promise<void>): Promise<void> {
  const ends: (() => Promise<unknown>)[] = []
  const end = async () => {
    for (let one = ends.pop(); one; one = ends.pop()) await one().catch((error: Error) => console.error(error.message))
  }
  const onSignal = (signal: NodeJS.Signals) => void end().then(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal)
  try {
    await work(await open(ends))
  } finally {
    await end()
  }
}

async function open(ends: (() => Promise<unknown>)[]): Promise<Ground> {
  const onEnd = (one: () => Promise<unknown>) => void ends.push(one)
  const services = await createServices(onEnd)
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    DATABASE_URL: services.databaseUrl,
    DIRECT_DATABASE_URL: '',
    RABBITMQ_URL: services.rabbitmqUrl,
    ALLOW_PRIVATE_HOSTS: 'true',
    CONTACT: 'bench@example.org',
    LOG_FORMAT: 'json',
  }
  const db = openDb(services.databaseUrl, { name: 'bench', max: 4 })
  onEnd(() => db.close())
  const broker = openBroker({ url: services.rabbitmqUrl, name: 'bench', log: quiet })
  onEnd(() => broker.close())
  await broker.ready()
  const start: Ground['start'] = async (script, args = [], more = {}, nodeArgs = NODE_ARGS) => {
    const child = await startChild(script, args, { ...env, ...more }, nodeArgs, onEnd)
    return child
  }
  return { ...services, db, broker, log: quiet, env, start, onEnd, print: (line) => console.log(line) }
}

async function startChild(
  script: string,
  args: string[],
  env: Record<string, string>,
  nodeArgs: string[],
  onEnd: Ground['onEnd'],
): Promise<Child> {
  const child = spawn(process.execPath, [...nodeArgs, join(DIST, script), ...args], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output = (output + chunk).slice(-5000)))
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const stop = async () => {
    if (isOver()) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 35_000)
    await gone
    clearTimeout(hard)
  }
  onEnd(stop)
  let isReady = false
  child.on('message', (message) => {
    if (message === 'ready') isReady = true
  })
  await until(() => isReady || isOver(), 30_000, `${script} to be ready`)
  if (isOver()) throw new Error(`${script} ended with ${child.exitCode ?? child.signalCode}: ${output}`)
  return { process: child, ask: (command, input) => ask(child, command, input), stop }
}

let asked = 0

function ask<T>(child: ChildProcess, command: string, input: unknown): Promise<T> {
  const id = ++asked
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`a process ended while it ran ${command}`))
    const onMessage = (message: { id?: number; answer?: T; error?: string }) => {
      if (message.id !== id) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      if (message.error === undefined) resolve(message.answer as T)
      else reject(new Error(message.error))
    }
    child.on('message', onMessage)
    child.once('exit', onExit)
    child.send({ id, command, input })
  })
}
