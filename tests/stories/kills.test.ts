import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { Point } from '../../backend/engine/engine'
import { backfillStory, CHARACTER, ENRICHERS, type Story } from '../support/backfill'
import { size } from '../support/size'
import type { Process } from '../support/system'
import { until } from '../support/until'

/*
 * Workers die at their worst moments. Whatever happens, the tables equal those of an undisturbed run and no limit is broken.
 */

let story: Story

/** State T: stopped by a signal. `/proc` tells it on Linux, where `ps` need not be installed. */
function stopped({ child: { pid } }: Process): boolean {
  const stat = `/proc/${pid}/stat`
  const state = existsSync(stat)
    ? readFileSync(stat, 'utf8').split(') ')[1]
    : execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return state?.startsWith('T') ?? false
}

beforeAll(async () => {
  story = await backfillStory()
}, 180_000)
afterAll(() => story.close())

const WORST: [Point, number][] = [
  ['after claim', 1],
  ['before commit', 2],
  ['after commit', 2],
  ['after publish', 1],
  ['before ack', 1],
]

it('loses nothing and doubles nothing when a worker is killed at each of its worst moments, one after the other', async () => {
  const it = await story.fresh()
  await story.startAll(it, 0)
  const job = await it.queueCharacter(CHARACTER)
  for (const [point, nth] of WORST) await it.killedAt('worker-backfill', point, nth)
  await it.worker('worker-backfill')
  await story.endsAsIfUndisturbed(it, job)
  await it.close()
}, 240_000)

it('goes on within 20 s when a worker freezes in mid-page, and the frozen one writes nothing when it thaws', async () => {
  const it = await story.fresh()
  await story.startAll(it, 0)
  const frozen = await it.crashingWorker('worker-backfill', 'before commit', 3, 'SIGSTOP')
  const job = await it.queueCharacter(CHARACTER)
  await until(() => stopped(frozen), { timeoutMs: 30_000, what: 'the worker to freeze with a page in its hands' })
  const at = Date.now()
  const step = (await it.db.query<{ step: number }>('select max(step) as step from backhaul.tasks'))[0]?.step ?? 0
  await it.worker('worker-backfill')
  await until(async () => (await it.db.query('select 1 from backhaul.tasks where step > $1', [step])).length > 0, {
    timeoutMs: 30_000,
    what: 'the other worker to go on',
  })
  expect(Date.now() - at).toBeLessThan(20_000)
  frozen.child.kill('SIGCONT')
  await story.endsAsIfUndisturbed(it, job)
  await it.close()
}, 180_000)

const KILLS = size(4, 20)

it(`survives ${KILLS} random kills during one backfill`, async () => {
  const it = await story.fresh()
  const workers = await Promise.all(['worker-backfill', 'worker-backfill', ...ENRICHERS].map((app) => it.supervised(app)))
  await it.scheduler()
  const job = await it.queueCharacter(CHARACTER)
  const steps = async () => (await it.db.query<{ n: number }>('select coalesce(sum(step), 0)::int as n from backhaul.tasks'))[0]?.n ?? 0
  let random = 42
  for (let kills = 0; kills < KILLS; kills++) {
    random = (random * 1103515245 + 12345) % 2 ** 31
    const before = await steps()
    await workers[kills % 2 === 0 ? random % 2 : random % workers.length]?.kill()
    // While there are pages left each kill falls into another one.
    await until(async () => (await steps()) > before || kills > 9 || (await it.status(job)) === 'completed', {
      timeoutMs: 30_000,
      what: 'another page',
    })
  }
  await story.endsAsIfUndisturbed(it, job)
  await it.close()
}, 240_000)
