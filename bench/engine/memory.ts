import type { Bench } from '../base/harness'
import type { Sums } from './synthetic'
import { syntheticSuite } from './synthetic-suite'

const ROWS = 2000
const MB = 1024 * 1024

/** Whether a worker grows with what it has stored. */
export const memory: Bench = {
  about: 'worker memory (RSS) late in a long backfill against early in it',
  sizes: {
    records: { full: 1_000_000, small: 100_000, about: 'records of the job' },
    early: { full: 50_000, small: 20_000, about: 'records after which memory counts as early' },
  },
  async run(ground, { records = 0, early = 0 }) {
    const suite = await syntheticSuite(ground)
    const worker = await suite.worker(20_000)
    const { sums } = await suite.job(worker, { tasks: 1, pages: Math.ceil(records / ROWS), rows: [ROWS], gated: true })
    const within = (from: number, to: number) => mostOf(sums, from, to) / MB
    const [first, last] = [within(early * 0.8, early * 1.2), within(records * 0.9, records)]
    ground.print(
      `RSS by tenths: ${Array.from({ length: 10 }, (_, n) => Math.round(within((records * n) / 10, (records * (n + 1)) / 10))).join(', ')} MB`,
    )
    return [
      { name: `RSS around ${early.toLocaleString('en-US')} records`, unit: 'MB', values: [first] },
      { name: `RSS at ${records.toLocaleString('en-US')} records`, unit: 'MB', values: [last], atMost: 200 },
      { name: 'late / early', values: [last / first], atMost: 1.1 },
    ]
  },
}

const mostOf = ({ rss }: Sums, from: number, to: number): number =>
  Math.max(...rss.filter((sample) => sample.rows > from && sample.rows <= to).map((sample) => sample.bytes))
