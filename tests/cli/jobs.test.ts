import type { Db } from '../../backend/database/db'
import { signOn } from '../../backend/engine/heartbeat'
import { createJobLog } from '../../backend/engine/job-log'
import { begin, type CommandEnv, command, ownServices, type Ran } from '../support/cli'
import { until } from '../support/until'

let db: Db
let env: CommandEnv
ownServices((own) => ({ db, env } = own))

beforeEach(() => db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.lookups, backhaul.workers cascade')))

async function queued(...ids: number[]): Promise<string[]> {
  const { out } = await command(env, `queue character-killmails ${ids.join(' ')} --json`)
  return (JSON.parse(out).jobs as { id: string }[]).map((job) => job.id)
}
const status = async (id: string) => (await db.query<{ status: string }>('select status from backhaul.jobs where id = $1', [id]))[0]?.status
const settle = (id: string, state: string) =>
  db.query(
    `update backhaul.tasks set state = $2::backhaul.task_state, settled_at = now(), pages = 3, seen = 250, new = 240, known = 10,
            error_kind = case $2 when 'failed' then 'timeout' end, error = case $2 when 'failed' then 'no answer in 30 s' end
      where job_id = $1`,
    [id, state],
  )
const end = (id: string, how: string) =>
  db.query('update backhaul.jobs set status = $2::backhaul.job_status, completed_at = now() where id = $1', [id, how])
const refused = (ran: Ran, code: number, text: string) =>
  expect({ code: ran.code, out: ran.out, err: ran.err }).toEqual({
    code,
    out: '',
    err: expect.stringMatching(new RegExp(`^[^\\n]*${text}[^\\n]*$`)),
  })

describe('list and show', () => {
  test('jobs are listed newest first and filtered', async () => {
    expect((await command(env, 'jobs list')).out).toMatch(/^No jobs\./)
    const [first, second, third] = (await queued(1, 2, 3)) as [string, string, string]
    await settle(second, 'done')
    await end(second, 'completed')
    const found = JSON.parse((await command(env, 'jobs list --json')).out) as { id: string; status: string; seen: number }[]
    expect(found.map((job) => job.id)).toEqual([third, second, first])
    const completed = JSON.parse((await command(env, 'jobs list --status completed,failed --source eve --json')).out)
    expect(completed).toEqual([
      expect.objectContaining({ id: second, seen: 250, new: 240, tasks: expect.objectContaining({ done: 1, total: 1 }) }),
    ])
    const text = await command(env, 'jobs list --limit 2')
    expect(text.out).toMatch(/1 more jobs: --limit 3$/)
  })

  test('a job that waits says how many are ahead of it, when it was queued, in the list and by itself', async () => {
    await signOn(db, { id: `elsewhere:${process.pid}:a`, app: 'worker-backfill', queues: ['zkillboard_backfill_queue'], concurrency: 1 })
    await db.query(`update backhaul.workers set heartbeat_at = now() + interval '1 hour'`)
    const queued = await command(env, 'queue character-killmails 1 2 3 4 5 --max-pages 2')
    const ahead = 'waiting for its turn: 1 job ahead, starts in about 20 s'
    expect(queued.out.split('\n').map((line) => line.includes('waiting for its turn'))).toEqual([false, false, false, true, true])
    expect(queued.out).toMatch(new RegExp(`killmails:characterID:5 \\(1 task\\), ${ahead}$`))
    const found = JSON.parse((await command(env, 'jobs list --json')).out) as {
      id: string
      position: number | null
      startsInMs: number | null
    }[]
    expect(new Map(found.map((job) => [job.position, job.startsInMs]))).toEqual(
      new Map([
        [null, null],
        [1, 10_000],
        [2, 20_000],
      ]),
    )
    expect((await command(env, 'jobs list --limit 5')).out).toContain(ahead)
    const last = found.find((job) => job.position === 2)?.id
    expect((await command(env, `jobs show ${last}`)).out).toContain(`waits     ${ahead}`)
    const again = JSON.parse((await command(env, 'queue character-killmails 5 --max-pages 2 --json')).out)
    expect(again.jobs).toMatchObject([{ id: last, created: false, position: 2, startsInMs: 20_000 }])
  })

  test('bad filters and ids are refused in one line', async () => {
    refused(await command(env, 'jobs list --status done'), 2, 'no status "done"; there are queued')
    refused(await command(env, 'jobs list --source evil'), 2, 'no source "evil"; there are eve')
    refused(await command(env, 'jobs list --limit 0'), 2, '--limit must be')
    refused(await command(env, 'jobs show 12'), 2, 'is not a job id')
    refused(await command(env, 'jobs show 00000000'), 2, 'there is no job 00000000')
    refused(await command(env, 'jobs watch 00000000'), 2, 'there is no job')
    refused(await command(env, 'jobs lst'), 2, 'Did you mean list')
    refused(await command(env, 'jobs show'), 2, "missing required argument 'id'")
  })

  test('show explains what a job waits for', async () => {
    const [id] = (await queued(1)) as [string]
    const show = async () => (await command(env, `jobs show ${id.slice(0, 6)}`)).out
    expect(await show()).toMatch(/waits +no worker takes from zkillboard_backfill_queue; start one: .* --only worker-backfill/)
    await db.query(
      `insert into backhaul.workers (id, app, host, pid, queues, concurrency) values ('w', 'worker-backfill', 'h', 1, '{zkillboard_backfill_queue}', 4)`,
    )
    expect(await show()).toMatch(/waits +waiting for a free worker of zkillboard_backfill_queue/)
    await db.query(`update backhaul.tasks set due_at = now() + interval '90 seconds', waiting_on = 'zkillboard'`)
    expect(await show()).toMatch(/waits +waiting for zkillboard.com for another 1 min (29|30) s/)
    await db.query(`update backhaul.tasks set waiting_on = null, attempts = 2, error_kind = 'http_502', error = 'zkillboard answered 502'`)
    expect(await show()).toMatch(/waits +retrying in 1 min \d+ s after http_502: zkillboard answered 502/)
    await command(env, `jobs pause ${id}`)
    expect(await show()).toMatch(/waits +paused; to continue: yarn jobs resume/)
  })

  test('show tells how far each stage is', async () => {
    const [id] = (await queued(1)) as [string]
    await db.query(`update backhaul.tasks set lane = 'etsy', seen = 450 where job_id = $1`, [id])
    await db.query(
      `insert into backhaul.foreseen (job_id, lane, stage, label, expected, at_least)
       values ($1, 'etsy', 0, 'orders of etsy', 1200, false), ($1, 'shopify', 2, null, 25000, true)`,
      [id],
    )
    const { out } = await command(env, `jobs show ${id}`)
    expect(out).toMatch(/progress by stage +tasks\n/)
    expect(out).toMatch(/Orders of etsy… 450\/1,200 +0\/1\n/)
    expect(out).toMatch(/Shopify, stage 2… 0\/25,000\+ +0\/0/)
    expect(JSON.parse((await command(env, `jobs show ${id} --json`)).out).stages).toMatchObject([
      { lane: 'etsy', fraction: 0.375 },
      { lane: 'shopify', atLeast: true, fraction: null },
    ])
  })

  test('show groups errors and rejects, and lists tasks, rejects and open lookups', async () => {
    const [id] = (await queued(1)) as [string]
    await settle(id, 'failed')
    await db.query(
      `insert into backhaul.rejects (job_id, task_id, source, stream, key, reason, raw)
       select job_id, id, 'eve', stream, '77', 'hash_mismatch', '{"killmail_id":77}' from backhaul.tasks`,
    )
    await db.query(`insert into backhaul.lookups (kind, id, jobs) values ('character', '1', array[$1::uuid])`, [id])
    const shown = JSON.parse((await command(env, `jobs show ${id} --tasks --rejects --json`)).out)
    expect(shown).toMatchObject({
      errors: [{ kind: 'timeout', state: 'failed', tasks: 1, example: 'no answer in 30 s' }],
      rejectedBy: [{ reason: 'hash_mismatch', records: 1 }],
      lookups: { asked: 1, open: 1 },
      list: [{ state: 'failed', seen: 250 }],
      rejects: [{ key: '77', raw: '{"killmail_id":77}' }],
    })
    const text = (await command(env, `jobs show ${id} --tasks --rejects`)).out
    for (const word of ['timeout', 'hash_mismatch', '1 requested, 1 open', 'killmail_id']) expect(text).toContain(word)
  })
})

describe('pause, resume, cancel, retry', () => {
  test('each may be repeated, and takes several jobs', async () => {
    const [first, second] = (await queued(1, 2)) as [string, string]
    for (const _ of [1, 2]) expect((await command(env, `jobs pause ${first} ${second.slice(0, 8)}`)).code).toBe(0)
    expect([await status(first), await status(second)]).toEqual(['paused', 'paused'])
    expect((await command(env, `jobs resume ${first} --json`)).out).toContain('"queued"')
    for (const _ of [1, 2]) expect((await command(env, `jobs cancel ${first}`)).code).toBe(0)
    expect([await status(first), await status(second)]).toEqual(['cancelled', 'paused'])
  })

  test('a wrong id changes none of them; a job in the wrong state is reported, the others continue', async () => {
    const [first, second] = (await queued(1, 2)) as [string, string]
    refused(await command(env, `jobs cancel ${first} 00000000`), 2, 'there is no job 00000000')
    expect(await status(first)).toBe('queued')
    await command(env, `jobs cancel ${first}`)
    const ran = await command(env, `jobs pause ${first} ${second}`)
    expect(ran).toEqual({
      code: 1,
      err: expect.stringMatching(/is cancelled; pause needs it to be/),
      out: expect.stringContaining('is paused'),
    })
    expect(await status(second)).toBe('paused')
  })

  test('retry lets failed tasks try again', async () => {
    const [id] = (await queued(1)) as [string]
    refused(await command(env, `jobs retry ${id}`), 1, 'no failed tasks')
    await settle(id, 'failed')
    await end(id, 'failed')
    refused(await command(env, `jobs retry ${id} --stream months --lane nothing`), 1, 'no failed tasks of stream months of lane nothing')
    refused(await command(env, `jobs retry ${id} --date 2024-01-31`), 2, 'Jobs of eve have no date; leave --date out.')
    expect(await command(env, `jobs retry ${id}`)).toMatchObject({ code: 0, out: expect.stringContaining('retrying 1 failed task') })
    expect(await status(id)).toBe('running')
  })
})

describe('watch and report', () => {
  test.each([
    ['completed', 'done', 0],
    ['partial', 'failed', 1],
    ['failed', 'failed', 1],
  ] as const)('a job that ends %s is watched to its end, exit code %s %d', async (how, state, code) => {
    const [id] = (await queued(1)) as [string]
    const watching = begin(env, ['jobs', 'watch', id.slice(0, 8)])
    await until(() => watching.out().includes('queued · 0 pages'))
    await settle(id, state)
    await end(id, how)
    const ran = await watching.ended
    expect(ran.code).toBe(code)
    expect(ran.out).toMatch(new RegExp(`${how} · 3 pages · 250 seen · 240 new · 10 known`))
    expect(ran.out.split('\n').at(-1)).toMatch(new RegExp(`^job ${id.slice(0, 8)} ${how} in .*verified`))
  })

  test('a cancelled job fails the watch; all of several must be completed', async () => {
    const [first, second] = (await queued(1, 2)) as [string, string]
    await settle(first, 'done')
    await end(first, 'completed')
    const watching = begin(env, ['queue', 'character-killmails', '1', '2', '--watch', '--json'])
    await until(async () => (await db.query('select 1 from backhaul.jobs')).length === 3)
    await command(env, `jobs cancel ${second}`)
    const [third] = await db.query<{ id: string }>('select id from backhaul.jobs where id <> all($1::uuid[])', [[first, second]])
    await settle(third?.id as string, 'done')
    await end(third?.id as string, 'completed')
    const ran = await watching.ended
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.out)).toMatchObject({
      jobs: [
        { id: third?.id, created: true },
        { id: second, created: false },
      ],
      reports: [{ status: 'completed' }, { status: 'cancelled' }],
    })
  })

  test('of many jobs the first are listed, the others counted by status', async () => {
    const ids = await queued(...Array.from({ length: 23 }, (_, n) => n + 1))
    await db.query(`update backhaul.jobs set status = 'completed', completed_at = now()`)
    await end(ids[22] as string, 'failed')
    const { code, out } = await command(env, `jobs watch ${ids.join(' ')}`)
    expect(code).toBe(1)
    expect(out).toContain(`job ${ids[19]?.slice(0, 8)} completed`)
    expect(out).not.toContain(`job ${ids[20]?.slice(0, 8)}`)
    expect(out).toMatch(/… and 3 more jobs: 2 completed, 1 failed\. See yarn jobs list$/)
  })

  test('Ctrl-C ends the watch, not the job', async () => {
    const [id] = (await queued(1)) as [string]
    const watching = begin(env, ['jobs', 'watch', id])
    await until(() => watching.out().includes('queued'))
    watching.interrupt()
    expect(await watching.ended).toMatchObject({ code: 130, err: expect.stringContaining(`yarn jobs watch ${id.slice(0, 8)}`) })
    expect(await status(id)).toBe('queued')
  })

  test('a watch with --lookups goes on until none is open', async () => {
    const [id] = (await queued(1)) as [string]
    await settle(id, 'done')
    await end(id, 'completed')
    await db.query(`insert into backhaul.lookups (kind, id, jobs) values ('character', '1', array[$1::uuid])`, [id])
    const watching = begin(env, ['jobs', 'watch', id, '--lookups'])
    await until(() => watching.out().includes('1 lookup open'))
    await db.query('update backhaul.lookups set answered = asked')
    expect(await watching.ended).toMatchObject({ code: 0, out: expect.not.stringContaining('still open') })
    expect(JSON.parse((await command(env, `jobs report ${id} --json`)).out).lookups).toEqual({ asked: 1, open: 0 })
  })

  test('watched lookups end when they are answered; one the source does not know is no success', async () => {
    const watching = begin(env, ['queue', 'type', '587', '34', '--watch'])
    await until(() => watching.out().includes('type: 0 answered, 2 open'))
    await db.query(`update backhaul.lookups set answered = asked, error = case id when '34' then 'not found' end`)
    expect(await watching.ended).toMatchObject({
      code: 1,
      out: expect.stringContaining('1 answered, 0 open, 1 unknown to the source (34)'),
    })
  })

  test('a report exits 0 only if it is verified', async () => {
    const [id] = (await queued(1)) as [string]
    const open = await command(env, `jobs report ${id.slice(0, 8)}`)
    expect(open).toMatchObject({ code: 1, out: expect.stringMatching(/verified +NO: the job is queued/) })
    await settle(id, 'done')
    await end(id, 'completed')
    const done = await command(env, `jobs report ${id} --json`)
    expect(done.code).toBe(0)
    expect(JSON.parse(done.out)).toMatchObject({ job: id, verified: true, seen: 250, new: 240, known: 10 })
    expect((await command(env, `jobs report ${id}`)).out).toMatch(/records +250 seen on 3 pages, 240 new, 10 known/)
  })
})

test('the log of a job, and its failures by cause', async () => {
  const [id] = (await queued(7)) as [string]
  expect((await command(env, `jobs logs ${id}`)).out).toBe('No log lines of this job are kept.')
  const jobLog = createJobLog('worker-backfill host:1', 100)
  const keep = (level: string, message: string) => jobLog.keep({ job: id, at: new Date(), level, message, fields: { key: 'c/7' } })
  keep('info', 'Page committed')
  keep('error', 'Task failed: no answer in 30 s')
  await jobLog.flush(db)
  const { out } = await command(env, `jobs logs ${id}`)
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info {2}Page committed key=c\/7 \(worker-backfill host:1\)$/),
    expect.stringContaining('error Task failed: no answer in 30 s key=c/7'),
  ])
  expect((await command(env, `jobs logs ${id} --level error --json`)).out).toMatch(/^\{"n":2,/)
  refused(await command(env, `jobs logs ${id} --level loud`), 2, 'There is no level "loud"')
  const following = begin(env, ['jobs', 'logs', id, '--follow', '--grep', 'another'])
  keep('warn', 'another line')
  await jobLog.flush(db)
  await until(() => following.out().includes('another line'))
  await settle(id, 'failed')
  const failures = await command(env, `jobs failures ${id}`)
  expect(failures.out).toMatch(/Timeout +1 +0 .* helps/)
  expect(failures.out).toContain(`To retry one group: yarn jobs retry ${id.slice(0, 8)} --group`)
  await end(id, 'failed')
  expect((await following.ended).code).toBe(0)
})
