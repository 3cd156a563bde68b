import type { FaultRequest } from '../../backend/sandbox/base/faults'
import { TOASTMASTERS_FAULTS } from '../../backend/sandbox/toastmasters/faults'
import { MANNERS } from '../support/sandbox'
import { footerOf, linesOf, rowsOf, stillDashboards } from '../support/toastmasters-sandbox'

let it_: Awaited<ReturnType<typeof stillDashboards>>
beforeAll(async () => {
  it_ = await stillDashboards()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const KEY = 'clubperformance~01~10/31/2024~11/5/2024~2024-2025'
const played = new Set<string>()
const ask = () => it_.archive('2024-2025', KEY)
async function faulted(fault: FaultRequest) {
  played.add(fault.name)
  it_.sandbox.fault({ times: 1, ...fault })
  const [broken, well] = [await ask(), await ask()]
  expect(broken.text).not.toBe(well.text)
  return { ...broken, well: well.text }
}

test('429 with Retry-After; a request meanwhile is a violation', async () => {
  const closed = await stillDashboards({ open: false })
  closed.sandbox.fault({ name: 'dashboard-429', seconds: 5, times: 1 })
  played.add('dashboard-429')
  const busy = await closed.page('/')
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '5'])
  closed.pass(3000)
  expect((await closed.page('/')).status).toBe(429)
  expect(closed.sandbox.violations().byKind).toEqual({ 'toastmasters-while-told-to-wait': 1 })
  closed.pass(3000)
  expect((await closed.page('/')).status).toBe(200)
  await closed.sandbox.close()
})

test('the error page, and the way to it', async () => {
  const { status, text } = await faulted({ name: 'error-page' })
  expect([status, text.length]).toEqual([200, 8082])
  const moved = await faulted({ name: 'to-error-page' })
  expect([moved.status, moved.headers.get('location')]).toEqual([302, '/toastmasters/error.aspx?aspxerrorpath=/2024-2025/export.aspx'])
})

test('data of another day under its own footer', async () => {
  expect(footerOf((await faulted({ name: 'todays-body' })).text)).toBe('Month of Oct, As of 10/14/2026')
  expect(footerOf((await faulted({ name: 'previous-as-of' })).text)).toBe('Month of Oct, As of 11/04/2024')
})

test('no rows: always, or when the month end of the key is another one', async () => {
  const { text, well } = await faulted({ name: 'zero-rows' })
  expect(linesOf(text)).toEqual([linesOf(well)[0], footerOf(well)])
  it_.sandbox.fault({ name: 'strict-month-end' })
  played.add('strict-month-end')
  expect((await ask()).text).toBe(well)
  const other = await it_.archive('2024-2025', KEY.replace('10/31', '11/30'))
  expect(linesOf(other.text)).toHaveLength(2)
})

test('the rows of another district', async () => {
  const { text, well } = await faulted({ name: 'other-district', district: '02' })
  expect(new Set(rowsOf(text).map((row) => row.District))).toEqual(new Set(['02']))
  expect(footerOf(text)).toBe(footerOf(well))
  expect(rowsOf((await faulted({ name: 'other-district' })).text)[0]?.District).not.toBe('01')
})

test('a column that is missing or has another name', async () => {
  expect(linesOf((await faulted({ name: 'missing-column', column: 'Club Number' })).text)[0]).not.toContain('Club Number')
  const { text, well } = await faulted({ name: 'renamed-column', column: 'Goals Met', to: 'Goals' })
  expect(rowsOf(text).map((row) => row.Goals)).toEqual(rowsOf(well).map((row) => row['Goals Met']))
})

test('an export of its first rows only', async () => {
  const { text, well } = await faulted({ name: 'cut-rows', rows: 2 })
  expect(rowsOf(text)).toEqual(rowsOf(well).slice(0, 2))
  expect(footerOf(text)).toBe(footerOf(well))
})

test('footers: none, and each odd form', async () => {
  const { text, well } = await faulted({ name: 'no-footer' })
  expect(text).toBe(well.replace('Month of Oct, As of 11/05/2024\r\n', ''))
  const footer = async (form: string) => footerOf((await faulted({ name: 'odd-footer', form })).text)
  expect(await footer('full-month')).toBe('Month of October, As of 11/05/2024')
  expect(await footer('unpadded')).toBe('Month of Oct, As of 11/5/2024')
  expect(await footer('quoted')).toBe('"Month of Oct, As of 11/05/2024"')
  expect(rowsOf((await faulted({ name: 'odd-footer', form: 'row' })).text).at(-1)?.District).toBe('Month of Oct, As of 11/05/2024')
})

test('other bytes around the same data', async () => {
  it_.sandbox.fault({ name: 'odd-start', times: 1 })
  const marked = await fetch(`${it_.sandbox.urls.TOASTMASTERS_URL}/2024-2025/export.aspx?type=CSV&report=${KEY}`, { headers: MANNERS })
  expect([...new Uint8Array(await marked.arrayBuffer()).subarray(0, 4)]).toEqual([0xef, 0xbb, 0xbf, 0x22])
  const blank = await faulted({ name: 'odd-start', text: '\r\n\r\n' })
  expect(blank.text).toBe(`\r\n\r\n${blank.well}`)
  const feeds = await faulted({ name: 'line-feeds' })
  expect(feeds.text).toBe(feeds.well.replaceAll('\r\n', '\n'))
})

test('cells: short ids, a value that is no number, a row that is cut', async () => {
  const ids = rowsOf((await faulted({ name: 'short-ids' })).text)
  expect(ids[0]).toMatchObject({ District: '1', 'Club Number': expect.stringMatching(/^[1-9]\d*$/) })
  const bad = rowsOf((await faulted({ name: 'bad-cell', column: 'Active Members', entry: 1, value: 'some' })).text)
  expect(bad.map((row) => row['Active Members']).indexOf('some')).toBe(1)
  const { text, well } = await faulted({ name: 'short-row' })
  expect(linesOf(text)[1]?.length).toBeLessThan(linesOf(well)[1]?.length ?? 0)
})

test('a page without its lists', async () => {
  it_.sandbox.fault({ name: 'no-list' })
  played.add('no-list')
  const { status, text } = await it_.page('/2024-2025/Default.aspx?month=10')
  expect([status, text.includes('<option'), text.includes('Region DNAR')]).toEqual([200, false, true])
})

test('no pages under the path of the live year', async () => {
  it_.sandbox.fault({ name: 'no-live-pages' })
  played.add('no-live-pages')
  const statuses = ['/2026-2027/Default.aspx?month=9', '/Default.aspx?month=9', '/2025-2026/Default.aspx?month=9'].map((path) =>
    it_.page(path),
  )
  expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([500, 200, 200])
})

test('the common faults: a district that always fails leaves the others, half a file, a cut connection', async () => {
  it_.sandbox.fault({ name: 'status', status: 503, match: 'performance~01~' })
  expect([(await ask()).status, (await it_.archive('2024-2025', KEY.replace('~01~', '~02~'))).status]).toEqual([503, 200])
  it_.sandbox.clearFaults()
  const { text, well } = await faulted({ name: 'half-json' })
  expect(well.startsWith(text)).toBe(true)
  it_.sandbox.fault({ name: 'truncated-json', times: 1 })
  await expect(ask()).rejects.toThrow()
  it_.sandbox.fault({ name: 'reset-connection', times: 1 })
  await expect(ask()).rejects.toThrow()
})

test('every fault of the source is played here', () => {
  expect([...played].filter((name) => name in TOASTMASTERS_FAULTS).sort()).toEqual(Object.keys(TOASTMASTERS_FAULTS).sort())
})

test('the controls: today, and the truth over HTTP', async () => {
  const control = async (path: string, body?: object) => {
    const answer = await fetch(
      `${it_.sandbox.url}/_sandbox/toastmasters${path}`,
      body ? { method: 'POST', body: JSON.stringify(body) } : {},
    )
    return (await answer.json()) as Record<string, unknown>
  }
  expect(await control('/today')).toEqual({ today: '2026-10-15', isMorning: false, newest: '2026-10-14', liveYear: '2026-2027' })
  expect(await control('/today', { today: '2026-10-06', morning: true })).toMatchObject({ newest: '2026-10-05', isMorning: true })
  expect(await control('/today', { days: 1 })).toMatchObject({ today: '2026-10-07', isMorning: false })
  expect(await control('/today', { publishNext: true })).toMatchObject({ today: '2026-10-08' })
  expect(await control('/today', { closeMonth: true })).toMatchObject({ newest: '2026-10-10' })
  for (const bad of [{ today: '2026-02-30' }, { days: 1.5 }, {}]) expect(await control('/today', bad)).toMatchObject({ statusCode: 400 })
  const day = await control('/truth?date=2024-10-31&district=01&summary=true&asOf=2024-11-05')
  expect(day).toMatchObject({ state: 'data', programYear: '2024-2025', monthEnd: '2024-10-31', isFinal: true })
  expect(day.clubs).toEqual(it_.truth.clubs('2024-10-31', '01', { asOf: '2024-11-05' }))
  expect(day.summary).toEqual(it_.truth.summary('2024-10-31', { asOf: '2024-11-05' }))
  expect(await control('/truth?from=2026-07-01&to=2026-07-03')).toHaveLength(3)
  for (const bad of ['date=yesterday', 'date=2024-10-31&district=01&asOf=2024-10-30', 'district=01'])
    expect(await control(`/truth?${bad}`)).toMatchObject({ statusCode: 400 })
})
