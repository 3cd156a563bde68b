import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { Tx } from '../../backend/base/sql'
import type { Source } from '../../backend/contract'
import { turnsOf } from '../../backend/engine/jobs/admission'
import { progress } from '../../backend/engine/jobs/progress'
import { claimLookups } from '../../backend/engine/lookups/store'
import { wakeLookups } from '../../backend/engine/lookups/wake'
import { wake } from '../../backend/engine/wake'
import { sources } from '../../backend/sources'
import type { Broker } from '../../queues/broker'
import { type Figure, listOf, median, quantile } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { startJobs } from '../base/jobs'
import { rest, until } from '../base/wait'

import { rowsReadBy } from './rows-read'
import { noSums, type Sums, syntheticSource } from './synthetic'
import { type SyntheticSuite, syntheticSuite } from './synthetic-suite'

const run = promisify(execFile)
const DIST = join(__dirname, '..', '..')
const PORT = 39_427
const STEPS = [10, 1_000, 20_000]
/** Jobs wait behind those that are read, which go first. */
const LAST = '9'
/** Jobs that are read meanwhile, in turns of one page, so that each page takes a wake-up, a claim and a release. */
const READ = { jobs: 6, pages: 5_000, rows: [20] }
const LISTS = ['/api/jobs?limit=50', '/api/jobs?status=queued&limit=50', '/api/jobs?source=eve&limit=100']

interface Step {
  jobs: number
  queueS: number
  pages: number
  listMs: number[]
  tickMs: number[]
  wakeMs: number[]
  lookupsMs: number[]
  metricsMs: number[]
  commandS: { list: number; doctor: number }
  rows: { wake: number; list: number; lookups: number }
}

/** How the suite's own costs grow with the jobs and lookups that wait. */
export const scale: Bench = {
  about: 'what the suite costs with few and with many jobs and lookups that wait: queueing, pages, lists, ticks, wake-ups',
  sizes: {
    jobs: { full: 100_000, small: 2_000, about: 'jobs that wait at the last step, with as many open lookups' },
    seconds: { full: 10, small: 3, about: 'how long pages are counted at each step' },
  },
  async run(ground, { jobs = 0, seconds = 0 }) {
    const suite = await syntheticSuite(ground, sources)
    await ground.start('backend/bin/api.js', [], { API_PORT: String(PORT), METRICS_PORT: String(PORT + 1) })
    const steps: Step[] = []
    for (const count of [...STEPS.filter((step) => step < jobs), jobs]) steps.push(await measure(ground, suite, count, seconds))
    ground.print(tableOf(steps))
    return figuresOf(steps)
  },
}

async function measure(ground: Ground, suite: SyntheticSuite, jobs: number, seconds: number): Promise<Step> {
  const { db, broker } = ground
  await db.query('truncate rows, backhaul.jobs, backhaul.lookups, backhaul.gates cascade')
  const queueS = await queue(ground, jobs)
  await db.query(
    `insert into backhaul.lookups (kind, id, jobs, priority, asked_at)
     select 'character', n, array[id], 2, now() - interval '1 minute' from (select row_number() over () as n, id from backhaul.jobs) j`,
  )
  // As autovacuum does within a minute.
  await db.query('analyze backhaul.lookups')
  const worker = await suite.worker(0)
  const source = syntheticSource(noSums()) as Source
  await startJobs(
    ground,
    source,
    Array.from({ length: READ.jobs }, (_, n) => ({ name: `${jobs} ${n}`, tasks: 1, pages: READ.pages, rows: READ.rows, gated: true })),
  )
  const pages = async () => (await worker.ask<Sums>('sums')).pages
  await until(async () => (await pages()) > 20, 60_000, 'pages to be read')
  suite.ticks.length = 0
  const before = await pages()
  await rest(seconds * 1000)
  const read = ((await pages()) - before) / seconds
  const tickMs = [...suite.ticks]
  const lookup = { kind: 'character', queue: 'esi_character_info_queue', batch: 1000 } as const
  const ids = (await db.query<{ id: string }>('select id from backhaul.jobs order by arrival desc limit 50')).map((row) => row.id)
  const unheard: Broker = { ...broker, publish: async (messages) => messages.map(() => 'confirmed' as const) }
  const works = {
    wake: (tx: Tx) => wake(tx, unheard),
    list: (tx: Tx) => Promise.all([progress(tx, ids), turnsOf(tx, ids)]),
    lookups: async (tx: Tx) => {
      await wakeLookups(tx, unheard, lookup.kind, lookup)
      await claimLookups(tx, lookup.kind, lookup.batch, [], 'bench')
    },
  }
  const step: Step = {
    jobs,
    queueS,
    pages: read,
    tickMs,
    listMs: await times(30, (n) => fetched(`http://127.0.0.1:${PORT}${LISTS[n % LISTS.length]}`)),
    wakeMs: await times(20, () => db.tx(works.wake)),
    lookupsMs: await times(5, () => db.tx(works.lookups)),
    metricsMs: await times(5, () => fetched(`http://127.0.0.1:${PORT + 1}/metrics`)),
    commandS: {
      list: await commandS(ground, 'jobs', ['list']),
      doctor: await commandS(ground, 'doctor', []),
    },
    rows: {
      wake: await rowsReadBy(db, works.wake),
      list: await rowsReadBy(db, works.list),
      lookups: await rowsReadBy(db, works.lookups),
    },
  }
  await worker.stop()
  return step
}

/** Queues so many jobs as a person does. @returns how long the command took, s */
async function queue(ground: Ground, jobs: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'backhaul-scale-'))
  const file = join(folder, 'ids')
  try {
    await writeFile(file, Array.from({ length: jobs }, (_, n) => `${2_112_000_000 + n}\n`).join(''))
    return await commandS(ground, 'queue', ['character-killmails', '--file', file, '--priority', LAST])
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function commandS({ env }: Ground, script: string, args: string[]): Promise<number> {
  const [ms] = await times(1, () =>
    run(process.execPath, [join(DIST, 'scripts', `${script}.js`), ...args], { env, maxBuffer: 64 * 1024 * 1024 }).catch(
      // doctor says by its exit code that no worker of the suite runs.
      (error: { code?: unknown; stderr?: string }) => {
        if (script !== 'doctor' || typeof error.code !== 'number') throw error
      },
    ),
  )
  return (ms ?? Number.NaN) / 1000
}

async function times(count: number, work: (n: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; n < count; n++) {
    const began = performance.now()
    await work(n)
    took.push(performance.now() - began)
  }
  return took
}

async function fetched(url: string): Promise<void> {
  const response = await fetch(url)
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${body.slice(0, 300)}`)
}

const tableOf = (steps: readonly Step[]): string =>
  listOf(
    [
      'jobs',
      'queue, s',
      'pages/s',
      'list p95, ms',
      'tick, ms',
      'wake-up, ms',
      'lookups, ms',
      'metrics, ms',
      'jobs list, s',
      'doctor, s',
      'rows: wake-up',
      'list',
      'lookups',
    ],
    steps.map((it) => [
      it.jobs,
      it.queueS,
      it.pages,
      quantile(it.listMs, 0.95),
      median(it.tickMs),
      median(it.wakeMs),
      median(it.lookupsMs),
      median(it.metricsMs),
      it.commandS.list,
      it.commandS.doctor,
      it.rows.wake,
      it.rows.list,
      it.rows.lookups,
    ]),
  )

function figuresOf(steps: readonly Step[]): Figure[] {
  const last = steps.at(-1) as Step
  const pages = steps.map((step) => step.pages)
  const perThousand = (it: Step) => (it.queueS * 1000) / it.jobs
  const tens = steps.filter((step) => step.jobs >= 1_000)
  return [
    { name: `${last.jobs.toLocaleString('en-US')} jobs queued`, unit: 's for each 20,000', values: [perThousand(last) * 20], atMost: 10 },
    { name: 'time to queue a job: with the most / with 1,000', values: [perThousand(last) / perThousand(tens[0] as Step)], atMost: 1.5 },
    { name: 'pages/s: fewest / most', values: [Math.min(...pages) / Math.max(...pages)], atLeast: 0.9 },
    { name: 'list, p95', unit: 'ms', values: [quantile(last.listMs, 0.95)], atMost: 100 },
    {
      name: 'rows that a wake-up reads: with the most jobs − with 10',
      values: [last.rows.wake - (steps[0] as Step).rows.wake],
      atMost: 20,
    },
  ]
}
