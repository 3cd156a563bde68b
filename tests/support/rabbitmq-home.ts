import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const APPLICATIONS = /\{applications,\s*\[([^\]]*)\]/

/** Links each of these entries of `from` into the new folder `to`. */
function link(from: string, to: string, entries: readonly string[]): void {
  mkdirSync(to)
  for (const entry of entries) symlinkSync(join(from, entry), join(to, entry))
}

/** The folders in `plugins` of these applications and of all that they need; undefined where RabbitMQ is laid out in another way. */
function foldersOf(plugins: string, wanted: readonly string[]): string[] | undefined {
  const there = existsSync(plugins) ? readdirSync(plugins) : []
  const folders: string[] = []
  const names = new Set(wanted)
  // A set takes more while it is walked.
  for (const name of names) {
    const folder = there.find((entry) => entry.startsWith(`${name}-`))
    const description = folder && join(plugins, folder, 'ebin', `${name}.app`)
    if (description && existsSync(description)) {
      folders.push(folder)
      for (const needed of APPLICATIONS.exec(readFileSync(description, 'utf8'))?.[1]?.match(/\w+/g) ?? []) names.add(needed)
    } else if (wanted.includes(name)) return undefined
  }
  return folders
}

/**
 * A home of RabbitMQ in `folder` with links to its scripts and to no more applications than it needs. Erlang looks for each of 800
 * modules in one folder after another, and a whole RabbitMQ has 70 of them: 50,000 files that are not there, two fifths of a start.
 * @returns the command of the server in that home; where RabbitMQ is laid out in another way, the whole one's
 */
export function slimServer(folder: string, server: string, applications: readonly string[]): string {
  const real = realpathSync(server)
  const scripts = dirname(real)
  const whole = dirname(scripts)
  const plugins = foldersOf(join(whole, 'plugins'), applications)
  if (!plugins) return real
  const home = join(folder, 'home')
  const own = [basename(scripts), 'plugins']
  link(
    whole,
    home,
    readdirSync(whole).filter((entry) => !own.includes(entry)),
  )
  link(scripts, join(home, basename(scripts)), readdirSync(scripts))
  link(join(whole, 'plugins'), join(home, 'plugins'), plugins)
  return join(home, basename(scripts), basename(real))
}
