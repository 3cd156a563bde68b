import type { Command } from 'commander'
import type { Limit } from '../backend/engine/source'
import { createGate } from '../backend/gate/gate'
import { effectiveLimits, type Limits } from '../backend/gate/limits'
import type { GateRow } from '../backend/gate/store'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { limitText } from './cli/estimate'
import { createProgram, main } from './cli/main'
import { count, duration, moment, table, toJson } from './cli/text'

interface Shown {
  name: string
  limit: Limit
  /** Absent: nothing was asked of it yet. */
  row?: GateRow
}

/** `yarn gates`: how much of each limit is used, and who has to wait. */
export function build(context: Context): Command {
  return createProgram('yarn gates', 'Every limit: what it grants, what is used of it, and what holds it up.', context)
    .option('--json', 'print JSON and nothing else')
    .action((options: { json?: boolean }) => show(context, options))
}

/** Limits nobody has used have no row yet; rows of hosts and keys stand under their limit. */
function join(limits: Limits, rows: readonly GateRow[]): Shown[] {
  return [...limits].flatMap(([name, limit]) => {
    const own = rows.filter((row) => row.name === name || row.name.startsWith(`${name}:`))
    return own.length === 0 ? [{ name, limit }] : own.map((row) => ({ name: row.name, limit, row }))
  })
}

async function show({ config, db, terminal }: Context, options: { json?: boolean }): Promise<void> {
  const limits = effectiveLimits(sources, config.limits)
  // Asked first, because the gate waits for a database that is away where a command should say so.
  const [clock] = await db.query<{ now: Date }>('select clock_timestamp() as now')
  const gates = join(limits, await createGate(db, limits).list())
  if (options.json) {
    terminal.out(toJson(gates.map(({ name, limit, row }) => ({ ...row, name, limit }))))
    return
  }
  const now = clock?.now ?? new Date()
  const head = ['gate', 'limit', 'used', 'in flight', 'next free', 'held up', 'granted', 'throttled']
  const rows = gates.map(({ name, limit, row }) => [
    name,
    limitText(limit),
    usedText(limit, row),
    row?.inFlight ?? 0,
    freeText(row, now),
    heldText(row, now),
    Number(row?.granted ?? 0),
    Number(row?.throttled ?? 0),
  ])
  terminal.out(table(head, rows))
}

const inFuture = (at: Date | null | undefined, now: Date): number => Math.max(0, (at?.getTime() ?? 0) - now.getTime())

function usedText(limit: Limit, row: GateRow | undefined): string {
  const windows: [used: number | undefined, allowed: number | undefined][] = [
    [row?.used.requests, limit.requests],
    [row?.used.day, limit.perDay],
  ]
  const parts = windows.flatMap(([used, allowed]) => (allowed === undefined ? [] : [`${count(used ?? 0)} of ${count(allowed)}`]))
  return parts.join(', ')
}

/** Of a spaced limit; a full window says so under `used`. */
function freeText(row: GateRow | undefined, now: Date): string {
  const waits = Math.max(inFuture(row?.nextAt, now), inFuture(row?.blockedUntil, now), inFuture(row?.openUntil, now))
  return waits > 0 ? `in ${duration(waits)}` : 'now'
}

function heldText(row: GateRow | undefined, now: Date): string {
  if (!row) return ''
  const parts: string[] = []
  if (row.blockedUntil) parts.push(`blocked until ${moment(row.blockedUntil)} UTC: ${row.blockedReason ?? 'no reason kept'}`)
  if (row.openUntil) parts.push(`breaker open after ${row.failures} failures, tries again in ${duration(inFuture(row.openUntil, now))}`)
  else if (row.failures > 0) parts.push(`${row.failures} failures in a row`)
  return parts.join('; ')
}

if (require.main === module) void main(build)
