import { Writable } from 'node:stream'
import fc from 'fast-check'
import { count } from '../../backend/base/vocabulary'
import type { Config } from '../../backend/config/config'
import type { Progress } from '../../backend/engine/jobs/progress'
import { estimate, leastMs, limitText } from '../../backend/service/jobs/estimate'
import { rateMeter } from '../../backend/service/jobs/rates'
import { countBar } from '../../scripts/cli/count-bar'
import { collectIds } from '../../scripts/cli/ids'
import type { Terminal } from '../../scripts/cli/terminal'
import { cut, duration, table } from '../../scripts/cli/text'
import { drawBar, lineView } from '../../scripts/cli/views'

const noTerminal = {} as Terminal

describe('estimates', () => {
  test('a window is used up as often as needed and not once more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 90_000 }),
        (n, allowed, perMs) => {
          const windows = leastMs(n, { scope: 'ip', requests: allowed, perMs }) / perMs + 1
          expect(windows * allowed).toBeGreaterThanOrEqual(n)
          expect((windows - 1) * allowed).toBeLessThan(n)
        },
      ),
    )
  })

  test('the tightest of spacing, window and day decides; a backfill has its share', () => {
    const limit = { scope: 'key', spacingMs: 100, requests: 10, perMs: 60_000, perDay: 20, backfillShare: 0.5 } as const
    expect(leastMs(1, limit)).toBe(0)
    expect(leastMs(10, limit)).toBe(900)
    expect(leastMs(11, limit)).toBe(60_000)
    expect(leastMs(11, limit, true)).toBe(86_400_000)
    expect(leastMs(20, { ...limit, backfillShare: { day: 0.5 } }, true)).toBe(86_400_000)
    expect(leastMs(20, { ...limit, backfillShare: { requests: 0.1 } }, true)).toBe(19 * 60_000)
    expect(limitText(limit)).toBe('one every 100 ms, 10 requests in 1 min, 20 in 1 d, 50 % for backfills')
    expect(limitText({ scope: 'key', perDay: 20, backfillShare: { day: 0.5 } })).toBe('20 in 1 d, 50 % of 1 d for backfills')
  })

  test('jobs share a limit, a part counts against its API, and an unknown figure makes the whole unknown', () => {
    const plan = (requests: Record<string, number | null>) => ({ tasks: [], activeKey: '', estimate: { requests } })
    const limits = new Map([
      ['esi', { scope: 'ip' as const, spacingMs: 10 }],
      ['esi.killmail', { scope: 'ip' as const }],
    ])
    const known = estimate([plan({ esi: 5 }), plan({ 'esi.killmail': 6 })], limits, false)
    expect(known.apis.map(({ name, requests }) => [name, requests])).toEqual([
      ['esi', 11],
      ['esi.killmail', 6],
    ])
    expect(known.leastMs).toBe(100)
    expect(estimate([plan({ esi: 5 }), plan({ esi: null })], limits, false).leastMs).toBeNull()
  })
})

test('ids come back whatever stands between them, each once and in order', async () => {
  const separator = fc.constantFrom(' ', ',', ';', ' , ', '\t', '  ')
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1 }).map(String), { minLength: 1 }), separator, async (ids, between) => {
      expect((await collectIds([ids.join(between), ...ids], undefined, noTerminal)).map((id) => id.text)).toEqual(ids)
    }),
  )
})

test('a bar keeps its width, and is full only at the end', () => {
  fc.assert(
    fc.property(
      fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      fc.nat(),
      fc.integer({ min: 8, max: 80 }),
      (part, frame, width) => {
        const bar = drawBar(part, frame, width)
        expect(bar).toMatch(new RegExp(`^[█░]{${width}}$`))
        expect(bar === '█'.repeat(width)).toBe(part === 1)
      },
    ),
  )
})

test('counts are written as in American English', () => {
  fc.assert(fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (n) => count(n) === (Math.round(n) + 0).toLocaleString('en-US')))
})

test('a counting bar shows how many of how many, and is cleared at the end', () => {
  let drawn = ''
  const write = (chunk: Buffer, _: string, done: () => void) => {
    drawn += chunk.toString()
    done()
  }
  const terminal = Object.assign(new Writable({ write }), { isTTY: true, columns: 120 })
  const bar = countBar(20_000, 'jobs', terminal)
  bar.update(5000)
  bar.end()
  expect(drawn).toContain('0 of 20,000 jobs')
  expect(drawn).toContain('25 %  5,000 of 20,000 jobs')
  expect(drawn.lastIndexOf('\u001b[2K')).toBeGreaterThan(drawn.lastIndexOf('jobs'))
})

test('durations in the two largest units', () => {
  expect([0, 850, 8000, 59_400, 200_000, 3_600_000, 7_500_000, 90_000_000].map(duration)).toEqual([
    '0 ms',
    '850 ms',
    '8 s',
    '59 s',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
    '1 d 1 h',
  ])
  expect(cut('abcdef', 4)).toBe('abc…')
})

test('tables put numbers on the right and leave no blanks behind', () => {
  expect(
    table(
      ['api', 'requests', ''],
      [
        ['esi', 1200, ''],
        ['zkillboard', 3, 'x'],
      ],
    ).split('\n'),
  ).toEqual(['api         requests', 'esi            1,200', 'zkillboard         3  x'])
})

describe('watching', () => {
  const job = (over: Partial<Progress>): Progress => ({
    readAt: new Date(),
    kind: null,
    acknowledged: null,
    acknowledgedBy: null,
    id: '01234567-0000-4000-8000-000000000000',
    source: 'eve',
    status: 'running',
    activeKey: 'killmails:characterID:1',
    params: {},
    priority: 2,
    admitted: true,
    isReporting: false,
    turn: null,
    error: null,
    createdAt: new Date(0),
    startedAt: new Date(0),
    completedAt: null,
    seconds: 1,
    tasks: { total: 1, waiting: 0, ready: 1, held: 1, done: 0, skipped: 0, failed: 0, cancelled: 0 },
    pages: 0,
    seen: 0,
    new: 0,
    updated: 0,
    unchanged: 0,
    known: 0,
    rejected: 0,
    deleted: 0,
    expected: null,
    verified: null,
    cleared: false,
    lookups: { asked: 0, open: 0 },
    waits: [],
    ...over,
  })
  const workers = { live: new Map<string, number>(), sources: [], limits: new Map(), config: {} as Config }

  test('plain lines come at most once a second, only after a change, and always at the end', () => {
    const lines: string[] = []
    let now = 0
    const view = lineView({ out: (line) => lines.push(line) }, () => now)
    const at = (ms: number, over: Partial<Progress>) => {
      now = ms
      view.show([job(over)], workers, new Map(), new Map())
      return lines.length
    }
    expect(at(0, { pages: 1 })).toBe(1)
    expect(at(400, { pages: 2 })).toBe(1)
    expect(at(1000, { pages: 2 })).toBe(2)
    expect(at(3000, { pages: 2 })).toBe(2)
    expect(at(3100, { pages: 3 })).toBe(3)
    expect(at(3200, { pages: 4, status: 'completed' })).toBe(4)
    expect(lines.at(-1)).toContain('completed · 4 pages')
  })

  test('stages have lines of their own', () => {
    const lines: string[] = []
    let now = 0
    const view = lineView({ out: (line) => lines.push(line) }, () => now)
    const tasks = { total: 2, waiting: 1, ready: 1, held: 1, done: 0, skipped: 0, failed: 0, cancelled: 0 }
    const stage = { lane: 'etsy', stage: 0, label: 'orders of etsy', seen: 450, expected: 1200, atLeast: false, fraction: 0.375, tasks }
    const show = (sentence: string) => {
      now += 5_000
      view.show([job({})], workers, new Map(), new Map([[job({}).id, [{ ...stage, sentence }]]]))
      return lines.splice(0)
    }
    expect(show('Orders of etsy… 450/1,200')).toEqual([
      expect.stringContaining('running'),
      expect.stringMatching(/^\S+ {3}Orders of etsy… 450\/1,200$/),
    ])
    expect(show('Orders of etsy… 450/1,200')).toEqual([])
    expect(show('Orders of etsy… 700/1,200')).toHaveLength(1)
  })

  test('records a second are those of the last 20 s', () => {
    let now = 0
    const rate = rateMeter(() => now)
    const at = (ms: number, seen: number) => {
      now = ms
      return rate([job({ seen })]).get(job({}).id)
    }
    expect(at(0, 0)).toBeUndefined()
    expect(at(10_000, 1000)).toBe(100)
    expect(at(20_000, 1000)).toBe(50)
    expect(at(31_000, 1000)).toBe(0)
  })
})
