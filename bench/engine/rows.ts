import { type Figure, median } from '../base/figures'
import type { Bench } from '../base/harness'
import { syntheticSuite } from './synthetic-suite'

const SIZES = [[200], [500], [1000], [2000], [200, 500, 1000, 2000]]
const nameOf = (rows: number[]): string => (rows.length === 1 ? `pages of ${rows[0]} rows` : 'all of these in turn')

/** Rows per second of the engine against raw sorted inserts of the same rows in the same batches. */
export const rows: Bench = {
  about: 'rows per second against raw sorted unnest inserts of the same rows, a commit a batch',
  sizes: {
    pages: { full: 300, small: 60, about: 'pages of each run' },
    runs: { full: 5, small: 3, about: 'runs of each' },
  },
  async run(ground, { pages = 0, runs = 0 }) {
    const suite = await syntheticSuite(ground)
    const worker = await suite.worker(20_000)
    await suite.job(worker, { tasks: 1, pages, rows: [200], gated: true })
    const figures: Figure[] = []
    for (const size of SIZES) {
      const engine: number[] = []
      const open: number[] = []
      const plain: number[] = []
      for (let n = 0; n < runs; n++) {
        plain.push(await suite.raw(worker, pages, size))
        engine.push((await suite.job(worker, { tasks: 1, pages, rows: size, gated: true })).ms)
        open.push((await suite.job(worker, { tasks: 1, pages, rows: size, gated: false })).ms)
      }
      const ratio = (of: number[]) => of.map((ms, n) => (plain[n] ?? 0) / ms)
      const count = Array.from({ length: pages }, (_, page) => size[page % size.length] ?? 0).reduce((all, one) => all + one, 0)
      ground.print(
        `${nameOf(size)}: raw ${Math.round((count / median(plain)) * 1000)} rows/s, engine ${Math.round((count / median(engine)) * 1000)} rows/s`,
      )
      figures.push({ name: `${nameOf(size)}: engine / raw`, values: ratio(engine), atLeast: 0.5 })
      figures.push({ name: `${nameOf(size)}: without asking the gate`, values: ratio(open) })
    }
    return figures
  },
}
