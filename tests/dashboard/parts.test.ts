import fc from 'fast-check'
import { connection, get } from '../../backend/dashboard/src/api/client'
import type * as ui from '../../backend/dashboard/src/api/types'
import { bandsOf, stepFrom } from '../../backend/dashboard/src/job/bands'
import { fieldsText, merged } from '../../backend/dashboard/src/job/log-lines'
import { signsOf } from '../../backend/dashboard/src/job/signs'
import { choiceOf, filterOf } from '../../backend/dashboard/src/jobs/filter'
import { groupOf, isOutOfOrder } from '../../backend/dashboard/src/jobs/groups'
import { outcomeText } from '../../backend/dashboard/src/lib/bulk-text'
import { bytes, duration, fromNow, named, percent, rate } from '../../backend/dashboard/src/lib/format'
import { newer } from '../../backend/dashboard/src/lib/newer'
import { build, fill, incomplete, kindOf, plain, type Values } from '../../backend/dashboard/src/lib/schema'
import { type View, viewsIn, withView } from '../../backend/dashboard/src/lib/views'
import { hearOverview, overview, readOverview } from '../../backend/dashboard/src/shell/overview'
import { formOf } from '../../backend/service/base/form'
import { sources } from '../../backend/sources'

/* The parts of the dashboard that need no browser. */

const form: ui.JsonSchema = {
  type: 'object',
  anyOf: [
    {
      title: 'One',
      type: 'object',
      required: ['mode', 'id'],
      properties: {
        mode: { const: 'one' },
        id: { anyOf: [{ type: 'number' }, { type: 'string' }] },
        options: {
          type: 'object',
          properties: {
            from: { type: 'string', format: 'date' },
            most: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
            skip: { type: 'boolean', default: true },
            only: { type: 'boolean' },
            names: { type: 'array', items: { type: 'string' } },
            kind: { enum: ['a', 'b'] },
            any: { type: 'array', items: { enum: ['one', 'one two', 'three'] } },
          },
        },
      },
    },
    { title: 'All', type: 'object', required: ['mode'], properties: { mode: { const: 'all' } } },
  ],
}

describe('a form out of a JSON Schema', () => {
  const options = fc.record(
    {
      from: fc.constantFrom('2024-01-31', '2026-11-22'),
      most: fc.integer({ min: 1 }),
      skip: fc.constant(false),
      only: fc.constant(true),
      names: fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }),
      kind: fc.constantFrom('a', 'b'),
      any: fc.subarray(['one', 'one two', 'three'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  test('what it is filled with comes back out of it', () =>
    fc.assert(
      fc.property(fc.integer(), options, (id, chosen) => {
        const params = { mode: 'one', id, options: chosen }
        const defaults = chosen.skip === undefined ? { skip: true } : {}
        expect(build(form, fill(form, params))).toEqual({ ...params, options: { ...chosen, ...defaults } })
      }),
    ))

  test('a list of known values is chosen, not typed', () => {
    expect(
      [{ enum: ['a'] }, { type: 'string' }, { type: 'object', properties: {} }].map((items) => kindOf({ type: 'array', items })),
    ).toEqual(['several', 'list', 'json'])
  })

  test('blank inputs are left out, an unchecked default is sent, the branch follows from the fields', () => {
    const values: Values = { ...fill(form, undefined), id: ' 12 ', 'options.skip': false, 'options.most': '' }
    expect(build(form, values)).toEqual({ mode: 'one', id: 12, options: { skip: false } })
    expect(build(form, fill(form, { mode: 'all' }))).toEqual({ mode: 'all' })
    expect(build(form, { ...values, 'options.most': 'twelve' })).toMatchObject({ options: { most: 'twelve' } })
  })

  test('what is needed and blank makes it incomplete', () => {
    expect(incomplete(form, fill(form, undefined))).toBe(true)
    expect(incomplete(form, { ...fill(form, undefined), id: '1' })).toBe(false)
    expect(incomplete(form, fill(form, { mode: 'all' }))).toBe(false)
  })

  test.each(sources.map((source) => [source.name, source] as const))('%s: its example survives its own form', (_, source) => {
    const own = formOf(source) as ui.JsonSchema
    expect(kindOf(plain(own))).not.toBe('json')
    expect(source.params.parse(build(own, fill(own, source.example)))).toEqual(source.params.parse(source.example))
  })
})

test('spans, rates and shares use two units, and a dash for unknown numbers', () => {
  expect([0, 950, 61_000, 3_600_000, 90_061_000, null, Number.NaN].map(duration)).toEqual([
    '0 ms',
    '950 ms',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
    '–',
    '–',
  ])
  expect([rate(0), rate(0.5), rate(2.55), rate(1234), rate(null)]).toEqual(['0 / s', '30 / min', '2.6 / s', '1,234 / s', '–'])
  expect([percent(0), percent(0.999), percent(1)]).toEqual(['0 %', '99 %', '100 %'])
  expect([0, 640, 1500, 1_234_567, 2.5e9, null].map(bytes)).toEqual(['0 B', '640 B', '1.5 kB', '1.2 MB', '2.5 GB', '–'])
  const now = Date.parse('2026-11-22T12:00:00Z')
  expect(['2026-11-22T11:57:00Z', '2026-11-22T12:00:20Z', '2026-11-19T12:00:00Z'].map((at) => fromNow(at, now))).toEqual([
    '3 min ago',
    'in 20 s',
    '3 days ago',
  ])
  expect([named('fromDate'), named('characterId'), named('hash_mismatch')]).toEqual(['From date', 'Character ID', 'Hash mismatch'])
})

describe('the connection', () => {
  const answers = new Map<string, (answer: Response) => void>()
  const real = global.fetch
  beforeAll(() => {
    global.fetch = ((path: string) => new Promise((resolve) => answers.set(path, resolve))) as typeof fetch
  })
  afterAll(() => {
    global.fetch = real
  })
  const ask = (path: string) =>
    get(path).then(
      () => connection.get().lost,
      () => connection.get().lost,
    )
  const answer = (path: string, status = 200) =>
    answers.get(path)?.(Response.json({ type: status === 503 ? 'urn:backhaul:database-unreachable' : 'about:blank' }, { status }))

  test('is back with an answer to what was asked after the last failure, not with one that was on its way', async () => {
    const [early, failing] = [ask('/api/overview'), ask('/api/jobs')]
    answer('/api/jobs', 503)
    expect(await failing).toMatch(/database/)
    answer('/api/overview')
    expect(await early).toMatch(/database/)
    const late = ask('/api/gates')
    answer('/api/gates')
    expect([await late, connection.get().times]).toEqual([null, 1])
  })

  test('an answer with figures of the suite does not take the place of those that the stream told meanwhile', async () => {
    const told = { version: 'told' } as unknown as ui.Overview
    const reading = readOverview()
    hearOverview(told)
    answer('/api/overview')
    await reading
    expect(overview.get()).toBe(told)
    const again = readOverview()
    answer('/api/overview')
    await again
    expect(overview.get()).not.toBe(told)
  })
})

describe('the list of jobs', () => {
  const job = (over: Partial<ui.JobSummary>) =>
    ({
      status: 'running',
      createdAt: '2026-11-01T00:00:00Z',
      completedAt: null,
      waits: [],
      stalled: null,
      acknowledged: null,
      position: null,
      ...over,
    }) as ui.JobSummary
  const NOW = Date.parse('2026-11-30T00:00:00Z')

  test('groups by what needs attention, and sees when a job has left its group', () => {
    const failed = job({ status: 'failed', completedAt: '2026-11-29T00:00:00Z' })
    const all = [
      failed,
      job({ stalled: { since: '', message: '' } }),
      job({ waits: [{ kind: 'hold' }] as never }),
      job({ status: 'paused' }),
      job({}),
      job({ status: 'queued', position: 3 }),
      job({ status: 'partial', completedAt: '2026-11-20T00:00:00Z' }),
    ]
    expect(all.map((one) => groupOf(one, NOW))).toEqual(['failed', 'stalled', 'person', 'paused', 'running', 'queued', 'ended'])
    expect(groupOf({ ...failed, acknowledged: { at: '', by: 'admin' } }, NOW)).toBe('ended')
    expect(isOutOfOrder(all, NOW)).toBe(false)
    expect(isOutOfOrder([...all, failed], NOW)).toBe(true)
  })

  test('an action on all that match takes the filter, and everything only where there is none', () => {
    const none = { status: '', source: '', kind: '', q: '', since: '', until: '', sort: 'attention' }
    expect(choiceOf(none)).toEqual({ all: true })
    expect(choiceOf({ ...none, status: 'failed,partial', since: '24h' })).toEqual({ status: ['failed', 'partial'], since: '24h' })
  })

  test('the outcome of an action counts what was done and what was refused, with each reason once', () => {
    const refused = ['completed', 'completed', 'cancelled'].map((state, n) => ({ id: String(n), reason: `job ${n} is ${state}`, state }))
    expect(outcomeText('paused', 1200, refused)).toBe('1,200 jobs paused. 3 refused: 2 completed, 1 cancelled.')
    expect(outcomeText('resumed', 1, [])).toBe('1 job resumed.')
  })

  test('saved views come back from the browser; whatever else it holds is none', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), query: fc.string() }), {
          selector: ({ name }) => name,
          maxLength: 50,
        }),
        (all) => {
          const kept = all.reduce<View[]>(withView, [])
          expect(viewsIn(JSON.stringify(kept))).toEqual(kept)
          expect(kept.map(({ name }) => name).sort()).toEqual(all.map(({ name }) => name).sort())
        },
      ),
    )
    // The address alone restores a view: every filter, and the order.
    const names = ['status', 'source', 'kind', 'q', 'since', 'until', 'sort'] as const
    fc.assert(
      fc.property(fc.record(Object.fromEntries(names.map((name) => [name, fc.string({ minLength: 1 })]))), (filter) => {
        const query = new URLSearchParams(new URLSearchParams(filter as Record<string, string>).toString())
        expect(filterOf({ get: (name) => query.get(name) ?? '' })).toEqual(filter)
      }),
    )
    for (const text of [null, '', '{', '3', '[{"name":1}]', 'null']) expect(viewsIn(text)).toEqual([])
  })
})

describe('the lines of a log', () => {
  const line = (n: number) => ({ n, at: '', level: 'info', message: `line ${n}`, fields: {}, process: '' })

  test('come each once and in their order, whatever comes twice or late; the oldest go', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 400 }), { maxLength: 12 }), (batches) => {
        const shown = batches.reduce<ui.LogLine[]>((lines, batch) => merged(lines, batch.map(line)), [])
        const numbers = shown.map(({ n }) => n)
        expect(numbers).toEqual([...new Set(batches.flat())].sort((a, b) => a - b).slice(-2000))
      }),
    )
  })

  test('show their fields in one line', () => {
    expect(fieldsText({ key: 'a/1', seen: 3, why: { status: 502 } })).toBe('key=a/1 seen=3 why={"status":502}')
    expect(fieldsText(null)).toBe('')
  })
})

test('each kind of skip or failure in a grid has a sign of its own', () => {
  const counts = [
    { state: 'failed', kind: 'http_503', cells: 6 },
    { state: 'failed', kind: 'processing_failed', cells: 5 },
    { state: 'failed', kind: 'http_500', cells: 1 },
    { state: 'skipped', kind: 'published_later', cells: 7 },
    { state: 'skipped', kind: null, cells: 1 },
    { state: 'done', kind: null, cells: 1 },
  ] as ui.CellCount[]
  expect(counts.map(signsOf(counts))).toEqual(['5', 'P', '0', 'U', '»', '✓'])
  // One kind alone has the sign of all failures.
  expect(counts.slice(0, 1).map(signsOf(counts.slice(0, 1)))).toEqual(['×'])
})

describe('a wide grid in bands', () => {
  const day = (n: number) => new Date(Date.UTC(2024, 0, 1) + n * 86_400_000).toISOString().slice(0, 10)
  const days = fc
    .tuple(fc.nat(1000), fc.integer({ min: 1, max: 400 }))
    .map(([first, n]) => Array.from({ length: n }, (_, at) => day(first + at)))

  test('has every column once, in order, and no band mixes months', () =>
    fc.assert(
      fc.property(days, (columns) => {
        const bands = bandsOf(columns)
        expect(bands.flatMap((band) => band.columns)).toEqual(columns)
        for (const { title, from, columns: own } of bands) {
          expect(own[0]).toBe(columns[from])
          expect(own.length).toBeLessThanOrEqual(31)
          if (bands.length > 1) expect(new Set(own.map((name) => name.slice(0, 7)))).toEqual(new Set([title]))
        }
      }),
    ))

  test('columns that are no days fill bands of the same width', () => {
    const columns = Array.from({ length: 70 }, (_, n) => `page ${n}`)
    expect(bandsOf(columns).map((band) => [band.title, band.from, band.columns.length])).toEqual([
      ['', 0, 31],
      ['', 31, 31],
      ['', 62, 8],
    ])
  })

  test('an arrow key never leaves the grid', () =>
    fc.assert(
      fc.property(
        days,
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom([-1, 0], [1, 0], [0, -1], [0, 1]), { maxLength: 60 }),
        (columns, rows, steps) => {
          const bands = bandsOf(columns)
          let at: readonly [number, number] = [0, 0]
          for (const step of steps as [number, number][]) {
            at = stepFrom(at, step, bands, rows)
            expect(at[0]).toBeGreaterThanOrEqual(0)
            expect(at[0]).toBeLessThan(rows)
            expect(columns[at[1]]).toBeDefined()
          }
        },
      ),
    ))

  test('below the last row is the next month', () => {
    const columns = Array.from({ length: 60 }, (_, n) => day(n))
    expect(stepFrom([1, 30], [1, 0], bandsOf(columns), 2)).toEqual([0, 59])
    expect(stepFrom([0, 40], [-1, 0], bandsOf(columns), 2)).toEqual([1, 9])
    expect(stepFrom([1, 59], [1, 0], bandsOf(columns), 2)).toEqual([1, 59])
  })
})

test('an answer that was read earlier is left out, unless the clock of the database was set back', () => {
  const at = (ms: number) => ({ readAt: new Date(1_800_000_000_000 + ms).toISOString() })
  expect(newer(at(0), at(-1))).toEqual(at(0))
  expect(newer(at(0), at(0))).toEqual(at(0))
  expect(newer(at(0), at(1))).toEqual(at(1))
  expect(newer(at(0), at(-3_600_000))).toEqual(at(-3_600_000))
})
