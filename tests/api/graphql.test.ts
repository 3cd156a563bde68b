import { eve } from '../../backend/sources/eve'
import { bury } from '../../queues/dead'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type GraphqlClient, graphqlClient } from '../support/graphql-client'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* The GraphQL entry point of the real API, on a broker and a Postgres of its own. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'reader-token-of-this-test' }
const counting: Counting = { pages: 3, rowsPerPage: 4, tasks: [countingTask('first')] }
let engine: Suite
let served: Served
let admin: GraphqlClient
let reader: GraphqlClient

beforeAll(async () => {
  engine = await suite([countingSource(counting), eve] as never)
  await createCounted(engine.db)
  served = await serve(engine, engine.sources, TOKENS)
  admin = graphqlClient(served.url, TOKENS.ADMIN_TOKEN)
  reader = graphqlClient(served.url, TOKENS.READ_TOKEN)
}, 120_000)

afterAll(async () => {
  await served?.close()
  await engine?.close()
})

const START = `mutation ($name: String!, $force: Boolean, $key: String) {
  startBackfill(source: "counting", params: { name: $name }, force: $force, idempotencyKey: $key) { created message job { id status source priority } }
}`
/** As a worker does with a message it cannot read. */
const setAside = (body: string, messageId: string) =>
  bury(engine.broker, { queue: 'zkillboard_backfill_queue', body: Buffer.from(body), messageId }, 'made for a test')
let named = 0
/** A job of its own, with tasks of its own: the source inserts each row plainly. */
const startOne = async (variables: Record<string, unknown> = {}): Promise<string> => {
  counting.tasks = [countingTask(`a${++named}`), countingTask(`b${named}`)]
  return (await admin.data(START, { name: `job ${named}`, ...variables })).startBackfill.job.id
}

describe('starting', () => {
  const SEED = `mutation {
    startKillmailBackfill(
      input: {
        characterId: 2117325769
        options: {
          fromDate: "2023-01-01"
          maxPages: 10
        }
      }
    ) {
      success
      message
      queuedAt
    }
  }`

  test('the mutation as it has always been written starts a job, and a second one finds it', async () => {
    const { startKillmailBackfill: first } = await admin.data(SEED)
    expect(first).toEqual({
      success: true,
      message: expect.stringMatching(/^Queued job .*2117325769/),
      queuedAt: expect.stringMatching(/^20.*Z$/),
    })
    const withJob = SEED.replace('queuedAt', 'queuedAt job { id status params source can createdAt }')
    const { startKillmailBackfill: again } = await admin.data(withJob)
    expect(again).toMatchObject({ success: true, message: expect.stringMatching(/^Not queued again/), queuedAt: first.queuedAt })
    expect(again.job).toMatchObject({ source: 'eve', status: expect.stringMatching(/queued|running/), createdAt: first.queuedAt })
    expect(again.job.params).toMatchObject({
      characterId: 2117325769,
      options: { fromDate: '2023-01-01', maxPages: 10, limit: 100, skipExisting: true },
    })
    await admin.data(`mutation ($id: ID!) { cancelJob(id: $id) { status } }`, { id: again.job.id })
  })

  test('every option of it reaches the job; an id may be text', async () => {
    const { startKillmailBackfill: it } = await admin.data(
      `mutation ($input: StartKillmailBackfillInput!) { startKillmailBackfill(input: $input) { job { id params } } }`,
      {
        input: {
          characterId: '95465499',
          options: { fromDate: '2024-01-01', toDate: '2024-02-01', maxPages: 5, limit: 200, skipExisting: false, losses: true },
        },
      },
    )
    expect(it.job.params).toMatchObject({
      characterId: 95465499,
      options: { fromDate: '2024-01-01', toDate: '2024-02-01', maxPages: 5, limit: 200, skipExisting: false, losses: true },
    })
    await admin.data(`mutation ($id: ID!) { cancelJob(id: $id) { status } }`, { id: it.job.id })
  })

  test('a refusal names the field that is wrong', async () => {
    const cases: [query: string, code: string, field: string | undefined, text: RegExp][] = [
      ['startKillmailBackfill(input: { characterId: -1 }) { success }', 'INPUT', 'characterId', /greater than zero|whole number|positive/],
      ['startKillmailBackfill(input: { characterId: 1, options: { limit: 201 } }) { success }', 'INPUT', 'options.limit', /1 to 200/],
      [
        'startKillmailBackfill(input: { characterId: 1, options: { fromDate: "2023-02-30" } }) { success }',
        'INPUT',
        'options.fromDate',
        /does not exist/,
      ],
      ['startBackfill(source: "nothing", params: {}) { created }', 'MISSING', 'source', /There is no source "nothing"/],
      ['startBackfill(source: "counting", params: { nam: 1 }) { created }', 'INPUT', undefined, /nam/],
      ['startBackfill(source: "counting", params: 5) { created }', 'INPUT', 'params', /must be a JSON object/],
      [
        'startBackfill(source: "counting", params: { name: "x" }, idempotencyKey: "a b") { created }',
        'INPUT',
        'Idempotency-Key',
        /visible ASCII/,
      ],
    ]
    for (const [query, code, field, text] of cases) {
      const error = await admin.error(`mutation { ${query} }`)
      expect(error).toMatchObject({ message: expect.stringMatching(text), extensions: { code } })
      if (field) expect(error.extensions.field).toBe(field)
    }
  })

  test('a key starts one job, and is refused for another request', async () => {
    const ask = { name: 'keyed', key: 'key-1', force: true }
    const [first, second] = [await admin.data(START, ask), await admin.data(START, ask)]
    expect([first.startBackfill.created, second.startBackfill.created]).toEqual([true, false])
    expect(second.startBackfill.job.id).toBe(first.startBackfill.job.id)
    expect(await admin.error(START, { ...ask, name: 'other' })).toMatchObject({
      extensions: { code: 'STATE' },
      message: expect.stringMatching(/used before/),
    })
    await admin.data(`mutation ($id: ID!) { cancelJob(id: $id) { status } }`, { id: first.startBackfill.job.id })
  })

  test('an estimate queues nothing', async () => {
    const before = (await admin.data('{ jobs { totalCount } }')).jobs.totalCount
    const { estimate } = await admin.data(
      '{ estimate(source: "eve", params: { characterId: 5, options: { maxPages: 3 } }) { tasks leastMs activeKey activeJob requests { api requests leastMs limit } notes } }',
    )
    expect(estimate).toMatchObject({ tasks: expect.any(Number), activeKey: expect.stringContaining('5'), activeJob: null })
    expect(estimate.requests).toContainEqual(expect.objectContaining({ api: 'zkillboard' }))
    expect((await admin.data('{ jobs { totalCount } }')).jobs.totalCount).toBe(before)
  })
})

describe('steering', () => {
  const verb = (name: string) => `mutation ($id: ID!) { ${name}Job(id: $id) { id status can } }`

  test('each verb does what it says, leaves who did it, and is refused with the state', async () => {
    const id = await startOne()
    expect((await admin.data(verb('pause'), { id })).pauseJob).toEqual({ id, status: 'paused', can: ['resume', 'cancel'] })
    expect((await admin.data(verb('resume'), { id: id.slice(0, 8) })).resumeJob.status).toMatch(/queued|running/)
    expect((await admin.data(verb('cancel'), { id })).cancelJob).toMatchObject({ status: 'cancelled', can: [] })
    expect(await admin.error(verb('pause'), { id })).toMatchObject({
      message: expect.stringMatching(/is cancelled; pause needs it to be/),
      path: ['pauseJob'],
      extensions: { code: 'STATE', state: 'cancelled' },
    })
    expect(await admin.error(verb('retry'), { id })).toMatchObject({ extensions: { code: 'STATE', state: 'cancelled' } })
    expect(await admin.error(verb('pause'), { id: 'ffffffff' })).toMatchObject({ extensions: { code: 'MISSING', field: 'id' } })
    expect(await admin.error(verb('pause'), { id: 'x' })).toMatchObject({ extensions: { code: 'INPUT', field: 'id' } })
    const { actions } = await admin.data('{ actions(first: 10) { nodes { who entryPoint verb target outcome address } } }')
    const ours = actions.nodes.filter((action: { target: string }) => action.target === id)
    expect(ours.map((action: { verb: string }) => action.verb)).toEqual([
      'job.retry',
      'job.pause',
      'job.cancel',
      'job.resume',
      'job.pause',
      'job.start',
    ])
    expect(ours[2]).toMatchObject({
      who: 'admin',
      entryPoint: 'graphql',
      outcome: 'done',
      address: expect.stringMatching(/127\.0\.0\.1|::1/),
    })
    expect(ours[1].outcome).toMatch(/is cancelled/)
  })

  test('many at once: what could be done is done, the rest is refused with a reason', async () => {
    const [one, two, three] = [await startOne(), await startOne(), await startOne()]
    await admin.data(verb('cancel'), { id: three })
    const bulk = `mutation ($ids: [ID!], $status: [JobStatus!], $source: String, $verb: BulkVerb!) {
      bulkJobs(verb: $verb, ids: $ids, status: $status, source: $source) { done refused { id reason state } } }`
    expect((await admin.data(bulk, { verb: 'pause', ids: [one, two, three] })).bulkJobs).toEqual({
      done: [one, two],
      refused: [{ id: three, reason: expect.stringMatching(/is cancelled/), state: 'cancelled' }],
    })
    const { bulkJobs } = await admin.data(bulk, { verb: 'cancel', status: 'paused', source: 'counting' })
    expect(bulkJobs.done).toEqual(expect.arrayContaining([one, two]))
    expect(await admin.error(bulk, { verb: 'cancel' })).toMatchObject({ extensions: { code: 'INPUT', field: 'ids' } })
    expect(await admin.error(bulk, { verb: 'destroy', ids: [] })).toMatchObject({ message: expect.stringMatching(/"destroy"/) })
  })

  test('dead letters are shown, sent again and dropped', async () => {
    const { publisher } = { publisher: engine.broker }
    await publisher.ready()
    await setAside('not json', 'm-1')
    await setAside('{"x":1}', 'm-2')
    const list = async () =>
      (
        await admin.data(
          '{ deadLetters(queue: "zkillboard_backfill_queue") { items { id queue reason body bytes } queues { queue count } } }',
        )
      ).deadLetters
    const { items, queues } = await until(async () => {
      const found = await list()
      return found.items.length === 2 ? found : undefined
    })
    expect(items.map((item: { body: string }) => item.body)).toEqual(['not json', '{"x":1}'])
    expect(queues).toContainEqual({ queue: 'zkillboard_backfill_queue', count: 2 })
    expect((await admin.data('query ($id: ID!) { deadLetter(id: $id) { body reason } }', { id: items[0].id })).deadLetter.body).toBe(
      'not json',
    )
    expect(
      (await admin.data('mutation ($ids: [ID!]) { dropDeadLetters(ids: $ids) { taken } }', { ids: [items[0].id] })).dropDeadLetters.taken,
    ).toBe(1)
    expect((await admin.data('mutation { replayDeadLetters(all: true) { taken } }')).replayDeadLetters.taken).toBe(1)
    expect(await admin.error('mutation { dropDeadLetters { taken } }')).toMatchObject({ extensions: { code: 'INPUT' } })
    expect(await reader.error('mutation { dropDeadLetters(all: true) { taken } }')).toMatchObject({ extensions: { code: 'FORBIDDEN' } })
  })
})

describe('reading', () => {
  test('jobs come page by page, each with its cursor, newest first', async () => {
    for (let n = 0; n < 5; n++) await startOne()
    const page = `query ($first: Int, $after: String, $source: String) { jobs(first: $first, after: $after, source: $source) {
      edges { cursor node { id createdAt } } nodes { id } totalCount counts { queued cancelled }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
    const all = (await admin.data(page, { first: 200, source: 'counting' })).jobs
    expect(all.totalCount).toBe(all.edges.length)
    const seen: string[] = []
    let after: string | undefined
    do {
      const { jobs } = await admin.data(page, { first: 2, after, source: 'counting' })
      seen.push(...jobs.edges.map((edge: { node: { id: string } }) => edge.node.id))
      expect(jobs.pageInfo).toMatchObject({
        endCursor: jobs.edges.at(-1).cursor,
        startCursor: jobs.edges[0].cursor,
        hasPreviousPage: after !== undefined,
      })
      after = jobs.pageInfo.hasNextPage ? jobs.pageInfo.endCursor : undefined
    } while (after)
    expect(seen).toEqual(all.nodes.map((job: { id: string }) => job.id))
    const middle = (await admin.data(page, { first: 2, after: all.edges[1].cursor, source: 'counting' })).jobs
    expect(middle.nodes[0].id).toBe(all.nodes[2].id)
    for (const [variables, field] of [
      [{ first: 0 }, 'first'],
      [{ first: 201 }, 'first'],
      [{ after: 'nonsense' }, 'cursor'],
      [{ after: all.edges[0].cursor }, 'cursor'],
      [{ source: 'nothing' }, 'source'],
    ] as const)
      expect(await admin.error(page, variables)).toMatchObject({ extensions: { code: 'INPUT', field } })
  })

  test('a job shows its tasks, lanes, requests and report', async () => {
    const id = await startOne()
    await engine.db.query(
      `insert into backhaul.foreseen (job_id, lane, stage, label, expected) values ($1, 'lane', 0, 'all things', 1200)`,
      [id],
    )
    const { job, tasks } = await admin.data(
      `query ($id: ID!) {
        job(id: $id) { id tasks { total waiting ready done } lanes { lane total } errors { kind } rejectedBy { reason } requests { api } inHand { task } stages { lane stage label sentence seen expected atLeast fraction tasks { total held } } earlierRuns { number status error tasks { failed } }
          report partitions { rows } sentence waits { sentence } lookups { asked open }
          taskList(first: 1) { nodes { key } pageInfo { hasNextPage endCursor } } rejects { nodes { key } } }
        tasks(job: $id, first: 10) { edges { cursor node { id stream key lane state seen attempts dueAt notes } } }
      }`,
      { id },
    )
    expect(job).toMatchObject({
      id,
      tasks: { total: 2 },
      lanes: [{ lane: 'lane', total: 2 }],
      errors: [],
      inHand: [],
      stages: [
        {
          ...{ lane: 'lane', stage: 0, label: 'all things', sentence: 'All things… 0/1,200', seen: 0, expected: 1200, atLeast: false },
          ...{ fraction: 0, tasks: { total: 2, held: 0 } },
        },
      ],
      earlierRuns: [],
      rejects: { nodes: [] },
    })
    expect(job.report).toMatchObject({ job: id, verified: false })
    expect(job.taskList).toMatchObject({ nodes: [{ key: `a${named}` }], pageInfo: { hasNextPage: true } })
    expect(tasks.edges.map((edge: { node: object }) => edge.node)).toMatchObject([
      { stream: 'count', key: `a${named}`, seen: 0 },
      { key: `b${named}` },
    ])
    const next = await admin.data('query ($id: ID!, $after: String) { tasks(job: $id, after: $after) { nodes { key } } }', {
      id,
      after: job.taskList.pageInfo.endCursor,
    })
    expect(next.tasks.nodes).toEqual([{ key: `b${named}` }])
    const { data, errors } = await admin.send('{ job(id: "ffffffff") { id } }')
    expect({ data, code: errors?.[0]?.extensions.code }).toEqual({ data: { job: null }, code: 'MISSING' })
  })

  test('the overview of the suite', async () => {
    const found = await admin.data(`{
      overview { jobs { queued running } workers { alive dead } schedulers deadLetters queues { name ready due } }
      workers { schedulers apps { app alive queues } items { id } }
      gates { name limit api used { span used of windowMs } users { job } granted }
      sources { name about form exportTables streams commands { name } }
      schedules { name } webhooks { url } alerts { kind }
    }`)
    expect(found.overview.queues).toContainEqual(expect.objectContaining({ name: 'zkillboard_backfill_queue' }))
    expect(found.workers.apps).toContainEqual(expect.objectContaining({ app: 'worker-backfill', alive: 0 }))
    expect(found.gates).toContainEqual(expect.objectContaining({ name: 'zkillboard', limit: expect.stringContaining('10 s') }))
    const source = found.sources.find(({ name }: { name: string }) => name === 'eve')
    expect(source).toMatchObject({ exportTables: expect.arrayContaining(['eve.killmails']), form: { type: 'object' } })
    expect(found).toMatchObject({ schedules: [], webhooks: [], alerts: expect.any(Array) })
  })

  test('the schema may be read', async () => {
    const { __schema } = await admin.data(
      '{ __schema { mutationType { fields { name } } subscriptionType { fields { name } } types { name description } } }',
    )
    expect(__schema.mutationType.fields.map((field: { name: string }) => field.name)).toEqual(
      expect.arrayContaining(['startKillmailBackfill', 'startBackfill', 'pauseJob', 'resumeJob', 'cancelJob', 'retryJob']),
    )
  })
})

describe('following', () => {
  const PROGRESS = 'subscription ($id: ID!) { jobProgress(id: $id) { id status seen tasks { done total } verified } }'

  test('a job is followed from its start to its end', async () => {
    const id = await startOne()
    const updates = reader.follow(PROGRESS, { id })
    const first = (await updates.next()).value
    expect(first.data.jobProgress).toMatchObject({ id, status: expect.stringMatching(/queued|running/), seen: 0 })
    await engine.worker()
    let last = first
    for await (const one of updates) last = one
    expect(last.data.jobProgress).toEqual({ id, status: 'completed', seen: 24, tasks: { done: 2, total: 2 }, verified: true })
    expect(updates.contentType()).toMatch(/^text\/event-stream/)
  })

  test('a job that has ended is shown once', async () => {
    const id = await startOne()
    await engine.ended(id)
    const seen = []
    for await (const one of admin.follow(PROGRESS, { id })) seen.push(one.data.jobProgress.status)
    expect(seen).toEqual(['completed'])
    const { value } = await admin.follow(PROGRESS, { id: 'ffffffff' }).next()
    expect(value.errors?.[0]?.extensions).toMatchObject({ code: 'MISSING' })
  })

  test('the list of jobs sends what changes, until the reader disconnects', async () => {
    const updates = admin.follow('subscription { jobs(source: "counting", first: 2) { items { id status } counts { paused } } }')
    const first = (await updates.next()).value.data.jobs
    expect(first.items).toHaveLength(2)
    const id = await startOne({ force: true })
    await until(async () => {
      const { items } = (await updates.next()).value.data.jobs
      return items.some((job: { id: string }) => job.id === id)
    })
    await updates.leave()
    await until(() => served.api.live.watchers === 0, { what: 'the subscription to be taken back' })
  })

  test('a list that cannot be is refused, and nobody else notices', async () => {
    for (const [args, field] of [
      ['source: "nothing"', 'source'],
      ['first: 201', 'first'],
    ]) {
      const { value } = await admin.follow(`subscription { jobs(${args}) { counts { queued } } }`).next()
      expect(value.errors?.[0]).toMatchObject({ extensions: { code: 'INPUT', field } })
    }
    expect(served.api.live.watchers).toBe(0)
  })

  test('EventSource follows by GET', async () => {
    const id = await startOne()
    const seen = []
    for await (const one of admin.follow(PROGRESS, { id }, 'GET')) seen.push(one.data.jobProgress.status)
    expect(seen.at(-1)).toBe('completed')
  })
})

describe('bounds', () => {
  const refusedFor = async (query: string, text: RegExp, variables?: object) => {
    const began = performance.now()
    const { data, errors } = await admin.send(query, variables)
    expect(data ?? null).toBeNull()
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(text) })
    // Nothing of it ran: jobs with their tasks would take seconds.
    expect(performance.now() - began).toBeLessThan(2000)
    return errors?.[0]
  }

  test('deep, dear and many-named queries are refused before they run', async () => {
    const deep = (levels: number): string => (levels === 0 ? 'id' : `edges { node { ${deep(levels - 1)} } }`)
    expect(
      await refusedFor(
        `{ jobs { edges { node { taskList { edges { node { ... { ... { ... { ... { id } } } } } } } } } } }`,
        /depth limit of 10/,
      ),
    ).toMatchObject({
      extensions: { code: 'TOO_LARGE' },
    })
    expect(deep(1)).toContain('node')
    await refusedFor('{ jobs(first: 200) { nodes { taskList(first: 200) { nodes { id key } } } } }', /[Cc]ost limit/)
    await refusedFor('query ($n: Int) { jobs(first: $n) { nodes { taskList(first: $n) { nodes { id key } } } } }', /[Cc]ost limit/, {
      n: 200,
    })
    await refusedFor('query ($n: Int = 200) { jobs(first: $n) { nodes { taskList(first: $n) { nodes { id key } } } } }', /[Cc]ost limit/)
    const tasks =
      'jobs(first: $n) { nodes { taskList(first: $n) { nodes { id stream key state notes error } } rejects(first: $n) { nodes { raw } } } }'
    // Sent as null it is the list's own default, not the variable's.
    const many = Array.from({ length: 10 }, (_, n) => `a${n}: ${tasks}`).join(' ')
    await refusedFor(`query ($n: Int = 1) { ${many} }`, /[Cc]ost limit/, { n: null })
    const query = `query A($n: Int = 1) { ${tasks} } query B($n: Int = 200) { ${tasks} }`
    const other = await served.ask('POST', '/graphql', { query, operationName: 'B' }, { authorization: `Bearer ${TOKENS.READ_TOKEN}` })
    expect(other.body.errors[0].message).toMatch(/[Cc]ost limit/)
    await refusedFor('{ jobs(first: 200) { nodes { lanes { lane } errors { kind } report } } }', /[Cc]ost limit/)
    await refusedFor(`{ ${Array.from({ length: 31 }, (_, n) => `a${n}: overview { schedulers }`).join(' ')} }`, /alias limit|at most 20/)
    await refusedFor(`{ job(id: "x") { ${Array.from({ length: 40 }, (_, n) => `a${n}: id`).join(' ')} } }`, /alias limit/)
    await refusedFor(`{ ${'sources { name } '.repeat(2000)} }`, /tokens|at most 20/i)
    await refusedFor(`{ jobs { nodes { ...a } } } fragment a on Job { ...b } fragment b on Job { ...a }`, /fragment/i)
    const spread = Array.from({ length: 12 }, (_, n) => `fragment f${n} on Job { ...f${n + 1} ...f${n + 1} }`).join(' ')
    await refusedFor(`{ jobs { nodes { ...f0 } } } ${spread} fragment f12 on Job { id lanes { lane } }`, /limit/)
  })

  test('what a dashboard asks is within them', async () => {
    await admin.data(
      `{ jobs(first: 50) { totalCount counts { queued running } pageInfo { endCursor hasNextPage } edges { cursor node {
        id source label about status params priority createdAt startedAt completedAt seconds tasks { total done failed } pages seen new updated known rejected
        deleted expected lookups { asked open } fraction position startsInMs rate leftMs sentence waits { kind on until sentence } error verified can } } } }`,
    )
    await admin.data('{ jobs(first: 20) { nodes { id taskList(first: 10) { nodes { id key state } } } } }')
  })

  test('bodies, types and methods that do not fit get a status of their own', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(`${served.url}/graphql`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${TOKENS.ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      })
    expect((await post(JSON.stringify({ query: `{ __typename } #${'x'.repeat(300_000)}` }))).status).toBe(413)
    expect((await post('{ __typename }', { 'content-type': 'application/graphql' })).status).toBe(415)
    expect((await post('query=%7B__typename%7D', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
    expect((await post('{')).status).toBe(400)
    expect((await post(JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]))).status).toBe(400)
    expect((await post(JSON.stringify({ query: '{ nothing }' }))).status).toBeLessThan(500)
    const get = (query: string, more = '') =>
      fetch(`${served.url}/graphql?query=${encodeURIComponent(query)}${more}`, {
        headers: { authorization: `Bearer ${TOKENS.ADMIN_TOKEN}` },
      })
    expect(await (await get('{ __typename }')).json()).toEqual({ data: { __typename: 'Query' } })
    const mutation = await get('mutation { cancelJob(id: "ffffffff") { id } }')
    expect(mutation.status).toBe(405)
    expect((await post(`{"query":"{ __typename }","variables":{"p":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`)).status).toBe(400)
    const deep = encodeURIComponent(`{"p":${'['.repeat(2000)}${']'.repeat(2000)}}`)
    for (const [variables, text] of [
      [deep, /deeper than 32/],
      [encodeURIComponent('{"p":"\\u0000"}'), /PostgreSQL cannot store/],
      [encodeURIComponent('{"p":"\\ud800"}'), /PostgreSQL cannot store/],
    ] as const) {
      const { errors } = await (await get('query ($p: String) { jobs(q: $p) { totalCount } }', `&variables=${variables}`)).json()
      expect(errors[0].message).toMatch(text)
    }
    expect(await admin.error('{ jobs(q: "\\u0000") { totalCount } }')).toMatchObject({ extensions: { code: 'INPUT' } })
  })
})

describe('security', () => {
  test('no token, no answer; a read-only token changes nothing', async () => {
    expect(
      (
        await fetch(`${served.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"query":"{ __typename }"}',
        })
      ).status,
    ).toBe(401)
    const before = (await reader.data('{ jobs { totalCount } }')).jobs.totalCount
    for (const mutation of [
      'startKillmailBackfill(input: { characterId: 1 }) { success }',
      'startBackfill(source: "counting", params: { name: "x" }) { created }',
      'pauseJob(id: "ffffffff") { id }',
      'bulkJobs(verb: cancel, status: running) { done }',
    ])
      expect(await reader.error(`mutation { ${mutation} }`)).toMatchObject({
        extensions: { code: 'FORBIDDEN' },
        message: expect.stringMatching(/read-only/),
      })
    expect((await reader.data('{ jobs { totalCount } }')).jobs.totalCount).toBe(before)
  })

  test('faults of ours are masked', async () => {
    await engine.db.query('alter table backhaul.alerts rename to alerts_hidden')
    const error = await admin.error('{ alerts { kind } }')
    await engine.db.query('alter table backhaul.alerts_hidden rename to alerts')
    expect(error).toMatchObject({ message: 'Internal error', path: ['alerts'], extensions: { code: 'INTERNAL' } })
    expect(JSON.stringify(error)).not.toMatch(/relation|backhaul\.|select|\.ts/)
  })
})
