import { NO_KEY } from '../../backend/base/seal'
import { cancel } from '../../backend/engine/jobs/verbs'
import { addSchedule, pauseSchedule } from '../../backend/service/schedules/schedules'
import { addWebhook } from '../../backend/service/webhooks/webhooks'
import { sources } from '../../backend/sources'
import { type Receiver, receiver } from '../support/receiver'
import { quiet } from '../support/suite'
import { type Process, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * Schedulers die by kill -9 one after the other while one of them starts a job every second and tells a webhook of each end. No tick is lost or
 * doubled; the receiver, unreachable in the middle, gets every event under one id.
 */

const KILLS = 6
let it_: System
let sink: Receiver
/** What arrived before the receiver became unreachable, and after. */
const got = new Map<string, string>()

beforeAll(async () => {
  // No worker runs, so no upstream is asked.
  it_ = await system({ sandbox: { urls: {}, limits: {} } as never })
  sink = await receiver()
}, 120_000)
afterAll(async () => {
  await it_?.close()
  await sink?.close()
})

const context = () => ({
  db: it_.db,
  sources,
  log: quiet,
  broker: undefined as never,
  config: { allowPrivateHosts: true, contact: '', sealer: NO_KEY } as never,
})
const ticks = async () =>
  (
    await it_.db.query<{ at: string; job: string }>(
      `select split_part(message_id, '@', 2) as at, job_id as job from backhaul.inbox where queue = 'schedule' order by 1`,
    )
  ).map((row) => ({ at: Date.parse(row.at), job: row.job }))

const note = () => {
  for (const one of sink.received) got.set(String(one.headers['backhaul-delivery']), JSON.parse(one.body).data.job)
}

/** Ends what runs, so that the next tick starts a job of its own. */
async function endAll(): Promise<void> {
  const active = await it_.db.query<{ id: string }>(`select id from backhaul.jobs where status in ('queued', 'running')`)
  for (const { id } of active) await cancel(context(), id)
}

it('keeps every tick and every event through kills of the schedulers and an absence of the receiver', async () => {
  await addWebhook(context(), { url: sink.url, events: ['job.*'] })
  const { id } = await addSchedule(context(), {
    name: 'secondly',
    cron: '* * * * * *',
    missed: 'make_up',
    source: 'eve',
    params: { characterId: 2117325769 },
  })
  const { port } = sink
  const lives: Process[] = [await it_.scheduler()]
  for (let n = 0; n < KILLS; n++) {
    const next = it_.scheduler()
    const before = (await ticks()).length
    await until(
      async () => {
        await endAll()
        return (await ticks()).length > before + 1
      },
      { timeoutMs: 30_000, what: 'two more ticks' },
    )
    await lives.at(-1)?.kill('SIGKILL')
    lives.push(await next)
    if (n === 1) {
      await sink.close()
      note()
    }
    if (n === 4) sink = await receiver(port)
  }
  await pauseSchedule(context(), id)
  await endAll()
  const taken = await ticks()
  expect(taken.map((tick) => tick.at)).toEqual(taken.map((_, n) => (taken[0]?.at ?? 0) + n * 1000))
  expect(taken.length).toBeGreaterThanOrEqual(2 * KILLS)
  const jobs = await it_.db.query<{ id: string }>('select id from backhaul.jobs')
  expect(new Set(taken.map((tick) => tick.job))).toEqual(new Set(jobs.map((job) => job.id)))
  const told = await until(
    async () => {
      await it_.db.query(`update backhaul.deliveries set due_at = clock_timestamp() where state = 'pending' and error is not null`)
      const open = await it_.db.query(
        `select 1 from backhaul.events_outbox where fanned_at is null union all select 1 from backhaul.deliveries where state = 'pending'`,
      )
      return (
        open.length === 0 &&
        (await it_.db.query<{ id: string; job: string }>(`select id, payload -> 'data' ->> 'job' as job from backhaul.deliveries`))
      )
    },
    { timeoutMs: 60_000, what: 'every event to be delivered' },
  )
  expect(told.map((one) => one.job).sort()).toEqual(jobs.map((job) => job.id).sort())
  note()
  expect(got).toEqual(new Map(told.map((one) => [one.id, one.job])))
  for (const process of lives) await process.kill('SIGKILL')
}, 180_000)
