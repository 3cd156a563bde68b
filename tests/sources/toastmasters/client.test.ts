import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RetryLater } from '../../../backend/base/errors'
import { defaultsOf, type HttpAnswer, type HttpRequest } from '../../../backend/contract'
import type { Ask } from '../../../backend/sources/toastmasters/asks'
import { cacheStatistics, fetchBody, fetchList, forget, type SourceIo } from '../../../backend/sources/toastmasters/client'
import { settings } from '../../../backend/sources/toastmasters/settings'
import { askFor } from '../../support/toastmasters'

/* Where files and lists are asked for: closed years in the archive, the live one at the root. */

const file = (footer: string, ...ids: string[]) =>
  ['"REGION","DISTRICT","Paid Clubs","Active Clubs"', ...ids.map((id) => `"01","${id}","10","12"`), footer].join('\r\n')
const MAY = 'Month of May, As of 06/03/2026'
const TODAY = 'Month of Nov, As of 11/28/2026'
const page = (year: string, month: string, day: string, listed: string) =>
  `<select><option>As of ${listed}</option></select><select onchange="dll_onchange(this.value,&#39;districtsummary~${month}~${day}~${year}&#39;, this)">`
const LIVE = page('2026-2027', '11/30/2026', '11/28/2026', '28-Nov-2026')
const OLD_LIVE = page('2025-2026', '6/30/2026', '7/20/2026', '20-Jul-2026')
// Files on disk are as old as their answer.
const SENT = new Date()

type Reply = number | string | [number, string]
let asked: string[]
let replies: Record<string, Reply | (() => Reply)>
let folder: string

/** The dashboards, by path without their exports' query; what is not there is a test's mistake. */
function io(change: Partial<SourceIo['settings']> = {}): SourceIo {
  const request = async <T>({ path, types, accept }: HttpRequest<T>): Promise<HttpAnswer<T>> => {
    asked.push(path)
    const found = replies[path.replace(/\?type.*/, '')] ?? replies[path]
    const reply = typeof found === 'function' ? found() : found
    if (reply === undefined) throw new Error(`nothing is at ${path}`)
    const [status, text] = typeof reply === 'number' ? [reply, '<html>'] : typeof reply === 'string' ? [200, reply] : reply
    expect([types, accept]).toEqual([
      ['text/csv', 'text/html'],
      [200, 302, 500],
    ])
    return { status, text, sentAt: SENT, headers: {}, data: undefined }
  }
  const values = { ...defaultsOf({ settings }), ...change } as SourceIo['settings']
  return { http: () => ({ base: 'https://dashboards.example', request }), settings: values }
}
const key = (ask: Ask) => `?type=CSV&report=${ask.key}`
const closed = askFor()
const live = askFor({ monthEnd: '2026-11-30', asOf: '2026-11-28', programYear: '2026-2027' })
const june = askFor({ monthEnd: '2026-06-30', asOf: '2026-07-20' })
const read = (ask: Ask, cache = false, at = io()) => fetchBody(at, ask, { cache })

beforeEach(async () => {
  forget()
  asked = []
  replies = {}
  folder = await mkdtemp(join(tmpdir(), 'toastmasters-client-'))
})
afterEach(async () => {
  forget()
  await rm(folder, { recursive: true, force: true })
})

describe('a file', () => {
  it('of a closed year is in the archive', async () => {
    replies = { '/2025-2026/export.aspx': file(MAY, '01', '02') }
    expect(await read(closed)).toMatchObject({
      ask: closed,
      via: 'archive',
      url: `https://dashboards.example/2025-2026/export.aspx${key(closed)}`,
      text: file(MAY, '01', '02'),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      logicalDate: '2026-05-31',
      programYear: '2025-2026',
      fetchedAt: SENT,
      cached: false,
    })
    expect(asked).toEqual([`/2025-2026/export.aspx${key(closed)}`])
  })

  it('of the live year is at the root: the archive is asked once, not once a file', async () => {
    replies = { '/2026-2027/export.aspx': 500, '/Default.aspx': LIVE, '/export.aspx': file(TODAY, '01') }
    for (let n = 0; n < 50; n++) expect(await read(live)).toMatchObject({ via: 'root', logicalDate: '2026-11-28' })
    expect(asked.filter((path) => !path.startsWith('/export'))).toEqual([`/2026-2027/export.aspx${key(live)}`, '/Default.aspx'])
    expect(asked).toHaveLength(52)
  })

  it.each([302, 500])('of a year to come is not published yet: %d', async (status) => {
    replies = { '/2026-2027/export.aspx': status, '/Default.aspx': OLD_LIVE }
    expect(await read(live)).toEqual({ none: 'not_yet_published', reason: expect.stringContaining('2026-2027') })
  })

  it.each([302, 500])('of a closed year that the archive does not serve now is asked for later: %d', async (status) => {
    replies = { '/2025-2026/export.aspx': status, '/Default.aspx': LIVE }
    await expect(read(closed)).rejects.toMatchObject({ kind: 'fetch_failed', message: expect.stringContaining(`status ${status}`) })
  })

  it.each([
    ['an error', 500, 'fetch_failed'],
    ['an error page', '\r\n<!DOCTYPE html><h2>An error has occured</h2>', 'shape'],
  ])('is asked for later while the home page is %s: nothing tells whether the year is published', async (_, home, kind) => {
    replies = { '/2026-2027/export.aspx': 500, '/Default.aspx': home }
    await expect(read(live)).rejects.toMatchObject({ kind })
    await expect(read(live)).rejects.toBeInstanceOf(RetryLater)
  })

  it('of today is refused where another day was asked for, from the archive and from the root', async () => {
    replies = { '/2025-2026/export.aspx': file(TODAY, '01') }
    expect(await read(closed)).toMatchObject({ wrong: 'validation_failed', retry: false })
    replies = { '/2026-2027/export.aspx': 500, '/Default.aspx': LIVE, '/export.aspx': file('Month of Nov, As of 11/29/2026', '01') }
    expect(await read(live)).toMatchObject({ wrong: 'validation_failed', retry: false })
  })

  it('without rows is none, at the root only while its year is the live one', async () => {
    replies = { '/2025-2026/export.aspx': file(MAY) }
    expect(await read(closed)).toMatchObject({ none: 'unavailable' })
    replies = { '/2026-2027/export.aspx': 500, '/Default.aspx': LIVE, '/export.aspx': file(TODAY) }
    expect(await read(live)).toMatchObject({ none: 'unavailable' })
  })

  it('of a year that closes meanwhile is not none: it is found in the archive', async () => {
    const JUNE = 'Month of Jun, As of 07/20/2026'
    replies = { '/2025-2026/export.aspx': 500, '/Default.aspx': OLD_LIVE, '/export.aspx': file(JUNE, '01') }
    expect(await read(june)).toMatchObject({ via: 'root', logicalDate: '2026-06-30' })
    replies = { '/2025-2026/export.aspx': file(JUNE, '01', '02'), '/Default.aspx': LIVE, '/export.aspx': file(JUNE) }
    await expect(read(june)).rejects.toMatchObject({ kind: 'fetch_failed', message: expect.stringContaining('the live year is 2026-2027') })
    expect(await read(june)).toMatchObject({ via: 'archive', logicalDate: '2026-06-30' })
  })
})

describe('a list', () => {
  const CLOSED = page('2025-2026', '5/31/2026', '6/3/2026', '3-Jun-2026')

  it('is on the page of its year', async () => {
    replies = { '/2025-2026/Default.aspx?month=5': CLOSED }
    expect(await fetchList(io(), '2025-2026', '2026-05-31')).toEqual([
      { asOf: '2026-06-03', monthEnd: '2026-05-31', programYear: '2025-2026', key: closed.key },
    ])
    replies = { '/2025-2026/Default.aspx?month=4': CLOSED }
    expect(await fetchList(io(), '2025-2026', '2026-04-30')).toEqual([])
  })

  it('of the live year may be at the root only', async () => {
    replies = { '/2026-2027/Default.aspx?month=11': 500, '/Default.aspx': LIVE, '/Default.aspx?month=11': LIVE }
    expect(await fetchList(io(), '2026-2027', '2026-11-30')).toHaveLength(1)
    expect(await fetchList(io(), '2026-2027', '2026-11-30')).toHaveLength(1)
    expect(asked).toEqual(['/2026-2027/Default.aspx?month=11', '/Default.aspx', '/Default.aspx?month=11', '/Default.aspx?month=11'])
  })

  it('of a year to come is not published yet', async () => {
    replies = { '/2026-2027/Default.aspx?month=7': 302, '/Default.aspx': OLD_LIVE }
    expect(await fetchList(io(), '2026-2027', '2026-07-31')).toMatchObject({ none: 'not_yet_published' })
  })

  it('of another year is no empty list', async () => {
    replies = { '/2025-2026/Default.aspx?month=5': LIVE }
    await expect(fetchList(io(), '2025-2026', '2026-05-31')).rejects.toMatchObject({ kind: 'shape' })
  })

  it('is asked for in the archive once its year is over', async () => {
    replies = { '/2025-2026/Default.aspx?month=6': 500, '/Default.aspx': OLD_LIVE, '/Default.aspx?month=6': OLD_LIVE }
    expect(await fetchList(io(), '2025-2026', '2026-06-30')).toHaveLength(1)
    replies = { '/2025-2026/Default.aspx?month=6': OLD_LIVE, '/Default.aspx?month=6': LIVE }
    await expect(fetchList(io(), '2025-2026', '2026-06-30')).rejects.toMatchObject({ kind: 'shape' })
    expect(await fetchList(io(), '2025-2026', '2026-06-30')).toHaveLength(1)
  })

  it.each([
    ['error page', '\r\n\r\n<!DOCTYPE html><h2>An error has occured</h2>'],
    ['file', file(MAY, '01')],
    ['nothing', ''],
  ])('is none of: %s', async (_, text) => {
    replies = { '/2025-2026/Default.aspx?month=5': text }
    await expect(fetchList(io(), '2025-2026', '2026-05-31')).rejects.toMatchObject({ kind: 'shape' })
  })
})

describe('the cache', () => {
  it('answers the second time, and all who ask at once', async () => {
    replies = { '/2025-2026/export.aspx': file(MAY, '01') }
    const bodies = await Promise.all([read(closed, true), read(closed, true), read(closed, true)])
    expect(bodies.map((body) => 'cached' in body && body.cached)).toEqual([false, true, true])
    expect(await read(closed, true)).toMatchObject({
      cached: true,
      fetchedAt: SENT,
      logicalDate: '2026-05-31',
      table: { rows: [{ district: '01' }] },
    })
    expect(asked).toHaveLength(1)
    expect(cacheStatistics()).toMatchObject({ entries: 1, hits: 3, misses: 1 })
  })

  it('is not used where a job does without', async () => {
    replies = { '/2025-2026/export.aspx': file(MAY, '01') }
    await read(closed, true)
    expect(await read(closed)).toMatchObject({ cached: false })
    expect(asked).toHaveLength(2)
  })

  it.each([
    ['refused', file(TODAY, '01')],
    ['without rows', file(MAY)],
    ['a page', '<html>'],
  ])('keeps no file that is %s', async (_, text) => {
    replies = { '/2025-2026/export.aspx': text }
    await read(closed, true)
    replies = { '/2025-2026/export.aspx': file(MAY, '01') }
    expect(await read(closed, true)).toMatchObject({ cached: false, logicalDate: '2026-05-31' })
  })

  it('may be on disk, for the files of each server apart', async () => {
    replies = { '/2025-2026/export.aspx': file(MAY, '01') }
    const at = io({ CACHE_DIRECTORY: folder })
    await read(closed, true, at)
    forget()
    expect(await read(closed, true, at)).toMatchObject({ cached: true })
    const other: SourceIo = { ...at, http: (api) => ({ ...at.http(api), base: 'http://127.0.0.1:4300/toastmasters' }) }
    expect(await read(closed, true, other)).toMatchObject({ cached: false })
  })
})
