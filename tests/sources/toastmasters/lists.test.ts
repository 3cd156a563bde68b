import { RetryLater } from '../../../backend/base/errors'
import { askOf, exportPath, listPath } from '../../../backend/sources/toastmasters/asks'
import { readList, readYear } from '../../../backend/sources/toastmasters/lists'

/* The pages that list the captures of a month. */

const option = (value: string, text: string, rest = '') => `<option ${rest}value="${value}">${text}</option>`
const days = (...list: string[]) =>
  list.map((day, n) => option(keyOf(day), `As of ${day}`, n === 0 ? 'selected="selected" ' : '')).join('\r\n')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
function keyOf(listed: string): string {
  const [day, month = '', year] = listed.split('-')
  return `${MONTHS.indexOf(month) + 1}/${Number(day)}/${year}`
}
const page = (key: string, options: string) =>
  `\r\n\r\n<!DOCTYPE html>\r\n<html><body><select class="ddl">${option('6', 'Jun')}</select><select>${options}</select>
<select onchange="dll_onchange(this.value,&#39;${key}&#39;, this)">${option('CSV', 'CSV')}</select></body></html>`
const KEY = 'districtsummary~6/30/2022~7/29/2022~2021-2022'
const read = (html: string) => readList(html, '2021-2022', '2022-06-30')

const shape = (message: string) => expect.objectContaining({ kind: 'shape', message: expect.stringContaining(message) })
const failureOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(RetryLater)
    return error
  }
  throw new Error('it did not fail')
}

describe('a list of captures', () => {
  it('has each day with the key that exports it, written as the page writes it', () => {
    expect(read(page(KEY, days('29-Jul-2022', '5-Jul-2022', '30-Jun-2022')))).toEqual([
      { asOf: '2022-07-29', monthEnd: '2022-06-30', programYear: '2021-2022', key: KEY },
      { asOf: '2022-07-05', monthEnd: '2022-06-30', programYear: '2021-2022', key: 'districtsummary~6/30/2022~7/5/2022~2021-2022' },
      { asOf: '2022-06-30', monthEnd: '2022-06-30', programYear: '2021-2022', key: 'districtsummary~6/30/2022~6/30/2022~2021-2022' },
    ])
  })

  it('keeps zeros that the page writes', () => {
    const padded = 'districtsummary~06/30/2022~07/05/2022~2021-2022'
    const options = option('07/05/2022', 'As of 05-Jul-2022', 'selected="selected" ') + option('06/03/2022', 'As of 03-Jun-2022')
    expect(read(page(padded, options)).map(({ key }) => key)).toEqual([padded, 'districtsummary~06/30/2022~06/03/2022~2021-2022'])
  })

  it('does without values that are no days', () => {
    const options = option('1', 'As of 29-Jul-2022') + option('2', 'As of 5-Jul-2022')
    expect(read(page(KEY, options)).at(1)?.key).toBe('districtsummary~6/30/2022~7/5/2022~2021-2022')
  })

  it('is empty for a month without data, whose page shows another month', () => {
    expect(readList(page(KEY, days('29-Jul-2022')), '2021-2022', '2022-05-31')).toEqual([])
  })

  it.each([
    ['', 'it has no export key'],
    ['\r\n\r\n<!DOCTYPE html><form action="./error.aspx?aspxerrorpath=%2f"><h2>An error has occured</h2>', 'it has no export key'],
    ['"REGION","DISTRICT"\r\nMonth of Jun, As of 07/29/2022\r\n', 'it has no export key'],
    [page(KEY, ''), 'it lists no days'],
    [page('districtsummary~~~2021-2022', days('29-Jul-2022')), 'its export key is districtsummary~~~2021-2022'],
    [page('districtsummary~6/31/2022~7/29/2022~2021-2022', days('29-Jul-2022')), 'its export key is'],
    [page(`${KEY}~more`, days('29-Jul-2022')), 'its export key is'],
    [page('clubperformance~21~6/30/2022~7/29/2022~2021-2022', days('29-Jul-2022')), 'it has no export key'],
    [page(KEY, option('x', 'As of yesterday')), 'it lists the day'],
    [page(KEY, days('30-Jul-2022', '5-Jul-2022')), 'it shows 2022-07-29, a day that it does not list'],
    [page(KEY.replace('2021-2022', '2022-2023'), days('29-Jul-2022')), 'it shows the program year 2022-2023, not 2021-2022'],
  ])('is not made of another page %#', (html, why) => expect(failureOf(() => read(html))).toEqual(shape(why)))

  it('reads large hostile pages in a moment', () => {
    const began = performance.now()
    for (const part of ['<option ', '<option>As of ', `dll_onchange(this.value,'districtsummary~`, '<option>As of 1-Jul-2022', ' \r\n']) {
      failureOf(() => read(part.repeat(Math.ceil(5e6 / part.length))))
      failureOf(() => read(page(KEY, `<option>As of ${part.repeat(200_000)}`)))
    }
    expect(performance.now() - began).toBeLessThan(5000)
  }, 60_000)

  it('tells the program year that a page shows', () => {
    expect(readYear(page(KEY, ''))).toBe('2021-2022')
    expect(failureOf(() => readYear('<html></html>'))).toEqual(shape('it has no export key'))
  })
})

describe('what is asked', () => {
  const [listed] = read(page(KEY, days('29-Jul-2022')))
  if (!listed) throw new Error('nothing is listed')

  it('takes month and day from the page', () => {
    expect(askOf(listed, 'districtsummary', null)).toEqual({ ...listed, report: 'districtsummary', district: null })
    expect(askOf(listed, 'clubperformance', '02').key).toBe('clubperformance~02~6/30/2022~7/29/2022~2021-2022')
  })

  it('is at the path of its year, or at the root', () => {
    const ask = askOf(listed, 'divisionperformance', 'F')
    const rest = 'export.aspx?type=CSV&report=divisionperformance~F~6/30/2022~7/29/2022~2021-2022'
    expect([exportPath(ask, 'archive'), exportPath(ask, 'root')]).toEqual([`/2021-2022/${rest}`, `/${rest}`])
    expect(exportPath({ ...ask, key: 'a&b=#%/../?' }, 'root')).toBe('/export.aspx?type=CSV&report=a%26b%3D%23%25/../%3F')
    expect(listPath('2021-2022', '2022-06-30')).toBe('/2021-2022/Default.aspx?month=6')
  })
})
