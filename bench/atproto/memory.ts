import { mean } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { rssOf, watch } from '../base/watch'
import { atprotoSuite, SCORE } from './suite'
import { heartbeatOf } from './watch'

const LARGE = 1000
/** Records of a large repo, about, and how many repos there are for one of them. */
const RECORDS_OF_A_REPO = 2_900
const REPOS_OF_A_LARGE = 100

const seenBy = async ({ db }: Ground, job: string): Promise<number> =>
  (await db.query<{ seen: number }>('select coalesce(sum(seen), 0)::int as seen from backhaul.tasks where job_id = $1', [job]))[0]?.seen ??
  0

/** Whether a worker grows with the records it has read. */
export const atprotoMemory: Bench = {
  about: 'worker memory (RSS) late in a long backfill of repos against early in it',
  sizes: {
    records: { full: 1_000_000, small: 100_000, about: 'records of the job, in repos of about 2,900' },
    early: { full: 50_000, small: 20_000, about: 'records after which memory counts as early' },
  },
  async run(ground, { records = 0, early = 0 }) {
    const repos = Math.ceil(records / RECORDS_OF_A_REPO + 1) * REPOS_OF_A_LARGE
    const { network, worker: startWorker, start, end } = await atprotoSuite(ground, { repos, pdses: 8, oddities: false, open: true })
    const worker = await startWorker()
    const { dids, records: count } = await network.large({ collection: SCORE, least: LARGE, records })
    const job = await start({ collection: SCORE, dids })
    const sample = async () => ({ seen: await seenBy(ground, job), rss: await rssOf(worker), heartbeat: await heartbeatOf(ground) })
    const memory = watch(250, sample)
    const { report, ms } = await end(job)
    const samples = await memory.stop()
    if (report.new !== count) throw new Error(`${count} records were to be read, ${report.new} are new: ${report.reason}`)
    const between = (from: number, to: number) => samples.filter(({ seen }) => seen > from && seen <= to).map(({ rss }) => rss)
    const tenths = Array.from({ length: 10 }, (_, n) => Math.round(Math.max(...between((count * n) / 10, (count * (n + 1)) / 10))))
    ground.print(`RSS by tenths: ${tenths.join(', ')} MB; ${dids.length} repos, ${Math.round((count / ms) * 1000)} records/s`)
    const [first, last] = [between(early * 0.8, early * 1.2), between(count * 0.9, count)]
    return [
      { name: 'records', values: [count] },
      { name: `RSS around ${early.toLocaleString('en-US')} records`, unit: 'MB', values: first, by: 'max' },
      { name: `RSS in the last tenth of ${count.toLocaleString('en-US')}`, unit: 'MB', values: last, atMost: 200, by: 'max' },
      { name: 'greatest RSS by heartbeats', unit: 'MB', values: [Math.max(...samples.map(({ heartbeat }) => heartbeat))], atMost: 200 },
      { name: 'late / early, the greatest of each', values: [Math.max(...last) / Math.max(...first)], atMost: 1.1 },
      { name: 'late / early, the mean of each', values: [mean(last) / mean(first)] },
    ]
  },
}
