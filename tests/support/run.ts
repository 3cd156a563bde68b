import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, openSync, readdirSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * One directory for a jest run. Every service lives in a folder of it, with its process id in `pid`; whoever finds the
 * jest process gone (a watchdog at once, the next run at the latest) ends them all and removes the directory.
 */

const PREFIX = 'backhaul-test-'
const MEMORY = '/dev/shm'
/** A run takes a fraction of it; a container may have 64 MB. */
const ROOM_BYTES = 4 * 2 ** 30
const reaper = join(__dirname, 'reap.sh')
const IN_RUN = 'BACKHAUL_TEST_RUN'

const alive = (pid: number): boolean => {
  if (Number.isNaN(pid)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * In memory where there is room: creating a database of hundreds of files costs a fifth of what it costs on a disk. Whoever kills a
 * service finds its files again all the same.
 */
function parentFolder(): string {
  if (!existsSync(MEMORY)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize < ROOM_BYTES ? tmpdir() : MEMORY
}

/** Makes the directory of this run, cleans up after runs that were killed, and starts the watchdog. */
export function beginRun(): string {
  for (const parent of [tmpdir(), MEMORY].filter((folder) => existsSync(folder))) {
    for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX))) {
      const owner = Number(name.slice(PREFIX.length).split('-')[0])
      if (!alive(owner)) spawnSync('sh', [reaper, join(parent, name)])
    }
  }
  const run = mkdtempSync(join(parentFolder(), `${PREFIX}${process.pid}-`))
  chmodSync(run, 0o755)
  if (process.getuid?.() === 0) giveToServant(run)
  spawn('sh', [reaper, run, String(process.pid)], { detached: true, stdio: 'ignore' }).unref()
  process.env[IN_RUN] = run
  return run
}

/** The directory of this run. */
export function currentRun(): string {
  const run = process.env[IN_RUN]
  if (!run) throw new Error('no test run: start the tests with jest and its jest.config.js')
  return run
}

/** Ends every service of this run. */
export function endRun(): void {
  const run = process.env[IN_RUN]
  if (run && existsSync(run)) spawnSync('sh', [reaper, run])
}

/** PostgreSQL refuses to run as root: root runs the services as the first of these that exists. */
function giveToServant(run: string): void {
  const user = ['postgres', 'rabbitmq', 'nobody'].find((name) => spawnSync('id', [name]).status === 0)
  if (user === undefined) return
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, user], { encoding: 'utf8' }))) as [number, number]
  chownSync(run, uid, gid)
}

/** Whom the services run as: the owner of the run's directory, where another than this user. */
function servant(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const { uid, gid } = statSync(currentRun())
  return uid === 0 ? {} : { uid, gid }
}

/** A new folder in the run, owned by whom the services run as. */
export function makeFolder(name: string): string {
  // A counter would not do: jest runs many files in one process, each with a copy of this module of its own.
  const folder = mkdtempSync(join(currentRun(), `${name}-`))
  own(folder)
  return folder
}

/** Gives a file or folder to whom the services run as. */
export function own(path: string): void {
  const { uid, gid } = servant()
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

/** Runs a command to its end as whom the services run as; throws with what it wrote when it fails. */
export function runAs(folder: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const options = {
    ...servant(),
    cwd: folder,
    env: { ...plainEnv(), HOME: folder, ...env },
    encoding: 'utf8' as const,
    maxBuffer: 64 << 20,
  }
  const done = spawnSync(command, args, options)
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${done.error?.message ?? `${done.stdout}${done.stderr}`.trim()}`)
  return done.stdout
}

/** Starts a service in a process group of its own that outlives this jest worker; its output goes to `log` in its folder. */
export function launch(folder: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(command, args, {
    ...servant(),
    cwd: folder,
    env: { ...plainEnv(), HOME: folder, ...env },
    detached: true,
    stdio: ['ignore', log, log],
  })
  child.unref()
  // A command that cannot be started shows as a service that never answers; its log says nothing then.
  child.on('error', (error) => writeFileSync(join(folder, 'log'), `${error.message}\n`, { flag: 'a' }))
  if (child.pid === undefined) throw new Error(`${command} cannot be started`)
  return child.pid
}

/** The settings of a live suite must not reach the services of a test. */
function plainEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|RABBITMQ_|ERL_)/.test(name)))
}

/** Sends a signal to a process, or to its whole group; one that is gone already is no fault. */
export function signal(pid: number, name: NodeJS.Signals, { group = false } = {}): void {
  if (Number.isNaN(pid)) return
  try {
    process.kill(group ? -pid : pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export const isAlive = alive

const FIRST_PORT = 20_000
/** From here on systems take ports for outgoing connections: one of those could take a port before its service does. */
const END_OF_PORTS = 32_768

/** A TCP port that nobody uses, and that no other test of this run is given. */
export async function freePort(): Promise<number> {
  const port = randomInt(FIRST_PORT, END_OF_PORTS)
  return reserve(port) && (await canListen(port)) ? port : await freePort()
}

function reserve(port: number): boolean {
  try {
    writeFileSync(join(currentRun(), `port-${port}`), '', { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** The first of these folders that holds the command; `PATH` is searched as well. */
export function findBinary(command: string, folders: readonly string[]): string | undefined {
  const path = (process.env.PATH ?? '').split(':')
  return [...folders, ...path].map((folder) => join(folder, command)).find((file) => existsSync(file))
}
