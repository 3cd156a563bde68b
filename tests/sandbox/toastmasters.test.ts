import { MANNERS, stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
let still: Still
beforeAll(async () => {
  still = await stillSandbox({ open: true, districts: 8, clubs: 12, seed: 3, repos: 1, pdses: 1 })
})
afterAll(() => still.sandbox.close())
afterEach(() => still.sandbox.reset())

const dashboard = (path: string) => still.get(still.sandbox.urls.TOASTMASTERS_URL + path, MANNERS)
const archive = (year: string, key: string) => dashboard(`/${year}/export.aspx?type=CSV&report=${key}`)
const root = (key: string) => dashboard(`/export.aspx?type=CSV&report=${key}`)
const truth = () => still.sandbox.toastmasters.truth
/** Lines of an export without the one that is empty behind the last line end. */
const linesOf = (body: string) => body.split('\r\n').slice(0, -1)
const footerOf = (body: string) => linesOf(body).at(-1)

describe('what each form of request gets', () => {
  test('the archive of a year that is over: the data of the as-of day', async () => {
    const { status, text } = await archive('2024-2025', 'districtsummary~10/31/2024~11/5/2024~2024-2025')
    expect([status, linesOf(text).length, footerOf(text)]).toEqual([200, 10, 'Month of Oct, As of 11/05/2024'])
    const padded = await archive('2024-2025', 'districtsummary~10/31/2024~11/05/2024~2024-2025')
    expect(padded.text).toBe(text)
  })

  test('a day without data: header and footer, 408 bytes', async () => {
    const { status, text } = await archive('2024-2025', 'districtsummary~10/31/2024~11/30/2025~2024-2025')
    expect([status, text.length, linesOf(text).length]).toEqual([200, 408, 2])
    expect(footerOf(text)).toBe('Month of Oct, As of 11/30/2025')
  })

  test.each([
    'clubperformance~01~~~2024-2025',
    'clubperformance~01~~9/30/2024~2024-2025',
    'clubperformance~01~30/09/30/2024~~2024-2025',
    'clubperformance~01~30/06/30/2025~~2024-2025',
  ])('an empty or wrong slot is not refused: the final body of the year under the date of today (%s)', async (key) => {
    const { status, text } = await archive('2024-2025', key)
    const close = truth().date('2025-06-30').asOf as string
    const final = await archive('2024-2025', `clubperformance~01~6/30/2025~${close.replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1')}~2024-2025`)
    expect([status, footerOf(text)]).toEqual([200, 'Month of Jun, As of 10/15/2026'])
    expect(linesOf(text).slice(0, -1)).toEqual(linesOf(final.text).slice(0, -1))
  })

  test('the archive of the live year fails, that of a later one leads to the error page', async () => {
    const live = await archive('2026-2027', 'districtsummary~9/30/2026~9/20/2026~2026-2027')
    expect([live.status, live.text]).toEqual([500, expect.stringContaining('URL Rewrite Module Error')])
    const later = await archive('2027-2028', 'districtsummary~9/30/2027~9/20/2027~2027-2028')
    expect([later.status, later.headers.get('location')]).toEqual([302, '/toastmasters/error.aspx?aspxerrorpath=/2027-2028/export.aspx'])
    const page = await still.get(still.sandbox.url + later.headers.get('location'))
    expect([page.status, page.text.length]).toEqual([200, 8082])
    expect(page.text).toMatch(/^\r\n\r\n<!DOCTYPE html/)
    expect(page.text).toContain('action="./error.aspx?aspxerrorpath=%2f2027-2028%2fexport.aspx"')
    expect(page.text).toContain('An error has occured')
  })

  test('without a year: the day where the live year has it, no rows where it does not, and the newest body without a slot', async () => {
    const published = await root('districtsummary~9/30/2026~9/29/2026~2024-2025')
    expect([published.status, linesOf(published.text).length, footerOf(published.text)]).toEqual([
      200,
      10,
      'Month of Sep, As of 09/29/2026',
    ])
    const beyond = await root('districtsummary~10/31/2026~10/15/2026~2026-2027')
    expect([beyond.status, linesOf(beyond.text).length, footerOf(beyond.text)]).toEqual([200, 2, 'Month of Oct, As of 10/15/2026'])
    const outside = await root('districtsummary~10/31/2024~11/5/2024~2024-2025')
    expect([outside.status, linesOf(outside.text).length, footerOf(outside.text)]).toEqual([200, 2, 'Month of Oct, As of 11/05/2024'])
    const empty = await root('districtsummary~~11/5/2024~2024-2025')
    expect([empty.status, linesOf(empty.text).length, footerOf(empty.text)]).toEqual([200, 10, 'Month of Oct, As of 10/14/2026'])
  })
})

test('the violations of the published limit are counted', async () => {
  const closed = await stillSandbox({ seed: 3, districts: 2, repos: 1, pdses: 1 })
  const ask = () => closed.get(`${closed.sandbox.urls.TOASTMASTERS_URL}/Default.aspx`)
  expect(closed.sandbox.limits.toastmasters).toEqual({ requests: 10, perMs: 60_000, spacingMs: 2000, concurrent: 3 })
  for (let n = 0; n < 10; n++) {
    expect((await ask()).status).toBe(200)
    closed.pass(2000)
  }
  expect(closed.sandbox.violations().byKind).toEqual({})
  const refused = await ask()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40'])
  closed.pass(1000)
  await ask()
  expect(closed.sandbox.violations().byKind).toEqual({ 'toastmasters-window': 2, 'toastmasters-spacing': 1 })
  await closed.sandbox.close()
})
