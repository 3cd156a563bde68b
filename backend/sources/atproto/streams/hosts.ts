import { z } from 'zod'
import { RetryLater } from '../../../base/errors'
import type { Stream } from '../../../contract'
import { listHosts } from '../client'
import { hostOf } from '../hosts'
import type { AtprotoParams } from '../params'
import { hostTask } from '../plan'
import { type Batch, write } from '../store'
import { MAX_EMPTY } from './discovery'

const hostsCursor = z.object({ at: z.string().optional(), empty: z.number().int().default(0) })
type HostsCursor = z.infer<typeof hostsCursor>

/** Hosts the relay itself does not read from. */
const OFFLINE: ReadonlySet<string> = new Set(['banned'])

/** `pds.example.com` as requests name it; loopback hosts of a sandbox are not https. */
const named = (hostname: string): string | { fault: string } =>
  hostOf(/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(hostname) ? `http://${hostname}` : `https://${hostname}`)

/** Every host the relay reads from, a task for each. */
export const hosts: Stream<HostsCursor, Batch, AtprotoParams> = {
  queue: 'atproto_backfill_queue',
  cursor: hostsCursor,
  async read({ cursor }, io) {
    const page = await listHosts(io, cursor.at)
    if (page.cursor !== undefined && page.cursor === cursor.at && page.hosts.length > 0)
      throw new RetryLater('repeated_cursor', `the list of hosts repeats its cursor ${page.cursor.slice(0, 60)}`)
    const names = page.hosts.filter(({ status = '' }) => !OFFLINE.has(status)).map(({ hostname }) => ({ hostname, host: named(hostname) }))
    const empty = page.hosts.length === 0 ? cursor.empty + 1 : 0
    const isOver = page.cursor === undefined || empty >= MAX_EMPTY
    return {
      batch: {},
      next: isOver ? null : { at: page.cursor, empty },
      tasks: names.flatMap(({ host }) => (typeof host === 'string' ? [hostTask(host)] : [])),
      notes: names.flatMap(({ hostname, host }) =>
        typeof host === 'string' ? [] : [`the relay's host ${hostname.slice(0, 100)} ${host.fault}`],
      ),
    }
  },
  write,
}
