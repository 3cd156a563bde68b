import { addSamples, addUses } from '../../base/flush-counts'
import { groupBy } from '../../base/group'
import type { Reader } from '../../base/sql'
import { REQUEST_FIGURES } from '../../base/uses'
import { apiOf } from '../../gate/limits'
import type { Service } from '../base/context'
import { useNow } from './gate-use'
import { type GateState, gateStates, stateOf } from './gates'

/*
 * What a chart of a limit needs and no counter has: how full it is, and what waits for it. Each reading adds to the samples of its minute;
 * divided by the number of readings they are averages, also after they were added up to longer spans.
 */

/** Names of the samples. */
export const READINGS = { count: 'gate_readings', use: 'gate_use', waiting: 'gate_waiting', closed: 'gate_closed' } as const

/** How often the scheduler reads, ms. */
export const READ_EVERY_MS = 15_000

/** Tasks that wait for a gate, by job. */
export interface WaitingTasks {
  gate: string
  job: string
  tasks: number
}

/** Only ready tasks of admitted jobs wait for a gate, and there are never more of them than places. */
export const waitingTasks = (db: Reader): Promise<WaitingTasks[]> =>
  db.query<WaitingTasks>(
    `select t.waiting_on as gate, t.job_id as job, count(*)::int as tasks from backhaul.jobs j join backhaul.tasks t on t.job_id = j.id
      where j.admitted and t.claim is null and t.state = 'ready' and t.waiting_on is not null and t.held_by is null and t.due_at > clock_timestamp()
        and t.waiting_on is distinct from t.error_kind group by 1, 2`,
  )

export const limitOf = (gate: string): string => gate.split(':')[0] ?? gate

interface Sample {
  name: string
  limit: string
  value: number
}

/** Reads the gates that are in use, and adds the reading to the samples of this minute: one row for each limit in use, not for each host. */
export async function readGates(service: Pick<Service, 'db' | 'limits'>): Promise<void> {
  const { db, limits } = service
  const waiting = await waitingTasks(db)
  const names = [...new Set(waiting.map(({ gate }) => gate))]
  const { gates, now } = await gateStates(service, Number.POSITIVE_INFINITY, names)
  const closed = new Set(gates.filter(({ row }) => stateOf(row) !== 'ready').map(({ name }) => name))
  const known = waiting.filter(({ gate }) => limits.has(limitOf(gate)))
  const samples = [...useSamples(gates, now), ...waitSamples(known, closed)].filter(({ value }) => value > 0)
  await addSamples(db, [
    { name: READINGS.count, labels: '{}', value: 1 },
    ...samples.map(({ name, limit, value }) => ({ name, labels: JSON.stringify({ limit }), value })),
  ])
  await noteWaits(db, known)
}

function useSamples(gates: readonly GateState[], now: Date): Sample[] {
  return [...groupBy(gates, ({ name }) => limitOf(name))].map(([limit, rows]) => ({
    name: READINGS.use,
    limit,
    value: Math.max(...rows.map((gate) => useNow(gate.limit, gate.row, now))),
  }))
}

function waitSamples(waiting: readonly WaitingTasks[], closed: ReadonlySet<string>): Sample[] {
  const kinds = groupBy(waiting, ({ gate }) => JSON.stringify([limitOf(gate), closed.has(gate)]))
  return [...kinds].map(([key, rows]) => {
    const [limit, isClosed] = JSON.parse(key) as [string, boolean]
    return { name: isClosed ? READINGS.closed : READINGS.waiting, limit, value: rows.reduce((sum, { tasks }) => sum + tasks, 0) }
  })
}

const WAIT_AT = REQUEST_FIGURES.indexOf('waitMs')

/** Each task that waits now has waited since the last reading: added to its job. */
async function noteWaits(db: Reader, waiting: readonly WaitingTasks[]): Promise<void> {
  const byJob = groupBy(waiting, ({ gate, job }) => JSON.stringify([job, apiOf(limitOf(gate))]))
  await addUses(
    db,
    [...byJob].map(([key, mine]) => {
      const [who, api] = JSON.parse(key) as [string, string]
      const waitMs = mine.reduce((sum, { tasks }) => sum + tasks, 0) * READ_EVERY_MS
      return { who, api, counts: [...new Array<number>(WAIT_AT).fill(0), waitMs] }
    }),
  )
}
