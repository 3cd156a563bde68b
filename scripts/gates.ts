import type { Command } from 'commander'
import type { Span } from '../backend/contract'
import { isLearned, type LimitInForce } from '../backend/gate/limits'
import type { GateRow } from '../backend/gate/store'
import { limitText } from '../backend/service/jobs/estimate'
import { gateStates, stateOf } from '../backend/service/suite/gates'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { createProgram, main } from './cli/main'
import { count, duration, moment, table, toJson } from './cli/text'

/** `yarn gates`: how much of each limit is used, and what has to wait. */
export function build(context: Context): Command {
  return createProgram('yarn gates', 'Shows each limit, how much of it is used, and what holds it up.', context)
    .option('--json', 'print JSON only')
    .action((options: { json?: boolean }) => show(context, options))
}

async function show(context: Context, options: { json?: boolean }): Promise<void> {
  const { terminal } = context
  const { gates, now } = await gateStates(context.service(sources))
  if (options.json) {
    terminal.out(toJson(gates.map(({ name, limit, row }) => ({ ...row, name, state: stateOf(row), limit }))))
    return
  }
  const head = ['gate', 'state', 'limit', 'used', 'in flight', 'next free', 'held up', 'granted', 'waits', 'throttled']
  const rows = gates.map(({ name, limit, row }) => [
    name,
    stateOf(row),
    limitText(limit),
    usedText(limit, row),
    row?.inFlight ?? 0,
    freeText(row, now),
    heldText(row, now),
    Number(row?.granted ?? 0),
    Number(row?.waits ?? 0),
    Number(row?.throttled ?? 0),
  ])
  terminal.out(table(head, rows))
}

const inFuture = (at: Date | null | undefined, now: Date): number => Math.max(0, (at?.getTime() ?? 0) - now.getTime())

function usedText(limit: LimitInForce, row: GateRow | undefined): string {
  const windows: [span: Span, allowed: number | undefined][] = [
    ['requests', limit.requests],
    ['day', limit.perDay],
  ]
  const parts = windows.flatMap(([span, allowed]) => {
    if (allowed === undefined) return []
    return [`${count(row?.used[span] ?? 0)} of ${count(allowed)}${isLearned(limit, span, row?.learned) ? ' (learned)' : ''}`]
  })
  return parts.join(', ')
}

/** When a limit with spacing grants the next request; a full window shows under `used`. */
function freeText(row: GateRow | undefined, now: Date): string {
  const waits = Math.max(inFuture(row?.nextAt, now), inFuture(row?.blockedUntil, now), inFuture(row?.trippedUntil, now))
  return waits > 0 ? `in ${duration(waits)}` : 'now'
}

function heldText(row: GateRow | undefined, now: Date): string {
  if (!row) return ''
  const parts: string[] = []
  if (row.blockedUntil) parts.push(`blocked until ${moment(row.blockedUntil)} UTC: ${row.blockedReason ?? 'unknown reason'}`)
  if (row.trippedUntil) parts.push(`tripped after ${row.failures} failures, next try in ${duration(inFuture(row.trippedUntil, now))}`)
  else if (row.failures > 0) parts.push(`${row.failures} failures in a row`)
  return parts.join('; ')
}

if (require.main === module) void main(build)
