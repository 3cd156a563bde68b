import { WANTED } from '../../backend/sandbox/atproto/shapes'
import { putLexicon } from '../../backend/sources/atproto/store-lexicons'
import { type Figure, listOf } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { rest } from '../base/wait'
import { atprotoSuite, type Run, type Suite } from './suite'
import { type Differences, differences, failedTasks, traceOf } from './truth'

/** Divides the periods of all limits. */
const SPEED = 20
/** How long one host is unreachable, and how long the slow one takes, ms. */
const BRIEFLY_MS = 3_000
const SLOW_MS = 200
const LONGEST_MS = 900_000

const FAULTS = [
  { name: 'bad-cid', probability: 0.03 },
  { name: 'duplicate', probability: 0.1 },
  { name: 'repeated-cursor', times: 6, probability: 0.3 },
  { name: 'pds-429', probability: 0.002, seconds: 2 },
  { name: 'pds-429', probability: 0.002, seconds: 2, retryAfter: true },
]

/**
 * Kills one of two workers every few seconds and starts another at once, until it is stopped. With one only, everything in hand
 * would stay with the dead worker until its heartbeats are missed, and nothing would proceed meanwhile.
 * @returns how often
 */
function killing({ worker }: Suite, everyMs: number): { stop(): Promise<number> } {
  let stopped = false
  let kills = 0
  const work = async () => {
    const workers = [await worker(), await worker()]
    while (!stopped) {
      const end = Date.now() + everyMs
      while (!stopped && Date.now() < end) await rest(50)
      if (stopped) return
      workers.shift()?.process.kill('SIGKILL')
      kills++
      workers.push(await worker())
    }
  }
  const working = work()
  return {
    async stop() {
      stopped = true
      await working
      return kills
    },
  }
}

/** One host is slow, one is unreachable for some seconds, one so long that its repos may be given up. */
async function disturb({ network }: Suite, unreachableMs: number): Promise<void> {
  const [, slow = '', briefly = '', unreachable = ''] = await network.hosts()
  for (const fault of FAULTS) await network.fault(fault)
  await network.host(slow, 'slow', SLOW_MS)
  const leave = (host: string, afterMs: number, ms: number) => {
    setTimeout(() => void network.host(host, 'dead'), afterMs)
    setTimeout(() => void network.host(host, 'up'), afterMs + ms)
  }
  leave(unreachable, 0, unreachableMs)
  leave(briefly, 2 * BRIEFLY_MS, BRIEFLY_MS)
}

async function calm({ network }: Suite): Promise<void> {
  await network.clearFaults()
  for (const host of await network.hosts()) await network.host(host, 'up')
}

function figuresOf(name: string, run: Run, found: Differences): Figure[] {
  return [
    { name: `${name} run`, unit: 's', values: [run.ms / 1000] },
    { name: `${name} run: missing, and nothing says why`, values: [found.missing.length], atMost: 0 },
    { name: `${name} run: another version than the network's`, values: [found.other.length], atMost: 0 },
    { name: `${name} run: not of the network`, values: [found.tooMany.length], atMost: 0 },
    { name: `${name} run: rejected with a reason`, values: [found.rejected] },
    { name: `${name} run: in repos that failed`, values: [found.unread] },
    { name: `${name} run: repos that failed`, values: [run.report.tasks.failed], ...(name === 'second' ? { atMost: 0 } : {}) },
    { name: `${name} run: tasks still open`, values: [run.report.tasks.open], atMost: 0 },
  ]
}

async function tell(ground: Ground, name: string, { job, report }: Run, found: Differences): Promise<void> {
  ground.print(`${name} run is ${report.status}: ${report.reason}`)
  ground.print(`rejected: ${JSON.stringify(report.rejectedBy)}; skipped: ${JSON.stringify(report.skipped)}`)
  for (const note of report.notes) ground.print(`  ${note}`)
  const tally = new Map<string, number>()
  for (const { kind, lane } of await failedTasks(ground.db, job)) {
    const at = `${kind ?? 'without a kind'}, lane ${lane ?? 'none'}`
    tally.set(at, (tally.get(at) ?? 0) + 1)
  }
  if (tally.size > 0) ground.print(listOf(['failed', 'repos'], [...tally]))
  for (const what of ['missing', 'other', 'tooMany'] as const)
    for (const uri of found[what].slice(0, 5)) ground.print(`${what}: ${await traceOf(ground.db, uri)}`)
}

async function uploadLexicons({ db }: Ground): Promise<void> {
  await db.tx(async (tx) => {
    for (const id of WANTED) await putLexicon(tx, { id, type: 'record', backfill: true, document: { lexicon: 1, id, defs: {} } })
  })
}

/** Every fault at once, and what is stored all the same. */
export const atprotoFaults: Bench = {
  about: 'a network that misbehaves, read by workers that are killed: every record against the network’s own list, and no limit broken',
  sizes: {
    repos: { full: 3_000, small: 200, about: 'repos of the network' },
    pdses: { full: 12, small: 12, about: 'hosts they live on, one of them slow, two of them unreachable at times' },
    seconds: { full: 10, small: 5, about: 'seconds after which one of the two workers is killed' },
    unreachable: {
      full: 120,
      small: 20,
      about: 'seconds for which one host is unreachable; the second run reads what was given up after 4 tries',
    },
  },
  async run(ground, { repos = 0, pdses = 0, seconds = 0, unreachable = 0 }) {
    const suite = await atprotoSuite(ground, { repos, pdses, speed: SPEED }, { ATTEMPTS: '4' })
    const { network } = suite
    await uploadLexicons(ground)
    const truth = await network.truth([...WANTED])
    await disturb(suite, unreachable * 1_000)
    const killer = killing(suite, seconds * 1_000)
    const first = await suite
      .end(await suite.start({}), LONGEST_MS)
      .finally(async () => ground.print(`${await killer.stop()} workers were killed`))
    const found = await differences(ground.db, truth, first.job)
    await tell(ground, 'first', first, found)
    const failed = await failedTasks(ground.db, first.job)
    const nameless = failed.filter(({ key, kind, error }) => !key.startsWith('did:') || !kind || !error)
    await calm(suite)
    const second = await suite.end(await suite.start({}), LONGEST_MS)
    const left = await differences(ground.db, truth, second.job)
    await tell(ground, 'second', second, left)
    const { total, byKind, last } = await network.violations()
    if (total > 0)
      ground.print(
        `violations: ${JSON.stringify(byKind)} ${last
          .slice(0, 3)
          .map((one) => `${one.at} ${one.detail}`)
          .join('; ')}`,
      )
    return [
      { name: 'records of the network', values: [truth.length] },
      ...figuresOf('first', first, found),
      { name: 'first run: failed without saying which and why', values: [nameless.length], atMost: 0 },
      ...figuresOf('second', second, left),
      { name: 'violations of a limit', values: [total], atMost: 0 },
    ]
  },
}
