import { footerOf, keyDate, linesOf, rowsOf, stillDashboards } from '../support/toastmasters-sandbox'
import { until } from '../support/until'

type Dashboards = Awaited<ReturnType<typeof stillDashboards>>
let it_: Dashboards
beforeAll(async () => {
  it_ = await stillDashboards()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const selected = (html: string) =>
  [...html.matchAll(/<option selected="selected" value="([^"]*)">([^<]*)</g)].map(([, value, text]) => `${value}: ${text}`)
const listed = (html: string) => [...html.matchAll(/>As of (\d+-\w+-\d+)</g)].map(([, day]) => day)
const keyOn = (html: string) => /onchange="dll_onchange\(this\.value,&#39;([^&]+)&#39;, this\)"/.exec(html)?.[1]

describe('what each form of request gets', () => {
  test('the archive of a year that is over: the data of the as-of day', async () => {
    const { status, text } = await it_.archive('2024-2025', 'districtsummary~10/31/2024~11/5/2024~2024-2025')
    expect([status, linesOf(text).length, footerOf(text)]).toEqual([200, 12, 'Month of Oct, As of 11/05/2024'])
    const padded = await it_.archive('2024-2025', 'districtsummary~10/31/2024~11/05/2024~2024-2025')
    expect(padded.text).toBe(text)
  })

  test('a day without data: header and footer, 408 bytes', async () => {
    const { status, text } = await it_.archive('2024-2025', 'districtsummary~10/31/2024~11/30/2025~2024-2025')
    expect([status, text.length, linesOf(text).length]).toEqual([200, 408, 2])
    expect(footerOf(text)).toBe('Month of Oct, As of 11/30/2025')
    const unlisted = it_.truth.dates('2024-09-15', '2024-09-30').find(({ state }) => state === 'unavailable')?.date as string
    expect(linesOf((await it_.archive('2024-2025', `districtsummary~9/30/2024~${keyDate(unlisted)}~2024-2025`)).text)).toHaveLength(2)
  })

  test.each([
    'clubperformance~01~~~2024-2025',
    'clubperformance~01~~9/30/2024~2024-2025',
    'clubperformance~01~30/09/30/2024~~2024-2025',
    'clubperformance~01~30/06/30/2025~~2024-2025',
  ])('an empty or wrong slot is not refused: the final body of the year under the date of today (%s)', async (key) => {
    const { status, text } = await it_.archive('2024-2025', key)
    const final = await it_.archive(
      '2024-2025',
      `clubperformance~01~6/30/2025~${keyDate(it_.truth.date('2025-06-30').asOf as string)}~2024-2025`,
    )
    expect([status, footerOf(text)]).toEqual([200, 'Month of Jun, As of 10/15/2026'])
    expect(linesOf(text).slice(0, -1)).toEqual(linesOf(final.text).slice(0, -1))
  })

  test('the archive of the live year fails, that of a later one leads to the error page', async () => {
    const live = await it_.archive('2026-2027', 'districtsummary~9/30/2026~9/20/2026~2026-2027')
    expect([live.status, live.text]).toEqual([500, expect.stringContaining('URL Rewrite Module Error')])
    const later = await it_.archive('2027-2028', 'districtsummary~9/30/2027~9/20/2027~2027-2028')
    expect([later.status, later.headers.get('location')]).toEqual([302, '/toastmasters/error.aspx?aspxerrorpath=/2027-2028/export.aspx'])
    const page = await it_.get(it_.sandbox.url + later.headers.get('location'))
    expect([page.status, page.text.length]).toEqual([200, 8082])
    expect(page.text).toMatch(/^\r\n\r\n<!DOCTYPE html/)
    expect(page.text).toContain('action="./error.aspx?aspxerrorpath=%2f2027-2028%2fexport.aspx"')
    expect(page.text).toContain('An error has occured')
  })

  test('without a year: the day where the live year has it, no rows where it does not, and the newest body without a slot', async () => {
    const published = await it_.root('districtsummary~9/30/2026~9/29/2026~2024-2025')
    expect([published.status, linesOf(published.text).length, footerOf(published.text)]).toEqual([
      200,
      12,
      'Month of Sep, As of 09/29/2026',
    ])
    const beyond = await it_.root('districtsummary~10/31/2026~10/15/2026~2026-2027')
    expect([beyond.status, linesOf(beyond.text).length, footerOf(beyond.text)]).toEqual([200, 2, 'Month of Oct, As of 10/15/2026'])
    const outside = await it_.root('districtsummary~10/31/2024~11/5/2024~2024-2025')
    expect([outside.status, linesOf(outside.text).length, footerOf(outside.text)]).toEqual([200, 2, 'Month of Oct, As of 11/05/2024'])
    for (const key of ['districtsummary~~11/5/2024~2024-2025', 'districtsummary~10/31/2024~~2024-2025']) {
      const empty = await it_.root(key)
      expect([empty.status, linesOf(empty.text).length, footerOf(empty.text)]).toEqual([200, 12, 'Month of Oct, As of 10/14/2026'])
    }
  })

  test('while June closes, the old year is live and the new one is not there', async () => {
    it_.calendar.set('2026-07-10')
    const { text } = await it_.root('clubperformance~01~7/31/2026~7/8/2026~2026-2027')
    expect(footerOf(text)).toBe('Month of Jun, As of 07/08/2026')
    expect((await it_.archive('2025-2026', 'districtsummary~6/30/2026~7/8/2026~2025-2026')).status).toBe(500)
    expect((await it_.archive('2026-2027', 'districtsummary~7/31/2026~7/8/2026~2026-2027')).status).toBe(302)
    expect((await it_.page('/2026-2027/Default.aspx?month=7')).status).toBe(302)
    it_.calendar.closeMonth()
    expect((await it_.archive('2025-2026', 'districtsummary~6/30/2026~7/8/2026~2025-2026')).status).toBe(200)
    expect(linesOf((await it_.root('districtsummary~7/31/2026~7/8/2026~2026-2027')).text)).toHaveLength(2)
  })

  test('a district that did not exist has no rows, an unknown report the error page, an unknown page 404', async () => {
    const district = await it_.archive('2024-2025', 'clubperformance~231~10/31/2024~11/5/2024~2024-2025')
    expect([district.status, linesOf(district.text).length]).toEqual([200, 2])
    const report = await it_.archive('2024-2025', 'areaperformance~01~10/31/2024~11/5/2024~2024-2025')
    expect([report.status, report.text.length]).toEqual([200, 8082])
    expect((await it_.page('/2024-2026/Default.aspx')).status).toBe(404)
    expect((await it_.page('/2007-2008/Default.aspx')).status).toBe(404)
    expect((await it_.page('/2024-2025/Region.aspx')).status).toBe(404)
  })

  test('oddities: two days of district U, the archive without footers', async () => {
    const broken = await it_.archive('2018-2019', 'clubperformance~U~6/30/2019~7/16/2019~2018-2019')
    expect([broken.status, broken.text.length]).toEqual([200, 8082])
    const old = await it_.archive('2008-2009', 'districtsummary~6/30/2009~6/30/2009~2008-2009')
    expect(footerOf(old.text)).toMatch(/^"/)
  })
})

describe('the bytes of an export', () => {
  test('all cells quoted, the footer not, CRLF, rows by division, area and number', async () => {
    const { text, headers } = await it_.archive('2024-2025', 'districtperformance~01~6/30/2025~6/30/2025~2024-2025')
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(linesOf(text)[0]).toBe(
      '"District","Division","Area","Club","Club Name","New","Late Ren.","Oct. Ren.","Apr. Ren.","Total Ren.","Total Chart","Total to Date","Distinguished Status","Charter Date/Suspend Date"',
    )
    for (const line of linesOf(text).slice(0, -1)) expect(line).toMatch(/^"[^"]*"(,"[^"]*")*$/)
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
    const places = rowsOf(text).map((row) => `${row.Division} ${row.Area} ${row.Club}`)
    expect(places).toEqual([...places].sort())
  })

  test('old months have a club in several rows, of which the last is right', async () => {
    const rows = rowsOf((await it_.archive('2012-2013', 'clubperformance~04~7/31/2012~7/30/2012~2012-2013')).text)
    const numbers = rows.map((row) => row['Club Number'] as string)
    expect(numbers.length).toBeGreaterThan(new Set(numbers).size)
    const last = new Map(rows.map((row) => [row['Club Number'], row]))
    const clubs = it_.truth.clubs('2012-07-30', '04')
    expect(clubs.map(({ club }) => club)).toEqual(clubs.map(({ clubNumber }) => last.get(clubNumber)))
  })
})

describe('pages', () => {
  test('name the as-of days of a month and the key of the one shown', async () => {
    const { text, status } = await it_.page('/2024-2025/Default.aspx?month=10')
    const { captures, asOf } = it_.truth.date('2024-10-31')
    const inside = it_.truth.dates('2024-10-01', '2024-10-30').flatMap((date) => date.captures)
    expect(status).toBe(200)
    expect(listed(text)).toHaveLength(inside.length + captures.length)
    expect(selected(text)).toEqual(['2024-2025: 2024-2025', '10: Oct', `${keyDate(asOf as string)}: As of ${listed(text)[0]}`, ': Export'])
    expect(keyOn(text)).toBe(`districtsummary~10/31/2024~${keyDate(asOf as string)}~2024-2025`)
  })

  test('show the day that is asked for, and the reports of a district', async () => {
    const day = (page: string) => it_.page(`/2024-2025/${page}.aspx?id=01&month=10&day=10/31/2024`)
    const keys = await Promise.all(['District', 'Division', 'Club'].map(async (page) => keyOn((await day(page)).text)))
    expect(keys).toEqual(['district', 'division', 'club'].map((name) => `${name}performance~01~10/31/2024~10/31/2024~2024-2025`))
  })

  test('show the newest month in place of one without data', async () => {
    for (const path of ['/Default.aspx?month=11', '/2026-2027/Default.aspx?month=11', '/?id=01&month=11']) {
      const { text } = await it_.page(path)
      expect(selected(text).slice(0, 2)).toEqual(['2026-2027: 2026-2027', '10: Oct'])
      expect(text).toContain('class="ddl PastDate"')
    }
    expect((await it_.page('/Default.aspx?month=10')).text).not.toContain('PastDate')
  })

  test('the home page lists the districts by region', async () => {
    const { text } = await it_.page('/')
    const links = [...text.matchAll(/District\.aspx\?id=(\w+)"/g)].map(([, id]) => id)
    expect(links.sort()).toEqual(it_.truth.date('2026-10-14').districts.sort())
    expect(text).toMatch(/<h3>Region DNAR<\/h3>\s*<a [^>]*>District U</)
  })

  test('a new day, and a new month', async () => {
    const list = async (month: number) => listed((await it_.page(`/Default.aspx?month=${month}`)).text)
    const before = await list(10)
    it_.calendar.publishNext()
    expect(await list(10)).toHaveLength(before.length + 1)
    it_.calendar.closeMonth()
    expect((await list(10)).length).toBeGreaterThan(before.length + 10)
    expect((await list(11)).length).toBe(1)
    expect(it_.truth.date('2026-10-31').isFinal).toBe(true)
  })
})

test('the truth is what the routes serve: every day of some months, each of its captures', async () => {
  for (const [year, from, to] of [
    ['2024-2025', '2024-12-20', '2025-01-31'],
    ['2025-2026', '2026-05-25', '2026-06-30'],
  ] as const)
    for (const { date, state, captures, monthEnd } of it_.truth.dates(from, to)) {
      const asks = captures.length > 0 ? captures : [date]
      for (const asOf of asks) {
        const { text } = await it_.archive(year, `clubperformance~01~${keyDate(monthEnd)}~${keyDate(asOf)}~${year}`)
        const clubs = state === 'data' ? it_.truth.clubs(date, '01', { asOf }) : undefined
        const numbered = rowsOf(text).sort((a, b) => ((a['Club Number'] as string) < (b['Club Number'] as string) ? -1 : 1))
        // In a gap the dashboard shows the month before, which is no data of the date.
        if (clubs) expect([date, numbered]).toEqual([date, clubs.map(({ club }) => club)])
        else expect([date, state === 'closing_gap' || numbered.length === 0]).toEqual([date, true])
      }
    }
})

describe('the published limit', () => {
  test('is ten requests in any minute, two seconds apart, three at once', async () => {
    const closed = await stillDashboards({ open: false })
    expect(closed.sandbox.limits.toastmasters).toEqual({ requests: 10, perMs: 60_000, spacingMs: 2000, concurrent: 3 })
    for (let n = 0; n < 10; n++) {
      expect((await closed.page('/')).status).toBe(200)
      closed.pass(2000)
    }
    expect(closed.sandbox.violations().byKind).toEqual({})
    const refused = await closed.page('/')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40'])
    closed.pass(1000)
    await closed.page('/')
    expect(closed.sandbox.violations().byKind).toEqual({ 'toastmasters-window': 2, 'toastmasters-spacing': 1 })
    await closed.sandbox.close()
  })

  test('four at once are too many', async () => {
    const closed = await stillDashboards({ open: false, speed: 20 })
    closed.sandbox.fault({ name: 'hang', times: 3 })
    const leave = new AbortController()
    const hung = [1, 2, 3].map((n) => {
      closed.pass(100)
      const arrived = fetch(`${closed.sandbox.urls.TOASTMASTERS_URL}/?n=${n}`, { signal: leave.signal }).catch(({ name }: Error) => name)
      return { n, arrived }
    })
    await until(() => closed.sandbox.traffic().toastmasters?.inFlight === 3)
    closed.pass(100)
    await closed.page('/')
    expect(closed.sandbox.violations().byKind).toMatchObject({ 'toastmasters-in-flight': 1 })
    leave.abort()
    expect(await Promise.all(hung.map(({ arrived }) => arrived))).toEqual(['AbortError', 'AbortError', 'AbortError'])
    await closed.sandbox.close()
  })
})
