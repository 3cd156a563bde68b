import { type Figure, listOf, median } from '../base/figures'
import type { Bench, Child, Ground } from '../base/harness'
import { cpuOf } from '../base/watch'
import { heldRows, rawRows } from './raw'
import { atprotoSuite, type Run, SCORE, type Suite } from './suite'

const LARGE = 1000

interface Round {
  raw: number
  run: Run
  upstreamMs: number
  cpuMs: number
  /** CPU of the worker. */
  workerMs: number
}

/** One backfill from empty tables, and its rows again by nothing but sorted inserts. */
async function round(ground: Ground, { network, backfill, empty }: Suite, worker: Child, request: object): Promise<Round> {
  await empty()
  await network.forget()
  const before = await cpuOf(worker)
  const run = await backfill(request)
  const workerMs = (await cpuOf(worker)) - before
  const { upstreamMs, cpuMs } = await network.usage()
  const rows = await heldRows(ground.db)
  if (rows.length !== run.report.new) throw new Error(`the report counts ${run.report.new} new rows, there are ${rows.length}`)
  await empty()
  const raw = await rawRows(ground.db, rows, Math.max(1, Math.round(run.report.new / run.pages)))
  return { raw, run, upstreamMs, cpuMs, workerMs }
}

function tell(ground: Ground, name: string, rounds: readonly Round[]): void {
  const perSecond = (ms: (it: Round) => number) => Math.round(median(rounds.map((it) => (it.run.report.new / ms(it)) * 1000)))
  const [{ run } = {}] = rounds
  ground.print(`${name}: ${run?.report.new} rows of ${run?.report.tasks.total} tasks on ${run?.pages} pages`)
  ground.print(
    listOf(
      [
        'rows a second',
        'by inserts alone',
        'by the worker',
        'without the sandbox',
        'by a second of its CPU',
        'sandbox at work, s',
        'CPU of the sandbox, s',
      ],
      [
        [
          'median',
          perSecond((it) => it.raw),
          perSecond((it) => it.run.ms),
          perSecond((it) => it.run.ms - it.upstreamMs),
          perSecond((it) => it.workerMs),
          median(rounds.map((it) => it.upstreamMs / 1000)),
          median(rounds.map((it) => it.cpuMs / 1000)),
        ],
      ],
    ),
  )
}

/** Rows per second of a real worker against raw sorted inserts of the same rows in batches of the pages it committed. */
export const atprotoRows: Bench = {
  about: 'records per second of a worker against raw sorted unnest inserts of the same rows, a commit a batch',
  sizes: {
    repos: { full: 4_000, small: 500, about: 'repos of the network, one in a hundred with about 2,900 records' },
    runs: { full: 3, small: 2, about: 'runs of each' },
  },
  async run(ground, { repos = 0, runs = 0 }) {
    const suite = await atprotoSuite(ground, { repos, pdses: 8, oddities: false, open: true })
    const worker = await suite.worker()
    const { dids } = await suite.network.large({ collection: SCORE, least: LARGE, records: Number.MAX_SAFE_INTEGER })
    const kinds: [string, object, number?][] = [
      ['large repos, listed', { collection: SCORE, dids, method: 'list' }, 0.5],
      ['large repos, as CAR', { collection: SCORE, dids, method: 'car' }],
      ['the whole collection', { collection: SCORE }],
    ]
    // What is done for the first time costs more: the worker's code is cold.
    await round(ground, suite, worker, { collection: SCORE, dids: dids.slice(0, 5) })
    const figures: Figure[] = []
    for (const [name, request, atLeast] of kinds) {
      const rounds: Round[] = []
      for (let n = 0; n < runs; n++) rounds.push(await round(ground, suite, worker, request))
      tell(ground, name, rounds)
      figures.push({ name: `${name}: worker / inserts`, values: rounds.map((it) => it.raw / it.run.ms), atLeast })
      const net = rounds.map((it) => it.raw / (it.run.ms - it.upstreamMs))
      figures.push({ name: `${name}: without the time the sandbox was at work`, values: net, atLeast })
    }
    return figures
  },
}
