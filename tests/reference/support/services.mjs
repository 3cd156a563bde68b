import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'dotenv'
import pg from 'pg'
import { gone, made } from './leavings.mjs'
import { until } from './until.mjs'

/*
 * A database and a vhost of our own for each use, on the services that the suite itself would use. Others' are never touched.
 */

export const ROOT = join(import.meta.dirname, '..', '..', '..')
const run = promisify(execFile)

/** What the environment says, then `.env`, then what `./scripts/setup` has found. */
export function setting(name, fallback) {
  const files = ['.env', '.backhaul/services'].map((file) => join(ROOT, file)).filter((file) => existsSync(file))
  const places = [process.env, ...files.map((file) => parse(readFileSync(file)))]
  return places.map((place) => place[name]).find((value) => value) ?? fallback
}

const databaseUrl = () => setting('DATABASE_URL', 'postgresql://backhaul:backhaul@127.0.0.1:5432/backhaul')
const rabbitmqUrl = () => setting('RABBITMQ_URL', 'amqp://guest:guest@127.0.0.1:5672')

const named = (url, name) => {
  const made = new URL(url)
  made.pathname = `/${name}`
  return made.toString()
}

async function statement(sql) {
  const client = new pg.Client({ connectionString: databaseUrl() })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Two ways to make a vhost: the management API on its usual port, and the node's own command. */
const ways = () => {
  const { hostname, username, password } = new URL(rabbitmqUrl())
  const user = decodeURIComponent(username)
  const authorization = `Basic ${btoa(`${user}:${decodeURIComponent(password)}`)}`
  const api = async (method, path, body) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(`http://${hostname}:15672/api/${path}`, { method, headers, body, signal: AbortSignal.timeout(5000) })
    if (!answer.ok) throw new Error(`the management API answers ${answer.status}`)
  }
  const all = { configure: '.*', write: '.*', read: '.*' }
  return [
    {
      async add(vhost) {
        await api('PUT', `vhosts/${vhost}`)
        await api('PUT', `permissions/${vhost}/${encodeURIComponent(user)}`, JSON.stringify(all))
      },
      remove: (vhost) => api('DELETE', `vhosts/${vhost}`),
    },
    {
      async add(vhost) {
        await run('rabbitmqctl', ['add_vhost', vhost])
        await run('rabbitmqctl', ['set_permissions', '-p', vhost, user, ...Object.values(all)])
      },
      remove: (vhost) => run('rabbitmqctl', ['delete_vhost', vhost]),
    },
  ]
}

async function byEither(what, work) {
  const faults = []
  for (const way of ways()) {
    try {
      return await work(way)
    } catch (error) {
      faults.push(error.message.split('\n')[0])
    }
  }
  throw new Error(
    `No vhost of our own can be ${what} at ${new URL(rabbitmqUrl()).host} (${faults.join('; ')}): enable its management plugin, or run this where rabbitmqctl may be used.`,
  )
}

export const removeVhost = (vhost) => byEither('removed', (way) => way.remove(vhost))

export const dropDatabase = (name) =>
  until(() => statement(`drop database if exists ${name} with (force)`).then(() => true), { what: `${name} to be dropped` })

const vhost = {
  async add(name) {
    made('vhost', name)
    await byEither('made', (way) => way.add(name))
  },
  async remove(name) {
    await removeVhost(name)
    gone('vhost', name)
  },
}

const database = {
  async add(name, template = 'template1') {
    made('database', name)
    await statement(`create database ${name} template ${template}`)
  },
  async remove(name) {
    await dropDatabase(name)
    gone('database', name)
  },
}

/** Makes empty databases with the tables of this version, each with a vhost. */
export async function openServices() {
  const template = `reference_${randomBytes(6).toString('hex')}`
  const open = new Set()
  await database.add(template)
  try {
    const env = { ...process.env, DATABASE_URL: named(databaseUrl(), template) }
    await run(process.execPath, [join(ROOT, 'dist/scripts/migrate.js')], { cwd: ROOT, env })
  } catch (error) {
    await database.remove(template)
    throw error
  }
  return {
    async make() {
      const name = `reference_${randomBytes(6).toString('hex')}`
      const own = {
        databaseUrl: named(databaseUrl(), name),
        rabbitmqUrl: named(rabbitmqUrl(), name),
        async close() {
          if (!open.delete(own)) return
          await database.remove(name)
          await vhost.remove(name)
        },
      }
      open.add(own)
      await vhost.add(name)
      await database.add(name, template)
      return own
    },
    async close() {
      for (const one of [...open]) await one.close()
      await database.remove(template)
    },
  }
}
