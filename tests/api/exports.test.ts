import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { z } from 'zod'
import { TABLE_FORMATS, tableFile } from '../../backend/api/table-file'
import { PRIORITY, startRequests } from '../../backend/service/jobs/start'
import { addWebhook } from '../../backend/service/webhooks/webhooks'
import { sources as all } from '../../backend/sources'
import { type Served, serve } from '../support/api'
import { countingSource, countingTask } from '../support/counting-source'
import { type TestEnv, testEnv } from '../support/env'

/* Tables as files: every row that matches, in both formats, and nothing that a spreadsheet would run. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'reader-token-of-this-test' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const JOBS = 210
const counting = countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('one'), countingTask('two')] })
let env: TestEnv
let served: Served

beforeAll(async () => {
  env = await testEnv()
  served = await serve(env, [counting, ...all], { ...TOKENS, ALLOW_PRIVATE_HOSTS: 'true' })
  const names = Array.from({ length: JOBS }, (_, n) => ({ name: n === 7 ? '=cmd|calc' : `job "${n}",\nof many` }))
  await startRequests(served.service, counting, names, { priority: PRIORITY.backfill })
}, 120_000)
afterAll(async () => {
  await served?.close()
  await env?.close()
})

const get = (path: string, token = TOKENS.READ_TOKEN) => served.ask('GET', path, undefined, bearer(token))
const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true, skip_empty_lines: true })

test('all jobs that match are in the file, in the order of the list', async () => {
  const csv = await get('/api/jobs/export?source=counting&status=queued,running')
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="backhaul-jobs-\d{4}-\d\d-\d\d-\d{4}\.csv"$/)
  const rows = rowsOf(csv.body)
  const json = (await get('/api/jobs/export?source=counting&format=json')).body as { id: string; tasks: { total: number } }[]
  const page = (await get('/api/jobs?source=counting&limit=200')).body.items as { id: string }[]
  expect(rows.map((row) => row.id)).toEqual(json.map((row) => row.id))
  expect(new Set(json.map((row) => row.id)).size).toBe(JOBS)
  expect(json.slice(0, 200).map((row) => row.id)).toEqual(page.map((row) => row.id))
  expect(rows[0]).toMatchObject({ 'tasks.total': '2', status: expect.stringMatching(/queued|running/) })
  expect(rows.find((row) => row.about?.includes('cmd'))?.about).toBe("'=cmd|calc")
  expect(await get('/api/jobs/export?status=completed')).toMatchObject({
    status: 200,
    body: expect.stringMatching(/^id,source,label,[^\n]*\r\n$/),
  })
  expect((await get('/api/jobs/export?status=completed&format=json')).body).toEqual([])
})

test('tasks of one state, refusals of every kind and the other tables have their rows', async () => {
  const [job] = (await get('/api/jobs?source=counting&limit=1')).body.items
  expect(rowsOf((await get(`/api/jobs/${job.id}/tasks/export?stream=count`)).body).map((row) => row.key)).toEqual(['one', 'two'])
  expect((await get(`/api/jobs/${job.id}/tasks/export?state=failed&format=json`)).body).toEqual([])
  await served.service.db.query(
    `insert into backhaul.lookups (kind, id, answered, error, denied_at, fresh_until)
     select 'corporation', lpad(n::text, 4, '0'), 1, 'unknown', now(), now() + interval '7 days' from generate_series(1, 450) n`,
  )
  await served.service.db.query(
    `insert into eve.killmail_refusals (killmail_id, listed_hash, reason, refused_at) select n, 'a', 'not_on_esi', now() from generate_series(1, 401) n`,
  )
  const refused = rowsOf((await get('/api/refusals/export')).body)
  expect(new Set(refused.map((row) => `${row.kind} ${row.id}`)).size).toBe(851)
  expect(rowsOf((await get('/api/refusals/export?kind=killmail')).body)).toHaveLength(401)
  for (const list of ['gates', 'workers', 'alerts', 'schedules', 'actions', `jobs/${job.id}/rejects`])
    for (const format of TABLE_FORMATS) expect((await get(`/api/${list}/export?format=${format}`)).status).toBe(200)
})

test('a reader gets no address of a webhook, and a fault is a refusal rather than a file', async () => {
  const url = 'http://127.0.0.1:9/services/T000/B000/secret-of-the-hook'
  const { id } = await addWebhook(served.service, { url, events: ['*'] })
  expect((await get('/api/webhooks/export')).body).not.toContain('secret-of-the-hook')
  expect((await get('/api/webhooks/export', TOKENS.ADMIN_TOKEN)).body).toContain(url)
  expect((await get(`/api/webhooks/${id}/deliveries/export`)).status).toBe(200)
  expect((await served.ask('GET', '/api/jobs/export')).status).toBe(401)
  expect(await get('/api/jobs/ffffffff/tasks/export')).toMatchObject({ status: 404, body: { status: 404 } })
  expect((await get('/api/jobs/export?format=xml')).status).toBe(400)
  expect((await get('/api/jobs/export?source=none')).body).toMatchObject({ errors: [{ field: 'source' }] })
})

const cell = z.object({ text: z.string().nullable(), n: z.number(), inner: z.object({ list: z.array(z.string()) }) })

test('any text comes back as it was, and no cell begins like a formula', async () => {
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('=1+1', '+1', '-1', '@a', '\t=1', '\r=1', '', '"', 'a,b\r\nc'))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.option(texts), n: fc.integer() })),
      fc.integer({ min: 1, max: 4 }),
      async (rows, size) => {
        const full = rows.map((row) => ({ ...row, inner: { list: ['x'] } }))
        async function* pages() {
          for (let at = 0; at < full.length; at += size) yield full.slice(at, at + size)
        }
        const file = async (format: 'csv' | 'json') => {
          let text = ''
          for await (const piece of tableFile(format, cell, pages())) text += piece
          return text
        }
        expect(JSON.parse(await file('json'))).toEqual(full)
        const read = parse(await file('csv'), { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[]
        expect(read.map((row) => Number(row.n))).toEqual(rows.map(({ n }) => n))
        for (const [at, { text }] of rows.entries()) {
          const shown = read[at]?.text ?? ''
          expect(shown).not.toMatch(/^[=+\-@\t\r]/)
          expect([text ?? '', `'${text}`]).toContain(shown)
        }
      },
    ),
    { numRuns: 50 },
  )
})
