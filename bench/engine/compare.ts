import { type Figure, median } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { emptyRows } from './synthetic'
import { syntheticSuite } from './synthetic-suite'

const WAYS = { autocommit: 'each row by itself', transaction: 'rows of a page in one transaction' } as const

/** The plain worker's time for the same pages, ms. */
async function plain(ground: Ground, way: keyof typeof WAYS, pages: number, rows: number): Promise<number> {
  await emptyRows(ground.db)
  const worker = await ground.start('bench/engine/plain-worker.js', [way])
  const ms = await worker.ask<number>('walk', { pages, rows })
  await worker.stop()
  return ms
}

/** Rows per second beside a worker that inserts row by row and publishes its own continuation. */
export const compare: Bench = {
  about: 'rows per second against a plain worker: prefetch 1, row by row with ON CONFLICT, continuation published with confirm',
  sizes: {
    pages: { full: 100, small: 20, about: 'pages of each run' },
    rows: { full: 200, small: 200, about: 'rows of each page' },
    runs: { full: 3, small: 2, about: 'runs of each' },
  },
  async run(ground, { pages = 0, rows = 0, runs = 0 }) {
    const suite = await syntheticSuite(ground)
    const worker = await suite.worker(20_000)
    await suite.job(worker, { tasks: 1, pages: Math.ceil(pages / 2), rows: [rows], gated: true })
    const speed = (ms: number) => (pages * rows * 1000) / ms
    const engine: number[] = []
    const others: Record<keyof typeof WAYS, number[]> = { autocommit: [], transaction: [] }
    for (let n = 0; n < runs; n++) {
      engine.push(speed((await suite.job(worker, { tasks: 1, pages, rows: [rows], gated: true })).ms))
      for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) others[way].push(speed(await plain(ground, way, pages, rows)))
    }
    const figures: Figure[] = [{ name: 'Backhaul', unit: 'rows/s', values: engine }]
    for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
      figures.push({ name: `plain worker, ${WAYS[way]}`, unit: 'rows/s', values: others[way] })
      figures.push({ name: 'Backhaul against it', values: [median(engine) / median(others[way])], atLeast: 1 })
    }
    return figures
  },
}
