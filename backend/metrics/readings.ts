import { version } from '../../package.json'
import { groupBy } from '../base/group'
import { GATE_STATES, JOB_STATUSES, TASK_STATES } from '../base/vocabulary'
import { schedulersAlive } from '../engine/jobs/progress'
import { ALERTS } from '../engine/upkeep/event-keys'
import { sourceAlerts } from '../engine/upkeep/source-checks'
import { databaseCache } from '../service/base/caches'
import type { Service } from '../service/base/context'
import { listQueues, queueDepths } from '../service/queues/queues'
import { type GateState, gateStates, stateOf } from '../service/suite/gates'
import type { Reading, ReadingName } from './gauges'
import { asOne, CHEAP, COSTLY } from './questions'

const costlyReadings = databaseCache<Reading[]>(1000)

/** Known label values without a row, as 0: a rule cannot compare an absent series. */
function zeros({ sources }: Pick<Service, 'sources'>): Reading[] {
  const zero = (name: ReadingName, labels: Record<string, string>): Reading => ({ name, labels, value: 0 })
  return [
    ...sources.flatMap(({ name: source }) => JOB_STATUSES.map((status) => zero('backhaul_jobs', { source, status }))),
    ...sources.flatMap((source) => Object.keys(source.lookups ?? {})).map((kind) => zero('backhaul_lookups_open', { kind })),
    ...sources.flatMap((source) =>
      Object.keys(source.workers).flatMap((app) => ['alive', 'dead'].map((state) => zero('backhaul_workers', { app, state }))),
    ),
    ...[...new Set(sources.flatMap((source) => Object.values(source.streams).map((stream) => stream.queue)))].flatMap((queue) =>
      TASK_STATES.map((state) => zero('backhaul_tasks', { queue, state })),
    ),
    ...Object.keys({ ...ALERTS, ...sourceAlerts(sources) }).map((kind) => zero('backhaul_alerts', { kind })),
    ...['pending', 'delivered', 'failed'].map((state) => zero('backhaul_deliveries', { state })),
    ...['active', 'paused', 'failing'].map((state) => zero('backhaul_schedules', { state })),
  ]
}

/** Every gauge, and the counters of the gate. @throws what the database throws */
export async function readings(service: Service): Promise<Reading[]> {
  const { db } = service
  const [cheap, costly, queues, gates, schedulers] = await Promise.all([
    db.query<Reading>(asOne(CHEAP)),
    costlyReadings(service).get('', () => db.query<Reading>(asOne(COSTLY))),
    queueReadings(service),
    gateStates(service),
    schedulersAlive(db),
  ])
  const read: Reading[] = [
    { name: 'backhaul_build_info', labels: { version }, value: 1 },
    { name: 'backhaul_schedulers', labels: {}, value: schedulers },
    ...cheap,
    ...costly,
    ...queues,
    ...gateReadings(gates),
  ]
  const there = new Set(read.map(keyOf))
  return [...read, ...zeros(service).filter((reading) => !there.has(keyOf(reading)))]
}

const keyOf = ({ name, labels }: Reading): string => JSON.stringify([name, Object.entries(labels).sort()])

async function queueReadings(service: Service): Promise<Reading[]> {
  const [queues, depths] = await Promise.all([listQueues(service), queueDepths(service)])
  const of = (name: ReadingName, queue: string, value: number | null | undefined): Reading[] =>
    value == null ? [] : [{ name, labels: { queue }, value }]
  return [
    { name: 'backhaul_broker_up', labels: {}, value: depths ? 1 : 0 },
    ...queues.flatMap(({ name, due, oldestDueMs }) => [
      ...of('backhaul_queue_due_tasks', name, due),
      ...of('backhaul_queue_oldest_due_seconds', name, (oldestDueMs ?? 0) / 1000),
    ]),
    ...[...(depths ?? [])].flatMap(([name, { ready, consumers, dead }]) => [
      ...of('backhaul_queue_messages', name, ready),
      ...of('backhaul_queue_consumers', name, consumers),
      ...of('backhaul_dead_letters', name, dead),
    ]),
  ]
}

/** Combines the rows of hosts, keys and accounts under their limit. */
function gateReadings({ gates, now }: { gates: readonly GateState[]; now: Date }): Reading[] {
  const byLimit = groupBy(gates, ({ name }) => name.split(':')[0] ?? name)
  return [...byLimit].flatMap(([limit, rows]) => limitReadings(limit, rows, now))
}

function limitReadings(limit: string, rows: readonly GateState[], now: Date): Reading[] {
  const there = rows.flatMap(({ row }) => row ?? [])
  const sum = (figure: (row: (typeof there)[number]) => number) => there.reduce((total, row) => total + figure(row), 0)
  const most = (figure: (row: (typeof there)[number]) => number) => Math.max(0, ...there.map(figure))
  const of = (name: ReadingName, value: number, more: Record<string, string> = {}): Reading => ({ name, labels: { limit, ...more }, value })
  const windows = [
    ['requests', rows[0]?.limit.requests],
    ['day', rows[0]?.limit.perDay],
  ] as const
  return [
    ...windows.flatMap(([span, allowed]) =>
      allowed === undefined
        ? []
        : [
            of(
              'backhaul_gate_used',
              most((row) => row.used[span] ?? 0),
              { span },
            ),
            of('backhaul_gate_allowed', allowed, { span }),
          ],
    ),
    of(
      'backhaul_gate_in_flight',
      sum((row) => row.inFlight),
    ),
    of(
      'backhaul_gate_wait_seconds',
      most((row) => secondsTo(now, row.nextAt, row.blockedUntil, row.trippedUntil)),
    ),
    ...GATE_STATES.map((state) => of('backhaul_gates', rows.filter((gate) => stateOf(gate.row) === state).length, { state })),
    of(
      'backhaul_gate_granted_total',
      sum((row) => Number(row.granted)),
    ),
    of(
      'backhaul_gate_waits_total',
      sum((row) => Number(row.waits)),
    ),
    of(
      'backhaul_gate_throttled_total',
      sum((row) => Number(row.throttled)),
    ),
  ]
}

const secondsTo = (now: Date, ...moments: (Date | null)[]): number =>
  Math.max(0, ...moments.map((moment) => ((moment?.getTime() ?? 0) - now.getTime()) / 1000))
