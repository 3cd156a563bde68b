import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import OpenAPIClientAxios from 'openapi-client-axios'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* The OpenAPI document as programs use it: a linter, and a client that is made of nothing else. */

const TOKEN = 'the-admin-token-of-this-test'
const counting: Counting = { pages: 3, rowsPerPage: 10, tasks: [countingTask('one')] }
const source = countingSource(counting)
let engine: Suite
let served: Served

beforeAll(async () => {
  engine = await suite([source])
  await createCounted(engine.db)
  served = await serve(engine, [source], { ADMIN_TOKEN: TOKEN })
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
})

test('it passes the recommended rules of a linter', async () => {
  const { body } = await served.ask('GET', '/api/openapi.json')
  const linted = spawnSync(process.execPath, [join(__dirname, '..', 'support', 'lint-openapi.mjs')], {
    input: JSON.stringify(body),
    encoding: 'utf8',
  })
  expect(linted.stderr).toBe('')
  expect(JSON.parse(linted.stdout)).toEqual([])
})

test('a client made of it starts a job and follows it to its end', async () => {
  const { body: definition } = await served.ask('GET', '/api/openapi.json')
  const made = new OpenAPIClientAxios({
    definition,
    axiosConfigDefaults: { baseURL: served.url, headers: { Authorization: `Bearer ${TOKEN}`, connection: 'close' } },
  })
  const client = await made.init()
  const started = await client.startJob?.({}, { source: 'counting', params: { name: 'by a client' } })
  expect(started).toMatchObject({ status: 201, data: { created: true, status: 'queued' } })
  const worker = await engine.worker()
  const job = await until(async () => {
    const { data } = (await client.getJob?.({ id: started?.data.id })) ?? { data: undefined }
    return data.status === 'completed' && data
  })
  expect(job).toMatchObject({ new: 30, verified: true, report: { seen: 30 } })
  expect((await client.listTasks?.({ id: job.id }))?.data.items).toMatchObject([{ key: 'one', state: 'done' }])
  await worker.stop()
})
