import { params } from '../../backend/sources/atproto/params'
import { plan } from '../../backend/sources/atproto/plan'
import { openDepths } from '../../queues/depths'
import { type Figure, listOf } from '../base/figures'
import type { Bench, Child, Ground } from '../base/harness'
import { rssOf, watch } from '../base/watch'
import { atprotoSuite, type Run, type Suite } from './suite'

const GAME = 'games.sandbox.game'
const REQUEST = { collection: GAME }
/** Repos of a page of the relay: what a discovery may add after it has read the backlog. */
const A_PAGE = 1_000
const { backlog = 0, laneWidth = 0, lanesAtOnce = 0 } = plan(params.parse(REQUEST))

interface Sample {
  messages: number
  ready: number
  waiting: number
  worker: number
  scheduler: number
}

/** The queue, the table and the processes, twice a second. */
async function walk(ground: Ground, { network, scheduler, start, end }: Suite, worker: Child) {
  const depths = openDepths({ url: ground.rabbitmqUrl, name: 'bench depths', log: ground.log })
  await network.forget()
  const job = await start(REQUEST)
  const sample = async (): Promise<Sample> => {
    const queue = (await depths.read())?.get('atproto_backfill_queue')
    const [tasks] = await ground.db.query<{ ready: number; waiting: number }>(
      `select (count(*) filter (where state = 'ready'))::int as ready, (count(*) filter (where state = 'waiting'))::int as waiting
         from backhaul.tasks where job_id = $1 and state in ('ready', 'waiting')`,
      [job],
    )
    const [ofWorker, ofScheduler] = await Promise.all([rssOf(worker), rssOf(scheduler)])
    return { messages: queue?.ready ?? 0, ready: tasks?.ready ?? 0, waiting: tasks?.waiting ?? 0, worker: ofWorker, scheduler: ofScheduler }
  }
  const watching = watch(500, sample)
  const run = await end(job)
  const samples = await watching.stop()
  await depths.close()
  return { run, samples, usage: await network.usage() }
}
type Walk = Awaited<ReturnType<typeof walk>>

/** Changes when any row is written, whatever to. */
const stampOf = async ({ db }: Ground): Promise<string> =>
  (
    await db.query<{ stamp: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtextextended(uri, xmin::text::bigint)), 0) as stamp from atproto.records`,
    )
  )[0]?.stamp ?? ''

const most = (samples: readonly Sample[], of: keyof Sample): number => Math.max(...samples.map((sample) => sample[of]))
const repoRequests = ({ report }: Run): number => (report.requests.plc?.requests ?? 0) + (report.requests.pds?.requests ?? 0)

function figuresOf(name: string, { run, samples, usage }: Walk, repos: number): Figure[] {
  return [
    { name: `${name} run`, unit: 's', values: [run.ms / 1000] },
    { name: `${name} run: sandbox at work`, unit: 's', values: [usage.upstreamMs / 1000] },
    { name: `${name} run: CPU of the sandbox`, unit: 's', values: [usage.cpuMs / 1000] },
    { name: `${name} run: repos a second`, values: [(repos / run.ms) * 1000] },
    { name: `${name} run: messages on the queue, at most`, values: [most(samples, 'messages')], atMost: 2 * laneWidth * lanesAtOnce },
    { name: `${name} run: ready tasks, at most`, values: [most(samples, 'ready')], atMost: laneWidth * lanesAtOnce + 1 },
    { name: `${name} run: waiting tasks, at most`, values: [most(samples, 'waiting')], atMost: backlog + A_PAGE },
    { name: `${name} run: worker RSS`, unit: 'MB', values: samples.map(({ worker }) => worker), atMost: 200, by: 'max' },
    { name: `${name} run: scheduler RSS`, unit: 'MB', values: samples.map(({ scheduler }) => scheduler), atMost: 200, by: 'max' },
  ]
}

const byRoute = ({ usage: { routes } }: Walk, repos: number): string =>
  listOf(
    ['requests', 'in all', 'a repo'],
    Object.entries(routes).map(([route, n]) => [route, n, n / repos]),
  )

/** A whole network, most of whose repos are empty, read and read again. */
export const atprotoNetwork: Bench = {
  about: 'a network of many repos, most of them empty, with the limits open: queue, tasks, memory and requests; and the same again',
  sizes: {
    repos: { full: 200_000, small: 5_000, about: 'repos of the network, 98 of 100 empty' },
    pdses: { full: 50, small: 50, about: 'hosts they live on' },
  },
  async run(ground, { repos = 0, pdses = 0 }) {
    const suite = await atprotoSuite(ground, { repos, pdses, emptyRepos: 0.98, oddities: false, open: true })
    const worker = await suite.worker()
    const first = await walk(ground, suite, worker)
    const before = await stampOf(ground)
    const second = await walk(ground, suite, worker)
    const isSame = (await stampOf(ground)) === before
    const count = first.run.report.tasks.total - 1
    for (const it of [first, second]) ground.print(byRoute(it, count))
    for (const { run } of [first, second])
      if (run.report.status !== 'completed') throw new Error(`the job is ${run.report.status}: ${JSON.stringify(run.report.failures[0])}`)
    const { report } = second.run
    return [
      { name: 'repos the relay lists', values: [count] },
      { name: 'records the network has', values: [await suite.network.count([GAME])] },
      { name: 'first run: missing or too many', values: [Math.abs(first.run.report.new - (await suite.network.count([GAME])))], atMost: 0 },
      ...figuresOf('first', first, count),
      { name: 'first run: requests a repo', values: [repoRequests(first.run) / count] },
      ...figuresOf('second', second, count),
      { name: 'second run: requests a repo', values: [repoRequests(second.run) / count], atMost: 1 },
      { name: 'second run: rows it says it has written', values: [report.new + report.updated + report.deleted], atMost: 0 },
      { name: 'second run: any row written (1 is yes)', values: [isSame ? 0 : 1], atMost: 0 },
      { name: 'second run: repos unchanged', values: [report.skipped.unchanged ?? 0], atLeast: count },
      { name: 'second / first, time', values: [second.run.ms / first.run.ms] },
    ]
  },
}
