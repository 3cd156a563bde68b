import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import pg from 'pg'
import { until } from './until.mjs'

/*
 * A database and a vhost of our own for each use, on the services that the suite itself would use. Others' are never touched.
 */

export const ROOT = join(import.meta.dirname, '..', '..', '..')
const run = promisify(execFile)

/** What the environment says, then `.env`, then what `./scripts/setup` has found. */
export function setting(name, fallback) {
  const files = ['.env', '.backhaul/services'].map((file) => join(ROOT, file)).filter((file) => existsSync(file))
  const places = [process.env, ...files.map((file) => parseEnv(readFileSync(file, 'utf8')))]
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
const ways = (vhost) => {
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
      async add() {
        await api('PUT', `vhosts/${vhost}`)
        await api('PUT', `permissions/${vhost}/${encodeURIComponent(user)}`, JSON.stringify(all))
      },
      remove: () => api('DELETE', `vhosts/${vhost}`),
    },
    {
      async add() {
        await run('rabbitmqctl', ['add_vhost', vhost])
        await run('rabbitmqctl', ['set_permissions', '-p', vhost, user, ...Object.values(all)])
      },
      remove: () => run('rabbitmqctl', ['delete_vhost', vhost]),
    },
  ]
}

/** @returns how to remove it again */
async function addVhost(vhost) {
  const faults = []
  for (const way of ways(vhost)) {
    try {
      await way.add()
      return way.remove
    } catch (error) {
      faults.push(error.message.split('\n')[0])
    }
  }
  throw new Error(
    `No vhost of our own can be made at ${new URL(rabbitmqUrl()).host} (${faults.join('; ')}): enable its management plugin, or run this where rabbitmqctl may be used.`,
  )
}

const dropDatabase = (name) =>
  until(() => statement(`drop database if exists ${name} with (force)`).then(() => true), { what: `${name} to be dropped` })

/** Makes empty databases with the tables of this version, each with a vhost. */
export async function openServices() {
  const template = `reference_${randomBytes(6).toString('hex')}`
  const open = new Set()
  await statement(`create database ${template}`)
  try {
    const env = { ...process.env, DATABASE_URL: named(databaseUrl(), template) }
    await run(process.execPath, [join(ROOT, 'dist/scripts/migrate.js')], { cwd: ROOT, env })
  } catch (error) {
    await dropDatabase(template)
    throw error
  }
  let closed = false
  const making = new Set()

  async function make() {
    const name = `reference_${randomBytes(6).toString('hex')}`
    const remove = await addVhost(name)
    const made = {
      databaseUrl: named(databaseUrl(), name),
      rabbitmqUrl: named(rabbitmqUrl(), name),
      async close() {
        if (!open.delete(made)) return
        await dropDatabase(name)
        await remove()
      },
    }
    open.add(made)
    await statement(`create database ${name} template ${template}`)
    return made
  }

  return {
    async make() {
      if (closed) throw new Error('the suite is being closed')
      const one = make()
      making.add(one)
      return await one.finally(() => making.delete(one))
    },
    async close() {
      closed = true
      await Promise.allSettled(making)
      for (const one of [...open]) await one.close()
      await dropDatabase(template)
    },
  }
}
