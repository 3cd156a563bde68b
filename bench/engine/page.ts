import { type Figure, listOf } from '../base/figures'
import type { Bench, Child, Ground } from '../base/harness'
import type { Statement } from './profile'
import { type SyntheticRun, type SyntheticSuite, syntheticSuite } from './synthetic-suite'

/** What is left of a page's time without making it and writing its rows, ms. */
const engineMs = ({ ms, sums }: SyntheticRun): number => (ms - sums.readMs - sums.writeMs) / sums.pages

async function measure(
  ground: Ground,
  suite: SyntheticSuite,
  turnMs: number,
  tasks: number,
  pages: number,
  runs: number,
): Promise<number[]> {
  const worker = await suite.worker(turnMs)
  await suite.job(worker, { tasks, pages: Math.ceil(pages / 4), rows: [200], gated: true })
  const values: number[] = []
  for (let n = 0; n < runs; n++) values.push(engineMs(await suite.job(worker, { tasks, pages, rows: [200], gated: true })))
  await worker.stop()
  const profiled = await suite.worker(turnMs, true)
  const once = await suite.job(profiled, { tasks, pages, rows: [200], gated: true })
  ground.print(
    `\nwhere a page's time goes (${turnMs === 0 ? 'turns of one page' : 'turns of many pages'}, ${tasks} walks, one run with statements timed)`,
  )
  ground.print(await spent(profiled, once))
  await profiled.stop()
  return values
}

async function spent(worker: Child, { ms, sums }: SyntheticRun): Promise<string> {
  const statements = (await worker.ask<Statement[]>('statements')).sort((a, b) => b.ms - a.ms).slice(0, 12)
  const inAll = statements.reduce((all, one) => all + one.ms, 0)
  return listOf(
    ['statement', 'times a page', 'ms each', 'ms a page'],
    [
      ...statements.map((one) => [one.sql, one.times / sums.pages, one.ms / one.times, one.ms / sums.pages]),
      ['making the page', 1, sums.readMs / sums.pages, sums.readMs / sums.pages],
      ['everything else: JavaScript, broker, waiting', '', '', (ms - inAll - sums.readMs) / sums.pages],
    ],
  )
}

/** The engine's own time for a page: gate, transaction, task row, wake-up and ack. */
export const page: Bench = {
  about: "the engine's milliseconds for a page beyond read and row writes; gate, wake-up and ack included",
  sizes: {
    pages: { full: 1000, small: 150, about: 'pages of each walk' },
    runs: { full: 5, small: 3, about: 'runs of each' },
  },
  async run(ground, { pages = 0, runs = 0 }) {
    const suite = await syntheticSuite(ground)
    const idle = await suite.worker(20_000)
    const { question, commit } = await idle.ask<{ question: number; commit: number }>('reference')
    await idle.stop()
    const figures: Figure[] = [
      { name: 'for comparison: one question to Postgres', unit: 'ms', values: [question] },
      { name: 'for comparison: one row and its commit', unit: 'ms', values: [commit] },
      { name: 'turns of many pages', unit: 'ms a page', values: await measure(ground, suite, 20_000, 1, pages, runs), atMost: 3 },
      {
        name: 'turns of one page, 8 walks',
        unit: 'ms a page',
        values: await measure(ground, suite, 0, 8, Math.ceil(pages / 8), runs),
        atMost: 10,
      },
      {
        name: 'turns of one page, one walk alone',
        unit: 'ms a page',
        values: await measure(ground, suite, 0, 1, Math.ceil(pages / 4), runs),
        atMost: 10,
      },
    ]
    return figures
  },
}
